import type { Adapter } from '../../engine/api.ts';
import { Button } from '../controls/Button.tsx';
import { Icon } from '../controls/icons.tsx';
import { useToaster } from '../controls/Toast.tsx';
import { useEngine } from '../engine.tsx';
import { moment } from '../words/numbers.ts';
import { useWords } from '../words/useWords.ts';
import './TakenBack.css';
import { nameOf } from './versions.ts';

/** A quiet word that the latest version of a level was taken back by itself, and why; it can be put back. */
export function TakenBackNotice({ adapters }: { adapters: Adapter[] }) {
  const all = useWords();
  const words = all.learning;
  const engine = useEngine();
  const { run, say } = useToaster();
  const putBack = async (adapter: Adapter): Promise<void> => {
    await engine.activate(adapter.id);
    say(words.inUse(nameOf(adapter, all)));
  };
  const latest = (['query', 'reranker', 'embedder'] as const).flatMap((level) => adapters.find((adapter) => adapter.level === level && (adapter.state === 'active' || adapter.state === 'accepted')) ?? []);
  return latest.filter(({ takenBack, state }) => takenBack && state !== 'active').map((adapter) => (
    <section key={adapter.id} className="panel taken-back" aria-label={`${words.levels[adapter.level].name} · ${words.takenBackState}`}>
      <h3><Icon name="warning" size={16} />{words.levels[adapter.level].name} · {words.takenBack(nameOf(adapter, all))}</h3>
      <WhyTakenBack adapter={adapter} />
      <div className="learning-actions">
        <Button title={words.putBackHint} onClick={() => run(() => putBack(adapter))}>{words.putBack}</Button>
      </div>
    </section>
  ));
}

/** Why a version was taken back, in sentences with their numbers. */
export function WhyTakenBack({ adapter: { takenBack } }: { adapter: Adapter }) {
  const { learning: words, language } = useWords();
  if (!takenBack) return null;
  const { at, judged, wrong, judgedBefore, wrongBefore, losses, wins } = takenBack;
  return (
    <div className="learning-note" role="status">
      <p>{words.takenBackText(moment(language, at))}</p>
      <p>{words.wrongWith(wrong, judged)}</p>
      {judgedBefore > 0 && <p>{words.wrongWithout(wrongBefore, judgedBefore)}</p>}
      {losses + wins > 0 && <p>{words.mixedLost(losses, wins)}</p>}
    </div>
  );
}
