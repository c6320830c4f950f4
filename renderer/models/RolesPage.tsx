import type { Hardware, ModelInfo, ModelRole } from '../../engine/api.ts';
import { Button } from '../controls/Button.tsx';
import { Unread } from '../settings/Unread.tsx';
import { useLive } from '../useLive.ts';
import { bytes } from '../words/numbers.ts';
import { joined, useWords } from '../words/useWords.ts';
import type { Words } from '../words/words.ts';
import { ordered } from './facts.ts';
import { Model } from './Model.tsx';
import { ReindexingStrip } from './ReindexingStrip.tsx';
import './RolesPage.css';
import { useModels, type ModelDeeds } from './useModels.ts';

const ROLES: readonly ModelRole[] = ['embedder', 'reranker', 'llm'];

/** Each kind of model: what it is for, which one works, and the others that are there. */
export function RolesPage({ onTests }: { onTests(): void }) {
  const words = useWords();
  const deeds = useModels();
  const { value: models, error } = useLive(['models'], '', (engine) => engine.models());
  const { value: hardware } = useLive(['models'], '', (engine) => engine.hardware());
  const { value: questions } = useLive(['models', 'feedback', 'documents'], '', (engine) => engine.testQuestions());
  if (!models) return <Unread error={error} />;
  return (
    <>
      <p>{words.models.lead}</p>
      <p className="machine">{hardware && machineInWords(hardware, words)}</p>
      <ReindexingStrip />
      {ROLES.map((role) => (
        <Role key={role} role={role} models={ordered(models.filter((model) => model.role === role))} deeds={deeds} questions={questions?.length ?? 0} onTests={onTests} />
      ))}
    </>
  );
}

interface RoleProps { role: ModelRole; models: ModelInfo[]; deeds: ModelDeeds; /** Test questions there are. */ questions: number; onTests(): void }

function Role({ role, models, deeds, questions, onTests }: RoleProps) {
  const all = useWords();
  const words = all.models;
  const { name, does, when, none } = words.roles[role];
  const active = models.find((model) => model.active);
  return (
    <section className="role" aria-label={name}>
      <h3>{name}</h3>
      <p>{joined(all, does, when)}</p>
      <ul className="models">
        {models.map((model) => <Model key={model.id} model={model} active={active} deeds={deeds} questions={questions} onTests={onTests} />)}
        {role === 'llm' ? <Extractive active={!active} onUse={() => deeds.use(undefined)} /> : models.length === 0 && <li className="note">{none}</li>}
      </ul>
    </section>
  );
}

/** What answers where no language model does. */
function Extractive({ active, onUse }: { active: boolean; onUse(): void }) {
  const { models: words } = useWords();
  return (
    <li className="model" data-active={active || undefined}>
      <div className="model-head">
        <h4>{words.extractive}</h4>
        {active && <span className="model-active">{words.active}</span>}
        {!active && <span className="model-actions"><Button onClick={onUse} aria-label={words.useNone}>{words.use}</Button></span>}
      </div>
      <p className="note">{words.extractiveText}</p>
    </li>
  );
}

function machineInWords({ cores, memory, free, gpu }: Hardware, { models: words, language }: Words): string {
  const graphics = gpu ? words.graphics(gpu.name, gpu.memory === undefined ? undefined : bytes(language, gpu.memory)) : words.noGraphics;
  return [words.machine(cores, bytes(language, memory), bytes(language, free)), graphics].join(' · ');
}
