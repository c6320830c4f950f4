import { useState } from 'react';
import type { ConversationId, DocumentId, Explanation, Hit, Turn } from '../../engine/api.ts';
import { Button } from '../controls/Button.tsx';
import { Dialog } from '../controls/Dialog.tsx';
import { Icon } from '../controls/icons.tsx';
import { Menu } from '../controls/Menu.tsx';
import { useToaster } from '../controls/Toast.tsx';
import { useEngine } from '../engine.tsx';
import { Unread } from '../settings/Unread.tsx';
import { useLive } from '../useLive.ts';
import { decimal, languageOf } from '../words/numbers.ts';
import { useWords } from '../words/useWords.ts';
import { whereIs } from './CitationCard.tsx';
import './ExplainDialog.css';
import { Why } from './Why.tsx';

/** A place the person points at in a document. */
export interface Pointed { document: DocumentId; start: number; end: number; text: string }

/** Why a place was not cited for a question of the conversation, the latest unless another is chosen: what the search says of it. */
export function ExplainDialog({ conversation, pointed, onClose }: { conversation: ConversationId; pointed: Pointed; onClose(): void }) {
  const { answers: words } = useWords();
  const [chosen, setChosen] = useState<Turn['id']>();
  const { value: turns, error } = useLive(['conversations'], String(conversation), (engine) => engine.turns(conversation));
  const turn = turns?.find(({ id }) => id === chosen) ?? turns?.at(-1);
  return (
    <Dialog title={words.whyNotTitle} look="medium" onClose={onClose}>
      <div className="explain">
        <blockquote lang={languageOf(pointed.text)}>{pointed.text}</blockquote>
        {!turn ? <Unread error={error} /> : (
          <>
            <Menu label={words.whyNotTitle} items={turns!.toReversed().map((each) => ({ label: each.question, checked: each.id === turn.id, do: () => setChosen(each.id) }))}>
              <button type="button" className="explain-question"><span>{words.whyNotAsked(turn.question)}</span><Icon name="chevron" size={14} /></button>
            </Menu>
            <Answer turn={turn} pointed={pointed} />
            <AsTest question={turn.standalone ?? turn.question} pointed={pointed} />
          </>
        )}
      </div>
    </Dialog>
  );
}

function Answer({ turn, pointed: { document, start, end } }: { turn: Turn; pointed: Pointed }) {
  const { answers: words } = useWords();
  const asked = `${turn.id} ${document} ${start} ${end}`;
  const { value, key, error } = useLive(['documents', 'libraries'], asked, (engine) => engine.explain(turn.id, document, start, end));
  if (key !== asked || !value) return error === undefined ? <p className="note" role="status">{words.explaining}</p> : <Unread error={error} />;
  return <Told explanation={value} />;
}

/** The place as the answer of a test question. */
function AsTest({ question, pointed: { document, start, end } }: { question: string; pointed: Pointed }) {
  const { answers: words } = useWords();
  const engine = useEngine();
  const { run, say } = useToaster();
  const keep = async (): Promise<void> => {
    const { library } = await engine.document(document);
    await engine.addTestQuestion(library, question, document, start, end);
    say(words.asTestDone);
  };
  return (
    <footer className="explain-test">
      <Button icon="add" onClick={() => run(keep)}>{words.asTest}</Button>
      <span className="note">{words.asTestHint}</span>
    </footer>
  );
}

/** An explanation in plain words: what happened, where it stands, what it would have had to beat, and what helps. */
function Told({ explanation: { reason, rank, candidates, hit, last } }: { explanation: Explanation }) {
  const { answers: words, language } = useWords();
  const searched = reason === 'shown' || reason === 'outranked' || reason === 'not-proposed';
  return (
    <div className="explain-told" role="status">
      <p className="explain-reason">{words.reasons[reason]}</p>
      {searched && candidates > 0 && <p className="note">{rank === undefined ? words.noRank(candidates) : words.rank(rank, candidates)}</p>}
      {reason === 'outranked' && hit && last && <p className="note">{words.against(decimal(language, hit.relevance), decimal(language, last.relevance))}</p>}
      {words.remedies[reason] !== undefined && <p className="explain-remedy">{words.remedies[reason]}</p>}
      {hit && <Side title={words.pointedAt} hit={hit} />}
      {reason === 'outranked' && last && <Side title={words.toBeat(last.documentName)} hit={last} />}
    </div>
  );
}

function Side({ title, hit }: { title: string; hit: Hit }) {
  const all = useWords();
  return (
    <section className="explain-side">
      <h3>{title}</h3>
      <p className="explain-text" lang={languageOf(hit.text)}>{hit.text.replace(/\s+/g, ' ')}</p>
      <p className="note">{[hit.documentName, whereIs(hit.place, all)].filter(Boolean).join(' · ')}</p>
      <Why hit={hit} />
    </section>
  );
}
