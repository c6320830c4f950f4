import type { DocumentId } from '../../engine/api.ts';
import { Button } from '../controls/Button.tsx';
import { useToaster } from '../controls/Toast.tsx';
import { useEngine } from '../engine.tsx';
import { useLive } from '../useLive.ts';
import { useWords } from '../words/useWords.ts';
import './OutdatedMark.css';

/** That a person called the document outdated, as it stands now, and the way to take that back; not there otherwise. */
export function OutdatedMark({ document: id }: { document: DocumentId }) {
  const { document: words } = useWords();
  const engine = useEngine();
  const { run } = useToaster();
  // A document that is gone has no mark.
  const { value } = useLive(['documents', 'feedback'], String(id), (from) => from.document(id));
  if (!value?.outdated) return null;
  const { turn, question } = value.outdated;
  return (
    <p className="outdated-mark">
      <span className="chip chip-outdated" title={words.outdatedHint(question)}>{words.outdated}</span>
      <Button look="quiet" onClick={() => run(() => engine.signal({ kind: 'up-to-date', turn, document: id }))}>{words.upToDate}</Button>
    </p>
  );
}
