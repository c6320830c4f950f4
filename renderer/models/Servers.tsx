import { useState } from 'react';
import type { FoundServer, ServerChoice } from '../../engine/api.ts';
import { Button } from '../controls/Button.tsx';
import { Field } from '../controls/Field.tsx';
import { Segmented } from '../controls/Segmented.tsx';
import { useToaster } from '../controls/Toast.tsx';
import { useEngine } from '../engine.tsx';
import { useWords } from '../words/useWords.ts';
import './AddPage.css';
import { Away } from './Away.tsx';
import { isCloud, isLocal, withScheme } from './facts.ts';

/** Servers that hold a language model: those found on this machine, and any by its address. */
export function Servers({ onUse }: { onUse(): void }) {
  const { models: words } = useWords();
  const engine = useEngine();
  const { run, say } = useToaster();
  const [found, setFound] = useState<FoundServer[] | 'looking'>();
  const [adding, setAdding] = useState(false);

  const find = async (): Promise<void> => {
    setFound('looking');
    try {
      setFound(await engine.findServers());
    } catch (error) {
      setFound(undefined);
      throw error;
    }
  };
  const add = (choice: ServerChoice): void => run(async () => {
    setAdding(true);
    try {
      await engine.addServer(choice);
    } finally {
      setAdding(false);
    }
    say(words.added(choice.model));
    onUse();
  });

  return (
    <section className="panel" aria-label={words.serversTitle}>
      <h3>{words.serversTitle}</h3>
      <p className="note">{words.serversText}</p>
      <div className="deeds">
        <Button icon="search" disabled={found === 'looking'} onClick={() => run(find)}>{found === 'looking' ? words.finding : words.find}</Button>
      </div>
      <div role="status">{Array.isArray(found) && found.length === 0 && <p className="note">{words.noneFound}</p>}</div>
      {Array.isArray(found) && found.length > 0 && (
        <ul className="servers">
          {found.map((server) => (
            <li key={server.address} className="server">
              <h4>{words.foundServer(server.name, server.address)}</h4>
              <div className="deeds">
                {server.models.map((model) => <Button key={model} icon="add" disabled={adding} onClick={() => add({ kind: server.kind, address: server.address, model })}>{words.addModel(model)}{isCloud(model) && ` · ${words.leaves}`}</Button>)}
              </div>
            </li>
          ))}
        </ul>
      )}
      <ByAddress adding={adding} onAdd={add} />
    </section>
  );
}

/** A server by its address; says before anything is added whether text would leave this machine. */
function ByAddress({ adding, onAdd }: { adding: boolean; onAdd(choice: ServerChoice): void }) {
  const { models: words } = useWords();
  const [kind, setKind] = useState<ServerChoice['kind']>('openai');
  const [address, setAddress] = useState('');
  const [model, setModel] = useState('');
  const [key, setKey] = useState('');
  const local = isLocal(address);
  const whole = local !== undefined && model.trim() !== '';
  return (
    <details className="by-address">
      <summary>{words.byAddress}</summary>
      <form
        className="server-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (whole) onAdd({ kind, address: withScheme(address), model: model.trim(), ...(key !== '' && { key }) });
        }}
      >
        <Segmented<ServerChoice['kind']> label={words.kind} value={kind} onChange={setKind} options={(['openai', 'ollama'] as const).map((value) => ({ value, label: words.kinds[value] }))} />
        <Field label={words.address} inputMode="url" placeholder={kind === 'ollama' ? 'http://127.0.0.1:11434' : 'http://127.0.0.1:1234/v1'} value={address} onChange={setAddress} />
        <Field label={words.model} placeholder={words.modelPlaceholder} value={model} onChange={setModel} />
        <Field label={words.key} type="password" value={key} onChange={setKey} aria-describedby="server-key-hint" />
        <p className="note" id="server-key-hint">{words.keyHint}</p>
        <div className="whereto" role="status">
          {local !== undefined && (!local || isCloud(model)) && <><Away /><span className="note">{local ? words.cloudText : words.leavesText(hostOf(address))}</span></>}
          {local && !isCloud(model) && <span className="note">{words.localText}</span>}
        </div>
        <div className="deeds"><Button type="submit" icon="add" disabled={!whole || adding}>{words.addServer}</Button></div>
      </form>
    </details>
  );
}

function hostOf(address: string): string {
  return new URL(withScheme(address)).host;
}
