import type { Hit, Turn } from '../../engine/api.ts';
import { languageOf } from '../words/numbers.ts';
import { useWords } from '../words/useWords.ts';
import { whereIs } from './CitationCard.tsx';
import './Nearest.css';
import { hitToOpen, type OpenPlace } from './openPlace.ts';
import { Probability } from './Probability.tsx';

const SHOWN = 4;

/** Said when nothing answers the question: so, and what comes nearest. */
export function Nearest({ turn, onOpen }: { turn: Turn; onOpen: OpenPlace }) {
  const words = useWords();
  const hits = turn.hits.slice(0, SHOWN);
  return (
    <>
      <p className="nearest-lead"><strong>{words.ask.notFound}</strong> {hits.length > 0 && words.ask.notFoundText}</p>
      {turn.details && <p className="nearest-found"><span>{words.answers.probability}</span> <Probability {...turn.details.found} /></p>}
      {hits.length > 0 && (
        <ul className="nearest" aria-label={words.ask.nearest}>
          {hits.map((hit) => (
            <li key={hit.chunk}>
              <button type="button" data-chunk={hit.chunk} onClick={() => onOpen(hitToOpen(hit, turn.id))}>
                <span className="unseen">{words.ask.openNearest(hit.documentName)}: </span>
                <span className="nearest-text" lang={languageOf(hit.text)}>{inOneLine(hit)}</span>
                <span className="nearest-source">{[hit.documentName, whereIs(hit.place, words)].filter(Boolean).join(' · ')}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** The chunk without the headings it begins with, which are named below it, and without its line ends. */
function inOneLine({ text, place }: Hit): string {
  const lines = text.split(/\s*\n\s*/).filter((line) => line !== '');
  while (lines.length > 1 && place.headings.includes(lines[0]!)) lines.shift();
  return lines.join(' ').replaceAll('\t', ' · ');
}
