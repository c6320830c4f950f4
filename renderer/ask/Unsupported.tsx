import type { Sentence } from '../../engine/api.ts';
import { Icon } from '../controls/icons.tsx';
import { Tooltip } from '../controls/Tooltip.tsx';
import { useWords } from '../words/useWords.ts';

/** After a sentence that no passage supports: a sign with its meaning, reached by keyboard too. */
export function Unsupported() {
  const { answers: words } = useWords();
  return (
    <Tooltip text={words.unsupported}>
      <span className="unsupported-mark" role="img" aria-label={words.unsupported} tabIndex={0}><Icon name="unsaid" size={15} /></span>
    </Tooltip>
  );
}

/** Under an answer with such sentences: what the sign means. */
export function UnsupportedLegend({ sentences }: { sentences: Sentence[] }) {
  const { answers: words } = useWords();
  const marked = sentences.filter(({ unsupported }) => unsupported).length;
  if (marked === 0) return null;
  return <p className="unsupported-legend"><Icon name="unsaid" size={16} /><span>{words.unsupportedLegend(marked)}</span></p>;
}
