import { IconButton } from '../controls/Button.tsx';
import { useToaster } from '../controls/Toast.tsx';
import { useEngine } from '../engine.tsx';
import { lengthOfTime } from '../learning/time.ts';
import { useLive } from '../useLive.ts';
import { percent } from '../words/numbers.ts';
import { useWords } from '../words/useWords.ts';
import './ProgressStrip.css';

/** Another model is reading the passages to find with them; not there otherwise. The models page says more. */
export function ReindexingLine() {
  const all = useWords();
  const words = all.models;
  const engine = useEngine();
  const { run } = useToaster();
  const { value: now } = useLive(['models', 'progress'], '', (from) => from.reindexing());
  if (!now) return null;
  const share = percent(all.language, now.total === 0 ? 0 : now.done / now.total);
  const more = now.reason ?? [share, now.secondsLeft !== undefined && words.left(lengthOfTime(now.secondsLeft, all))].filter(Boolean).join(' · ');
  return (
    <section className="progress" aria-label={words.reindexing(now.name)}>
      <div className={now.reason === undefined ? 'progress-line progress-moves' : 'progress-line'} aria-hidden="true" />
      <div className="progress-words">
        <p>{words.reindexing(now.name)}</p>
        <p className="progress-more">{more}</p>
      </div>
      <IconButton small icon="close" label={words.cancelReindexing} onClick={() => run(() => engine.cancelReindexing())} />
    </section>
  );
}
