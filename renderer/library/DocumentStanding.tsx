import type { Document } from '../../engine/api.ts';
import { bytes, percent } from '../words/numbers.ts';
import { useWords } from '../words/useWords.ts';
import './DocumentStanding.css';

/** The quiet second line of a document: kind and length once it is ready, else how far it is. */
export function DocumentStanding({ document: { type, bytes: size, state, outdated }, included }: { document: Document; included: boolean }) {
  const words = useWords();
  const about = [type && words.document.types[type], state.kind === 'ready' && state.pages ? words.document.pages(state.pages) : bytes(words.language, size)]
    .filter(Boolean)
    .join(' · ');

  const mark = outdated && <span className="chip chip-outdated" title={words.document.outdatedHint(outdated.question)}>{words.document.outdated}</span>;

  switch (state.kind) {
    case 'waiting':
      return <p className="standing"><span className="chip">{words.document.waiting}</span>{bytes(words.language, size)}</p>;
    case 'reading':
      return <p className="standing"><span className="chip chip-busy">{words.document.reading}</span>{bytes(words.language, size)}</p>;
    case 'failed':
      return <p className="standing"><span className="chip chip-failed">{words.document.failed}</span></p>;
    case 'ready': {
      const share = state.chunks === 0 ? 1 : state.embedded / state.chunks;
      if (!included) return <p className="standing">{about} · {words.document.excluded}</p>;
      if (share < 1) {
        return (
          <p className="standing" title={words.document.byMeaningHint(state.embedded, state.chunks)}>
            <span className="chip chip-partly">{words.document.byMeaning(percent(words.language, share))}</span>
            {mark}
          </p>
        );
      }
      return <p className="standing">{mark}<span className="standing-about">{about}</span><span className="unseen"> · {words.document.ready}</span></p>;
    }
  }
}
