import { setImmediate } from 'node:timers/promises';
import type { Embedder } from '../models/embedder.ts';
import type { Db } from '../store/database.ts';
import { contentsOfSamples, importedSamples } from '../store/judged.ts';
import type { JudgedRow } from './gate.ts';
import type { Splittable } from './holdout.ts';
import { chunkNamed, keptAside } from './kept-aside.ts';
import { temperatureOf, withLabels } from './reward.ts';
import { parseSamples, type Sample } from './samples.ts';
import { selectionOf } from './selection.ts';
import type { TextLesson } from './trainee.ts';
import { noClues } from './train-weighing.ts';
import type { Vectors } from './vectors.ts';

/** What a similarity is worth where nothing is known of the words: as across languages (`rank.ts`). */
const SLOPE = 10;

/** What people say outright counts whole; less what was inferred or observed, and a teacher may know better. */
const OUTRIGHT = 1;

/** A sample that was imported or written, as all levels learn from it. */
export interface ImportedLesson extends TextLesson {
  task: string;
  /** Rows of one set are trained on together: of one task and kind. */
  set: string;
  /** What a teacher thinks of each text, in units of the task's temperature, or of its own. */
  rewards?: number[];
  /** The query's instruction in words; FlagEmbedding's `prompt`. */
  instruction?: string;
  /** As FlagEmbedding names kinds of rows; of `symmetric_…` texts are queries too. */
  type?: string;
  /** How far each text's label is trusted, 0…1. */
  weights: number[];
  /** Contents of this library that its texts stand in. */
  contents: string[];
}

/**
 * The samples that may be learned from: of the training split, with something to tell apart, and none that gives away the answer
 * to a question that is judged by (`kept-aside.ts`). A teacher's scores come with them, divided by the task's temperature, or that
 * teacher's;
 * where a person named what is right outright, that stands above the teacher's.
 *
 * @param judged the questions of this run
 * @param rest between two samples; throws to stop
 */
export async function importedLessons(db: Db, embedder: Embedder, judged: readonly Pick<Splittable, 'chunks' | 'vector'>[], rest: () => Promise<void>): Promise<ImportedLesson[]> {
  const gaveAway = keptAside(db, judged, embedder.background);
  const contents = contentsOfSamples(db);
  const usable: Sample[] = [];
  for (const sample of importedSamples(db).flatMap(parseSamples)) {
    if (sample.split !== 'train' || !teaches(sample)) continue;
    const [vector] = await embedder.embed([sample.query], 'query');
    if (!gaveAway(sample, vector)) usable.push(sample);
    await setImmediate();
    await rest();
  }
  return lessonsOfSamples(usable, contents);
}

/** Samples as lessons. @param contents those of this library */
export function lessonsOfSamples(samples: readonly Sample[], contents: ReadonlySet<string>): ImportedLesson[] {
  // What one teacher says cannot be measured by what another does.
  const byTeacher = new Map<string, number[][]>();
  for (const sample of samples) {
    const scores = scoresOf(sample);
    if (scores) byTeacher.set(sample.teacher, [...(byTeacher.get(sample.teacher) ?? []), scores]);
  }
  const temperatures = new Map([...byTeacher].map(([teacher, rows]) => [teacher, temperatureOf(rows)]));
  return samples.map((sample): ImportedLesson => {
    const { query, pos, pos_weights, neg_weights, weight, task, teacher, source } = sample;
    const others = othersOf(sample);
    const [right, wrong] = [pos.map((_, i) => pos_weights[i] ?? 1), others.map((_, i) => neg_weights[i] ?? 1)];
    const total = right.reduce((sum, share) => sum + share, 0);
    const scores = scoresOf(sample)?.slice(0, pos.length + others.length);
    const said = source === 'feedback' || teacher === 'user';
    const instruction = [sample['instruction'], sample['prompt']].find((text): text is string => typeof text === 'string' && text !== '');
    const type = typeof sample['type'] === 'string' ? sample['type'] : undefined;
    return {
      question: query, texts: [...pos, ...others], priors: [...pos, ...others].map(() => 0), weight, task, weights: [...right, ...wrong],
      target: [...right.map((share) => (total > 0 ? share / total : 0)), ...wrong.map(() => 0)],
      counts: [...right.map(() => 1), ...wrong.map((trust) => Math.min(1, Math.max(0, trust)))],
      set: type === undefined || type === 'normal' ? task : `${task} ${type}`,
      contents: [...new Set([...sample.pos_ids, ...sample.neg_ids].flatMap((name) => chunkNamed(name)?.contentHash ?? []))].filter((hash) => contents.has(hash)),
      ...(scores && { rewards: withLabels(scores.map((score) => score / (selectionOf(task).temperature ?? temperatures.get(teacher)!)), scores.map((_, i) => (said && right[i] !== undefined && right[i] >= OUTRIGHT ? 1 : undefined))) }),
      ...(instruction !== undefined && { instruction }), ...(type !== undefined && { type }),
    };
  });
}

