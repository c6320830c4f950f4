import type { Adapter } from '../../engine/api.ts';
import { Button } from '../controls/Button.tsx';
import { useToaster } from '../controls/Toast.tsx';
import { useEngine } from '../engine.tsx';
import { useWords } from '../words/useWords.ts';
import { goBack, nameOf } from './versions.ts';

/** The versions in use, each with the button that undoes what it learned; and the one for questions that rests, where other models came into use. */
export function InUse({ adapters }: { adapters: Adapter[] }) {
  const all = useWords();
  const words = all.learning;
  const engine = useEngine();
  const { run, say } = useToaster();
  const undo = async (adapter: Adapter): Promise<void> => {
    const before = await goBack(engine, adapter, adapters);
    say(words.inUse(before ? nameOf(before, all) : words.shipped));
  };
  const resting = adapters.some(({ level, state }) => level === 'query' && state === 'active') ? undefined : adapters.find(({ state }) => state === 'resting');
  const used = adapters.filter(({ state }) => state === 'active').map((adapter) => (
    <section key={adapter.id} className="panel" aria-label={words.usedNow(nameOf(adapter, all))}>
      <h3>{words.levels[adapter.level].name} · {words.usedNow(nameOf(adapter, all))}</h3>
      <p className="learning-note">{words.watched[adapter.level === 'embedder' ? 'compared' : 'mixed']}</p>
      <div className="learning-actions">
        <Button icon="back" title={words.backHint} onClick={() => run(() => undo(adapter))}>{words.undo}</Button>
      </div>
    </section>
  ));
  return (
    <>
      {used}
      {resting && (
        <section className="panel" aria-label={words.resting(nameOf(resting, all))}>
          <h3>{words.resting(nameOf(resting, all))}</h3>
          <p className="learning-note">{words.restingText}</p>
        </section>
      )}
    </>
  );
}
