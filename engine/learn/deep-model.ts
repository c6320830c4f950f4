import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { inspectFolder, type InspectOptions } from '../models/inspect.ts';
import { readManifest } from '../models/manifest.ts';
import type { Weight } from '../nn/safetensors.ts';
import { trainingsOf, type DeepRecipe } from './deep-course.ts';
import type { DeepLevel } from './deep-lessons.ts';
import { openLateTrainee } from './late-head.ts';
import { writeLateFolder, writeLearnedFolder, writeStaticFolder, type LearnedName } from './learned-folder.ts';
import { openEmbedderTrainee } from './lora-embedder.ts';
import { openRerankerTrainee } from './lora-reranker.ts';
import { openStaticTrainee } from './static-map.ts';
import { LORA, type LoraRecipe, type TextLesson, type Trainee } from './trainee.ts';

/** How a model learns: LoRA on its layers, a map on its vectors, the head over its measures. */
export type Form = 'lora' | 'static' | 'late';

/** How many general questions a course looks at: to judge by, with so many passages each, and to replay: one half to learn from, one to choose by how much of it is applied. */
export interface General { guard: number; near: number; replay: number; unanswerable: number }

interface Training {
  /** @param total how many lessons the run has, where these are only some of them */
  open(folder: string, level: DeepLevel, lessons: readonly TextLesson[], options: InspectOptions, total?: number): Promise<Trainee>;
  write(base: string, kept: Record<string, Weight>, names: LearnedName, out: string): Promise<void>;
  recipe: Record<DeepLevel, DeepRecipe>;
  general: General;
}

const SEED = 1;
const small = { folds: 3, controls: 6, controlFolds: 3, seed: SEED };
/** Each of its trainings takes minutes or hours. */
const large = { folds: 3, controls: 2, controlFolds: 1, seed: SEED };
const SOME: General = { guard: 200, near: 16, replay: 200, unanswerable: 60 };
const late: DeepRecipe = { ...small, passes: 12, batch: 32, texts: 24, learningRate: 0.02, temperature: 1 };
const mapped: DeepRecipe = { ...small, passes: 20, batch: 16, texts: 16, learningRate: 0.003, temperature: 0.05 };

const LARGE: Record<DeepLevel, DeepRecipe> = {
  reranker: { ...large, passes: 4, batch: 4, texts: 10, learningRate: 5e-4, temperature: 1 },
  embedder: { ...large, passes: 4, batch: 8, texts: 10, learningRate: 3e-4, temperature: 0.05 },
};
/** With adapters usual; a network of width 16 learned half as much with it as without. */
const DROPPED = { dropout: 0.05, dropsFrom: 256 };
/** A run that would train for longer leaves the lower layers alone. */
const LONGEST_SECONDS = 3600;

/** How LoRA goes about so many lessons. */
function loraFor(lessons: number, recipe: DeepRecipe): LoraRecipe {
  return { ...LORA, ...DROPPED, most: { texts: lessons * recipe.texts * recipe.passes * trainingsOf(lessons, recipe), seconds: LONGEST_SECONDS } };
}

export const TRAININGS: Record<Form, Training> = {
  lora: {
    open: (folder, level, lessons, options, total = lessons.length) => (level === 'reranker' ? openRerankerTrainee : openEmbedderTrainee)(folder, loraFor(total, LARGE[level]), options, lessons),
    write: (base, kept, _, out) => writeLearnedFolder(base, kept, LORA, out),
    recipe: LARGE,
    general: { guard: 60, near: 8, replay: 60, unanswerable: 30 },
  },
  static: { open: (folder) => openStaticTrainee(folder), write: (base, kept, names, out) => writeStaticFolder(base, kept, LORA, names, out), recipe: { embedder: mapped, reranker: mapped }, general: SOME },
  late: { open: (folder, _, lessons) => openLateTrainee(folder, lessons), write: writeLateFolder, recipe: { reranker: late, embedder: late }, general: SOME },
};

/** How the model in a folder learns; undefined where it cannot: its weights are not at hand, or frozen into a graph. */
export async function formOf(folder: string, level: DeepLevel, options: InspectOptions = {}): Promise<Form | undefined> {
  if (existsSync(join(folder, 'manifest.json'))) {
    const { role, architecture } = await readManifest(folder);
    if (role !== level) return undefined;
    return level === 'embedder' && architecture === 'static' ? 'static' : level === 'reranker' && architecture === 'late' ? 'late' : undefined;
  }
  const found = await inspectFolder(folder, options);
  // A model that is meant for dot products does not learn by cosine.
  return found.architecture !== undefined && found.manifest.role === level && found.manifest.score !== 'dot' ? 'lora' : undefined;
}
