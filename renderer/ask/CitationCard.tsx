import type { Citation, Hit, Place, Thumb, TurnId } from '../../engine/api.ts';
import { Button } from '../controls/Button.tsx';
import { useEngine } from '../engine.tsx';
import { languageOf } from '../words/numbers.ts';
import { useWords } from '../words/useWords.ts';
import type { Words } from '../words/words.ts';
import './CitationCard.css';
import { OutdatedMark } from './OutdatedMark.tsx';
import { Thumbs } from './Thumbs.tsx';
import { Why } from './Why.tsx';

/** What a citation rests on: the very words, where they stand, why they were found, and whether they are right. */
export function CitationCard({ citation, hit, turn, thumb, onOpen }: { citation: Citation; hit: Hit | undefined; turn: TurnId | undefined; thumb: Thumb | undefined; onOpen(): void }) {
  const words = useWords();
  const engine = useEngine();
  return (
    <>
      <div className="card-body">
        <blockquote lang={languageOf(citation.quote)}>{citation.quote}</blockquote>
        <p className="card-source">{citation.documentName}</p>
        <p className="card-place">{whereIs(citation.place, words)}</p>
        <OutdatedMark document={citation.document} />
        {hit && <Why hit={hit} />}
      </div>
      <div className="card-foot">
        <Button look="quiet" icon="document" onClick={onOpen}>{words.citation.open}</Button>
        {turn !== undefined && (
          <Thumbs thumb={thumb} up={words.citation.right} down={words.citation.wrong} onThumb={(next) => engine.signal({ kind: 'citation-thumb', turn, number: citation.number, thumb: next })} />
        )}
      </div>
    </>
  );
}

/** "page 3 · Results › Table 2" */
export function whereIs(place: Place, words: Words): string {
  return [place.page !== undefined && words.citation.page(place.page), place.headings.join(' › ')].filter(Boolean).join(' · ');
}
