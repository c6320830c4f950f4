import type { ModelInfo } from '../../engine/api.ts';
import { Button, IconButton } from '../controls/Button.tsx';
import { Icon } from '../controls/icons.tsx';
import { Menu, type MenuItem } from '../controls/Menu.tsx';
import { bytes } from '../words/numbers.ts';
import { useWords } from '../words/useWords.ts';
import type { Words } from '../words/words.ts';
import { Away } from './Away.tsx';
import { awayInWords, deviceInWords, languageNames } from './facts.ts';
import { Mine, TryOut } from './Mine.tsx';
import { Quality } from './Quality.tsx';
import type { ModelDeeds } from './useModels.ts';

interface ModelProps {
  model: ModelInfo;
  /** The one in use for the same role. */
  active: ModelInfo | undefined;
  deeds: ModelDeeds;
  questions: number;
  onTests(): void;
}

/** A model that is there: what it costs, how well it does, and what can be done with it. */
export function Model({ model, active, deeds, questions, onTests }: ModelProps) {
  const all = useWords();
  const words = all.models;
  const items: MenuItem[] = [];
  if (model.index && !model.active) items.push({ label: words.removeIndex, icon: 'close', do: () => deeds.removeIndex(model) });
  if (!model.bundled && !model.active) items.push({ label: words.remove, icon: 'remove', danger: true, do: () => deeds.remove(model) });
  return (
    <li className="model" data-active={model.active || undefined}>
      <div className="model-head">
        <h4>{model.name}</h4>
        {model.active && <span className="model-active">{words.active}</span>}
        {model.remote && <Away />}
        <span className="model-actions">
          <TryOut model={model} active={active} deeds={deeds} questions={questions} onTests={onTests} />
          {!model.active && model.trouble === undefined && <Button disabled={deeds.busy !== undefined} onClick={() => deeds.use(model)} aria-label={`${words.use}: ${model.name}`}>{words.use}</Button>}
          {items.length > 0 && (
            <Menu label={words.actions(model.name)} align="end" items={items}>
              <IconButton icon="more" label={words.actions(model.name)} />
            </Menu>
          )}
        </span>
      </div>
      <p className="model-about">{costs(model, all)}</p>
      {model.remote && <p className="note">{awayInWords(model.address ?? '', words.remoteText, all)}</p>}
      {model.trouble !== undefined && <p className="model-trouble"><Icon name="warning" size={15} />{words.trouble}{all.language === 'zh' ? '：' : ': '}{model.trouble}</p>}
      {model.role !== 'llm' && <Mine model={model} active={active} />}
      <More model={model} />
    </li>
  );
}

/** What it takes, in one line. */
function costs({ bytes: size, languages, licence, bundled, device, address, remote, format }: ModelInfo, all: Words): string {
  return [
    format === 'server' ? !remote && address : bytes(all.language, size),
    languages.length > 0 && languageNames(languages, all),
    licence,
    device && deviceInWords(device, all),
    bundled && all.models.bundled,
  ].filter(Boolean).join(' · ');
}

function More({ model }: { model: ModelInfo }) {
  const { models: words, language } = useWords();
  const facts = [
    [words.family, model.family],
    [words.format, words.formats[model.format]],
    [words.reads, model.tokens === undefined ? undefined : words.tokens(model.tokens)],
    [words.vector, model.dimensions === undefined ? undefined : words.dimensions(model.dimensions)],
    [words.kept, model.index && words.keptIndex(model.index.chunks, bytes(language, model.index.bytes))],
    [words.refusedDevices, model.device && model.device.refused.length > 0 ? model.device.refused.map(({ provider, reason }) => `${provider}${language === 'zh' ? '：' : ': '}${reason}`) : undefined],
  ] as const;
  return (
    <details className="more">
      <summary>{words.more}<span className="unseen"> {model.name}</span></summary>
      <dl>
        {facts.map(([name, value]) => value !== undefined && (
          <FactRow key={name} name={name} value={value} />
        ))}
      </dl>
      {model.role !== 'llm' && <Quality quality={model.quality} />}
    </details>
  );
}

function FactRow({ name, value }: { name: string; value: string | string[] }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{typeof value === 'string' ? value : value.map((line) => <p key={line}>{line}</p>)}</dd>
    </>
  );
}
