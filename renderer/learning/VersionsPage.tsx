import type { Adapter, AdapterId } from '../../engine/api.ts';
import { useAsking } from '../controls/Asking.tsx';
import { Button, IconButton } from '../controls/Button.tsx';
import { Icon } from '../controls/icons.tsx';
import { Menu } from '../controls/Menu.tsx';
import { useToaster } from '../controls/Toast.tsx';
import { useEngine } from '../engine.tsx';
import { saveFile } from '../host.ts';
import { useWords } from '../words/useWords.ts';
import { Growing, Reasons } from './Outcome.tsx';
import { Scores } from './Scores.tsx';
import { WhyTakenBack } from './TakenBack.tsx';
import './VersionsPage.css';
import { goBack, nameOf } from './versions.ts';

/** Every version that was learned, newest first, and search as it shipped: to change between them with one click. */
export function VersionsPage({ adapters, onCompare }: { adapters: Adapter[]; onCompare(adapter: AdapterId): void }) {
  const all = useWords();
  const words = all.learning;
  const engine = useEngine();
  const { run, say } = useToaster();
  const learned = adapters.some(({ state }) => state === 'active');
  const use = (adapter: Adapter | undefined): void => run(async () => {
    await engine.activate(adapter?.id);
    say(words.inUse(adapter ? nameOf(adapter, all) : words.shipped));
  });
  const back = (adapter: Adapter): void => run(async () => {
    const before = await goBack(engine, adapter, adapters);
    say(words.inUse(before ? nameOf(before, all) : words.shipped));
  });

  return (
    <>
      <p>{words.versionsLead}</p>
      {adapters.length === 0 && <p className="learning-note">{words.none}</p>}
      <ul className="versions">
        {adapters.map((adapter) => (
          <Version key={adapter.id} adapter={adapter} onUse={() => use(adapter)} onBack={() => back(adapter)} onCompare={() => onCompare(adapter.id)} />
        ))}
        <li className="version" data-state={learned ? 'accepted' : 'active'}>
          <div className="version-head">
            <h3>{words.shipped}</h3>
            {learned ? <Button onClick={() => use(undefined)}>{words.use}</Button> : <span className="version-state">{words.versionStates.active}</span>}
          </div>
          <p className="learning-note">{words.shippedText}</p>
        </li>
      </ul>
    </>
  );
}

function Version({ adapter, onUse, onBack, onCompare }: { adapter: Adapter; onUse(): void; onBack(): void; onCompare(): void }) {
  const all = useWords();
  const words = all.learning;
  const engine = useEngine();
  const { run } = useToaster();
  const { confirm } = useAsking();
  const { state, takenBack } = adapter;
  const name = nameOf(adapter, all);

  const save = async (): Promise<void> => {
    const bytes = await engine.exportAdapter(adapter.id);
    saveFile(`${words.fileName}-${adapter.id}.lodestone`, 'application/octet-stream', new Uint8Array(bytes));
  };
  const remove = async (): Promise<void> => {
    const sure = await confirm({ title: words.removeTitle, text: state === 'active' ? words.removeActiveText : words.removeText, action: words.remove });
    if (sure) await engine.deleteAdapters([adapter.id]);
  };

  return (
    <li className="version" data-state={state}>
      <div className="version-head">
        <h3>{name}</h3>
        <span className="version-state">{takenBack ? words.takenBackState : words.versionStates[state]}</span>
        <span className="version-actions">
          {state === 'active' && <Button icon="back" title={words.backHint} onClick={onBack}>{words.back}</Button>}
          {state === 'accepted' && (takenBack ? <Button title={words.putBackHint} onClick={onUse}>{words.putBack}</Button> : <Button onClick={onUse}>{words.use}</Button>)}
          <Menu
            label={words.actions(name)}
            align="end"
            items={[
              { label: words.compare, icon: 'learn', do: onCompare },
              { label: words.export, icon: 'download', do: () => run(save) },
              { label: words.remove, icon: 'remove', danger: true, parted: true, do: () => run(remove) },
            ]}
          >
            <IconButton icon="more" label={words.actions(name)} />
          </Menu>
        </span>
      </div>
      <p className="learning-note">{words.levels[adapter.level].name} · {words.learnedFrom(adapter.signals, adapter.questions)}</p>
      <WhyTakenBack adapter={adapter} />
      <Growing adapter={adapter} />
      <Scores adapter={adapter} />
      {adapter.alpha > 0 && adapter.habits?.map((habit) => <p key={habit.kind} className="learning-note">{words.habits[habit.kind](habit.words)}</p>)}
      {state === 'foreign' && <p className="learning-note">{words.foreignText}</p>}
      {state === 'resting' && <p className="learning-note">{words.restingText}</p>}
      {adapter.refusals.length > 0 && <Reasons adapter={adapter} />}
      {adapter.stale && <p className="version-stale"><Icon name="warning" size={15} />{words.stale}</p>}
    </li>
  );
}
