import type { Citation, Sentence, TurnId } from '../../engine/api.ts';
import { Icon } from '../controls/icons.tsx';
import { count } from '../words/numbers.ts';
import { useWords } from '../words/useWords.ts';
import { citationToOpen, citationsOf, type OpenPlace } from './openPlace.ts';
import './Sources.css';

/** The documents an answer rests on, each with its numbers. */
export function Sources({ sentences, turn, onOpen }: { sentences: Sentence[]; turn: TurnId; onOpen: OpenPlace }) {
  const words = useWords();
  const all = citationsOf(sentences);
  if (all.length === 0) return null;
  const byDocument = Map.groupBy(all, (citation) => citation.document);
  return (
    <div className="sources">
      <h4 aria-hidden="true">{words.ask.sources}</h4>
      <ul aria-label={words.ask.sources}>
        {[...byDocument.values()].map((citations) => (
          <li key={citations[0]!.document}><Source citations={citations} onOpen={() => onOpen(citationToOpen(citations[0]!, sentences, turn))} /></li>
        ))}
      </ul>
    </div>
  );
}

function Source({ citations, onOpen }: { citations: Citation[]; onOpen(): void }) {
  const words = useWords();
  const { documentName, type } = citations[0]!;
  return (
    <button type="button" className="source" title={`${words.document.types[type]} · ${words.ask.passages(citations.length)}`} onClick={onOpen}>
      <Icon name="document" size={15} />
      <span className="source-name">{documentName}</span>
      <span className="source-numbers">{citations.map(({ number }) => count(words.language, number)).join(' ')}</span>
    </button>
  );
}
