import { useState } from 'react';
import { EngineError, type FoundModel } from '../../engine/api.ts';
import { Button } from '../controls/Button.tsx';
import { Field } from '../controls/Field.tsx';
import { Icon } from '../controls/icons.tsx';
import { useToaster } from '../controls/Toast.tsx';
import { useEngine } from '../engine.tsx';
import { choose, namesPaths } from '../host.ts';
import { bytes } from '../words/numbers.ts';
import { joined, sentenceOf, useWords } from '../words/useWords.ts';
import type { Words } from '../words/words.ts';
import './AddPage.css';
import { languageNames } from './facts.ts';
import { FitMark } from './FitMark.tsx';

type Look = { kind: 'none' } | { kind: 'looking' } | { kind: 'found'; model: FoundModel } | { kind: 'refused'; error: unknown };

/** A folder or GGUF file that lies on the disk: looked at first, then added, or refused with what is missing. */
export function FromDisk({ onUse }: { onUse(): void }) {
  const all = useWords();
  const words = all.models;
  const engine = useEngine();
  const { run, say } = useToaster();
  const [path, setPath] = useState('');
  const [look, setLook] = useState<Look>({ kind: 'none' });

  const inspect = async (at: string): Promise<void> => {
    setPath(at);
    setLook({ kind: 'looking' });
    try {
      setLook({ kind: 'found', model: await engine.inspectModel(at) });
    } catch (error) {
      setLook({ kind: 'refused', error });
    }
  };
  const pick = (what: 'folder' | 'files') => async (): Promise<void> => {
    const { paths: [chosen] } = await choose(what);
    if (chosen !== undefined) await inspect(chosen);
  };
  const add = async (model: FoundModel): Promise<void> => {
    await engine.addModel(model.path);
    say(words.added(model.name));
    setLook({ kind: 'none' });
    setPath('');
    onUse();
  };

  return (
    <section className="panel" aria-label={words.ownTitle}>
      <h3>{words.ownTitle}</h3>
      <p className="note">{words.ownText}</p>
      {namesPaths() ? (
        <div className="deeds">
          <Button icon="folder" onClick={() => run(pick('folder'))}>{words.pickFolder}</Button>
          <Button icon="document" onClick={() => run(pick('files'))}>{words.pickFile}</Button>
        </div>
      ) : (
        <form
          className="path"
          onSubmit={(event) => {
            event.preventDefault();
            if (path.trim() !== '') void inspect(path.trim());
          }}
        >
          <Field label={words.path} placeholder={words.pathPlaceholder} value={path} onChange={(text) => { setPath(text); setLook({ kind: 'none' }); }} />
          <Button type="submit" disabled={path.trim() === '' || look.kind === 'looking'}>{words.inspect}</Button>
          <p className="note">{words.pathHint}</p>
        </form>
      )}
      <div role="status">
        {look.kind === 'looking' && <p className="note">{words.inspecting}</p>}
        {look.kind === 'refused' && <p className="refusal"><Icon name="warning" size={16} /><span>{joined(all, words.refused, reasonOf(look.error, all))}</span></p>}
      </div>
      {look.kind === 'found' && <Found model={look.model} onAdd={() => run(() => add(look.model))} onAnother={() => setLook({ kind: 'none' })} />}
    </section>
  );
}

/** What is missing, in the engine's words; they say it best. */
function reasonOf(error: unknown, words: Words): string {
  return error instanceof EngineError && error.code === 'invalid' ? error.message : sentenceOf(error, words);
}

function Found({ model, onAdd, onAnother }: { model: FoundModel; onAdd(): void; onAnother(): void }) {
  const all = useWords();
  const words = all.models;
  const facts = [
    [words.format, words.formats[model.format]],
    [words.family, model.family],
    [words.size, bytes(all.language, model.bytes)],
    [words.languages, languageNames(model.languages, all)],
    [words.licence, model.licence],
    [words.reads, model.tokens === undefined ? undefined : words.tokens(model.tokens)],
    [words.vector, model.dimensions === undefined ? undefined : words.dimensions(model.dimensions)],
  ] as const;
  return (
    <div className="found" role="group" aria-label={words.found(model.name)}>
      <h4>{words.found(model.name)}</h4>
      <p>{words.roles[model.role].name}</p>
      <p className="found-path">{model.path}</p>
      <dl>
        {facts.map(([name, value]) => value !== undefined && value !== '' && <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
      </dl>
      <FitMark fit={model.fit} />
      <div className="deeds">
        <Button look="primary" icon="add" onClick={onAdd}>{words.add}</Button>
        <Button look="quiet" onClick={onAnother}>{words.another}</Button>
      </div>
    </div>
  );
}
