import { useState } from 'react';
import type { Engine, ModelInfo, ModelRole } from '../../engine/api.ts';
import { useAsking } from '../controls/Asking.tsx';
import { useToaster } from '../controls/Toast.tsx';
import { useEngine } from '../engine.tsx';
import { lengthOfTime } from '../learning/time.ts';
import { joined, useWords } from '../words/useWords.ts';
import { awayInWords, points } from './facts.ts';

export interface ModelDeeds {
  /** Uses a model for its role, after saying what that takes; `undefined`: no language model. */
  use(model: ModelInfo | undefined): void;
  remove(model: ModelInfo): void;
  /** Deletes the vectors that are kept of an embedder that is not in use. */
  removeIndex(model: ModelInfo): void;
  /** Asks the person's test questions with a model. One that is not in use is so for that long. */
  tryOut(model: ModelInfo, active: ModelInfo | undefined): void;
  /** The model that is being tried, or prepared for use. */
  busy: string | undefined;
}

/** What can be done with a model that is there. */
export function useModels(): ModelDeeds {
  const all = useWords();
  const words = all.models;
  const engine = useEngine();
  const { run, say } = useToaster();
  const { confirm } = useAsking();
  const [busy, setBusy] = useState<string>();

  const during = (id: string, deed: () => Promise<void>): void => run(async () => {
    setBusy(id);
    try {
      await deed();
    } finally {
      setBusy(undefined);
    }
  });
  const agreed = async (model: ModelInfo): Promise<boolean> => {
    if (model.role === 'embedder') {
      const { chunks, seconds, cut } = await engine.estimateModel(model.id);
      const takes = words.switchText(chunks, lengthOfTime(seconds, all));
      return chunks === 0 || confirm({ title: words.switchTitle(model.name), text: cut > 0 ? joined(all, takes, words.switchCut(cut)) : takes, action: words.switchNow, harmless: true });
    }
    return !model.remote || confirm({ title: words.remoteTitle(model.name), text: awayInWords(model.address ?? '', words.remoteConfirm, all), action: words.use, harmless: true });
  };

  return {
    use(model) {
      if (!model) return run(async () => {
        await putInUse(engine, 'llm', undefined);
        say(words.inUse(words.extractive));
      });
      during(model.id, async () => {
        if (!(await agreed(model))) return;
        await putInUse(engine, model.role, model.id);
        if (!(await engine.reindexing())) say(words.inUse(model.name));
      });
    },
    remove: (model) => run(async () => {
      if (!(await confirm({ title: words.removeTitle(model.name), text: words.removeText, action: words.remove }))) return;
      await engine.removeModel(model.id);
      say(words.removed(model.name));
    }),
    removeIndex: (model) => run(async () => {
      await engine.removeIndex(model.id);
      say(words.indexRemoved);
    }),
    tryOut: (model, active) => during(model.id, async () => {
      if (!model.active) await putInUse(engine, model.role, model.id);
      try {
        say(words.tried(points((await engine.runTest()).ndcg, all)));
      } finally {
        if (!model.active) await putInUse(engine, model.role, active?.id);
      }
    }),
    busy,
  };
}

function putInUse(engine: Pick<Engine, 'useModel'>, role: ModelRole, id: string | undefined): Promise<void> {
  return engine.useModel(role, id);
}
