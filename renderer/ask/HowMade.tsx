import { useState } from 'react';
import type { Hit, Turn, TurnId } from '../../engine/api.ts';
import { useEngine } from '../engine.tsx';
import { Away } from '../models/Away.tsx';
import { modelsInWords } from '../models/facts.ts';
import { useModelList } from '../models/ModelList.tsx';
import { decimal, languageOf } from '../words/numbers.ts';
import { useWords } from '../words/useWords.ts';
import { whereIs } from './CitationCard.tsx';
import './HowMade.css';
import { isOwn, numbersOf, seconds } from './howMade.ts';
import { hitToOpen, type OpenPlace } from './openPlace.ts';
import { Probability } from './Probability.tsx';
import { Thumbs } from './Thumbs.tsx';
import { Why } from './Why.tsx';

/** How an answer came about: the question as searched for, who answered, times, and every passage with its reasons. */
export function HowMade({ turn, onOpen }: { turn: Turn; onOpen: OpenPlace }) {
  const { answers: words } = useWords();
  const [open, setOpen] = useState(false);
  return (
    <details className="how" onToggle={(event) => event.target === event.currentTarget && setOpen(event.currentTarget.open)}>
      <summary>{words.how}</summary>
      {open && (
        <>
          <Facts turn={turn} own={isOwn(turn)} />
          {turn.hits.length > 0 && (
            <section aria-label={words.passages}>
              <h4>{words.passages}</h4>
              <p className="how-hint">{words.passagesHint}</p>
              <ol className="how-hits">
                {turn.hits.map((hit) => <Passage key={hit.chunk} hit={hit} numbers={numbersOf(hit, turn)} onOpen={() => onOpen(hitToOpen(hit, turn.id))} />)}
              </ol>
            </section>
          )}
        </>
      )}
    </details>
  );
}

function Facts({ turn, own }: { turn: Turn; own: boolean }) {
  const { standalone, question, details, hits, milliseconds, models } = turn;
  const all = useWords();
  const words = all.answers;
  const installed = useModelList();
  const { written, completedBy, found, faq, remembered } = details ?? {};
  const rewritten = standalone !== undefined && standalone !== question;
  return (
    <dl className="how-facts">
      <dt>{words.facts.standalone}</dt>
      <dd>{rewritten ? <><q lang={languageOf(standalone)}>{standalone}</q>{completedBy && <span>{words.completed[completedBy]}</span>}</> : words.asGiven}</dd>
      <dt>{words.facts.who}</dt>
      <dd>
        {written ? <>{written.model} {written.remote ? <Away said={words.remote} /> : <span>{words.local}</span>}</> : own ? words.ownAnswer : words.extractive}
        {faq !== undefined && <q lang={languageOf(faq)}>{faq}</q>}
      </dd>
      <dt>{words.facts.models}</dt>
      <dd>{modelsInWords(models, installed ?? [], all)}</dd>
      {written && <><dt>{words.facts.given}</dt><dd>{words.givenPassages(written.given, hits.length)}</dd></>}
      {written && <><dt>{words.facts.tokens}</dt><dd>{words.tokens(written.promptTokens, written.answerTokens)}</dd></>}
      <dt>{words.facts.times}</dt>
      <dd>{written ? words.times(seconds(written.firstWord, all), seconds(milliseconds, all)) : words.took(seconds(milliseconds, all))}</dd>
      {found && !own && <><dt>{words.facts.found}</dt><dd><Probability {...found} /></dd></>}
      {written && remembered && remembered.length > 0 && <><dt>{words.facts.remembered}</dt><dd className="how-recalled">{remembered.map((each, i) => <Recalled key={i} question={each} recalled={details?.recalled?.[i]} turn={turn} />)}</dd></>}
    </dl>
  );
}

/** An earlier turn that went along, and whether it belonged there. */
function Recalled({ question, recalled, turn }: { question: string; recalled: TurnId | undefined; turn: Turn }) {
  const { answers: words } = useWords();
  const engine = useEngine();
  const thumb = recalled === undefined ? undefined : turn.thumbs.recalled?.[recalled];
  return (
    <span className="how-turn" data-away={thumb === 'down' || undefined}>
      <q lang={languageOf(question)}>{question}</q>
      {thumb === 'down' && <span className="how-away">{words.recalledAway}</span>}
      {recalled !== undefined && (
        <Thumbs thumb={thumb} up={words.recalledHelped(question)} down={words.recalledWrong(question)} onThumb={(next) => engine.signal({ kind: 'recalled-turn', turn: turn.id, recalled, thumb: next })} />
      )}
    </span>
  );
}

function Passage({ hit, numbers, onOpen }: { hit: Hit; numbers: number[]; onOpen(): void }) {
  const all = useWords();
  const words = all.answers;
  const cited = numbers.length > 0;
  return (
    <li data-cited={cited || undefined}>
      <button type="button" className="how-hit" data-chunk={hit.chunk} onClick={onOpen}>
        <span className="unseen">{words.openPassage(hit.documentName)}: </span>
        <span className="how-text" lang={languageOf(hit.text)}>{hit.text.replace(/\s+/g, ' ')}</span>
        <span className="how-about">{[hit.documentName, whereIs(hit.place, all)].filter(Boolean).join(' · ')}</span>
      </button>
      <p className="how-about">
        <span className={cited ? 'how-cited' : undefined}>{cited ? numbers.map((number) => words.cited(number)).join(' · ') : words.notCited}</span>
        {' · '}{words.relevance(decimal(all.language, hit.relevance))}
      </p>
      <Why hit={hit} closed />
    </li>
  );
}
