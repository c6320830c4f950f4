import type { Run } from '../../engine/api.ts';
import { useAsking } from '../controls/Asking.tsx';
import { Button } from '../controls/Button.tsx';
import { Meter } from '../controls/Meter.tsx';
import { useToaster } from '../controls/Toast.tsx';
import { useEngine } from '../engine.tsx';
import { percent } from '../words/numbers.ts';
import { useWords } from '../words/useWords.ts';
import { Curve } from './Curve.tsx';
import './RunPanel.css';
import { lengthOfTime } from './time.ts';

/** A run under way: what it is doing, how far it is, its curves, and how to hold or end it. */
export function RunPanel({ run: { state, progress, level } }: { run: Run }) {
  const all = useWords();
  const words = all.learning;
  const engine = useEngine();
  const { run } = useToaster();
  const { confirm } = useAsking();
  const paused = state === 'paused';
  const share = percent(all.language, progress.done);
  const left = !paused && progress.secondsLeft !== undefined ? words.left(lengthOfTime(progress.secondsLeft, all)) : undefined;

  const cancel = async (): Promise<void> => {
    if (await confirm({ title: words.cancelTitle, text: words.cancelText, action: words.cancelDo })) await engine.cancelLearning();
  };
  return (
    <section className="panel" aria-label={words.running}>
      <header className="run-head">
        <h3>{words.levels[level].name} · {paused ? words.states.paused : words.phases[progress.phase]}</h3>
        <p>{[share, left].filter(Boolean).join(' · ')}</p>
      </header>
      <Meter label={words.running} share={progress.done} text={share} />
      <Curve curve={progress.curve} />
      <p className="learning-note">{words.meanwhile}</p>
      <div className="learning-actions">
        <Button icon={paused ? 'play' : 'pause'} onClick={() => run(() => (paused ? engine.resumeLearning() : engine.pauseLearning()))}>{paused ? words.resume : words.pause}</Button>
        <Button look="quiet" onClick={() => run(cancel)}>{words.cancel}</Button>
      </div>
    </section>
  );
}
