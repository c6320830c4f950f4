import { Button } from '../controls/Button.tsx';
import { Meter } from '../controls/Meter.tsx';
import { useToaster } from '../controls/Toast.tsx';
import { useEngine } from '../engine.tsx';
import { lengthOfTime } from '../learning/time.ts';
import { useLive } from '../useLive.ts';
import { useWords } from '../words/useWords.ts';
import './ReindexingStrip.css';

/** Another model's index on its way; not there otherwise. */
export function ReindexingStrip() {
  const all = useWords();
  const words = all.models;
  const engine = useEngine();
  const { run } = useToaster();
  const { value: now } = useLive(['models', 'progress'], '', (from) => from.reindexing());
  if (!now) return null;
  const text = [words.reindexed(now.done, now.total), now.secondsLeft !== undefined && words.left(lengthOfTime(now.secondsLeft, all))].filter(Boolean).join(' · ');
  return (
    <section className="reindexing" aria-label={words.reindexing(now.name)}>
      <header className="reindexing-head">
        <h3>{words.reindexing(now.name)}</h3>
        <p>{text}</p>
      </header>
      <Meter label={words.reindexing(now.name)} share={now.total === 0 ? 0 : now.done / now.total} text={text} />
      <footer>
        <p>{now.reason ?? words.meanwhile}</p>
        <Button look="quiet" icon="close" onClick={() => run(() => engine.cancelReindexing())}>{words.cancelReindexing}</Button>
      </footer>
    </section>
  );
}