/** What is not said to be right: the negatives; in a conversation its earlier turns. */
function othersOf({ neg, pos, type, history }: Sample): string[] {
  if (pos.length === 0 && neg.length === 0 && Array.isArray(history)) return history as string[];
  return type === 'only_1neg' ? neg.slice(0, 1) : neg;
}

function teaches(sample: Sample): boolean {
  const texts = sample.pos.length + othersOf(sample).length;
  const labelled = sample.pos_weights.length === 0 ? sample.pos.length > 0 : sample.pos_weights.some((trust) => trust > 0);
  return texts > 1 && ((labelled && sample.pos.length < texts) || scoresOf(sample) !== undefined);
}

/** A teacher's scores in the order right, then others. */
function scoresOf({ teacher_scores, pos_scores, neg_scores }: Sample): number[] | undefined {
  if (Array.isArray(teacher_scores) && teacher_scores.length > 0) return teacher_scores as number[];
  return Array.isArray(pos_scores) && Array.isArray(neg_scores) && pos_scores.length + neg_scores.length > 0 ? [...pos_scores, ...neg_scores] as number[] : undefined;
}

/**
 * Imported lessons as rows for the question's side, by meaning alone: a row's candidates are its own texts, and where a teacher
 * scored them and the task is taught, how much each should count is softmax of that. They are replayed along with the general pairs; the gate judges by
 * the person's own questions alone.
 */
export async function importedRows(lessons: readonly ImportedLesson[], embedder: Embedder, vectors: Vectors, rest: () => Promise<void>): Promise<JudgedRow[]> {
  const asked = await taskKnown(embedder);
  const rows: JudgedRow[] = [];
  for (const { question, texts, task, instruction, type, target, rewards, counts, weight, contents } of lessons) {
    const purpose = await asked(task, instruction);
    const [query] = await embedder.embed([question], 'query', purpose);
    const side = type?.startsWith('symmetric') ? 'query' : 'document';
    const documents = await embedder.embed([...texts], side, purpose);
    const shares = rewards && (selectionOf(task).taught || !target.some((share) => share > 0)) ? softmax(rewards) : target;
    rows.push({
      question, query: query!, weight, found: texts.length, positives: target.flatMap((share, i) => (share > 0 ? [i] : [])),
      candidates: Int32Array.from(documents, (document, i) => vectors.add(`sample ${side} ${purpose ?? ''} ${texts[i]}`, () => document)),
      fixed: new Float32Array(texts.length), slope: new Float32Array(texts.length).fill(SLOPE), target: Float32Array.from(shares), counts: Float32Array.from(counts),
      standing: new Uint8Array(texts.length), score: new Float32Array(texts.length), clues: noClues(texts.length), contents,
    });
    await setImmediate();
    await rest();
  }
  return rows;
}

/** From a row's task and instruction to what the embedder can be told of them: the task by name, else the instruction where it follows any. */
async function taskKnown(embedder: Embedder): Promise<(task: string, instruction: string | undefined) => Promise<string | undefined>> {
  let follows: boolean | undefined;
  return async (task, instruction) => {
    if (embedder.tasks?.includes(task)) return task;
    if (embedder.tasks === undefined || instruction === undefined) return undefined;
    // Whether it follows instructions is known from trying: one that does not throws.
    follows ??= await embedder.embed([''], 'query', instruction).then(() => true, () => false);
    return follows ? instruction : undefined;
  };
}

function softmax(rewards: readonly number[]): number[] {
  const best = Math.max(...rewards);
  const powers = rewards.map((reward) => Math.exp(reward - best));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}
