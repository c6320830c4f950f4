import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { RunProgress } from '../api.ts';
import { openCheckpoint, writeCheckpoint, type Checkpoint, type Weight } from '../nn/safetensors.ts';
import type { DeepState } from './deep-course.ts';

/**
 * A course's state in a safetensors file: weights as tensors, all else as JSON beside them. What a deep level learns may be a
 * hundred megabytes, and there it does not burden the library's file.
 */
export function saveDeepState(file: string, { finished, current }: DeepState, snapshot: string): void {
  const tensors: Record<string, Weight> = {};
  const put = (under: string, weights: Readonly<Record<string, Weight>>): void => {
    for (const [name, weight] of Object.entries(weights)) tensors[`${under}${AT}${name}`] = weight;
  };
  const over = Object.fromEntries(Object.entries(finished).map(([name, { weights, ...rest }]) => {
    if (weights) put(`finished ${name}`, weights);
    return [name, rest];
  }));
  const notes: Record<string, string> = { snapshot, finished: JSON.stringify(over) };
  if (current) {
    const { state: { step, weights, first, second }, best: { weights: best, ...bestRest }, ...rest } = current.training;
    const shaped = (data: Readonly<Record<string, Float32Array>>): Record<string, Weight> => Object.fromEntries(Object.entries(data).map(([name, values]) => [name, { shape: weights[name]!.shape, data: values }]));
    put('weights', weights);
    put('first', shaped(first));
    put('second', shaped(second));
    put('best', best);
    notes['current'] = JSON.stringify({ name: current.name, step, best: bestRest, rest });
  }
  mkdirSync(dirname(file), { recursive: true });
  writeCheckpoint(file, tensors, notes);
}

/** The state that was kept of a run that learns from the same; undefined where there is none. */
export function loadDeepState(file: string, snapshot: string): DeepState | undefined {
  if (!existsSync(file)) return undefined;
  const checkpoint = openCheckpoint(file);
  const { metadata } = checkpoint;
  if (metadata['snapshot'] !== snapshot) return undefined;
  const finished = JSON.parse(metadata['finished']!) as DeepState['finished'];
  for (const [name, over] of Object.entries(finished)) {
    const weights = weightsOf(checkpoint, `finished ${name}`);
    if (Object.keys(weights).length > 0) over.weights = weights;
  }
  if (metadata['current'] === undefined) return { finished };
  const { name, step, best, rest } = JSON.parse(metadata['current']) as { name: string; step: number; best: { pass: number; loss: number }; rest: { pass: number; at: number; curve: []; sum: number; done: boolean } };
  const values = (under: string): Record<string, Float32Array> => Object.fromEntries(Object.entries(weightsOf(checkpoint, under)).map(([key, { data }]) => [key, data]));
  return {
    finished,
    current: { name, training: { ...rest, state: { step, weights: weightsOf(checkpoint, 'weights'), first: values('first'), second: values('second') }, best: { ...best, weights: weightsOf(checkpoint, 'best') } } },
  };
}

/** Of a curve that was shown, what led up to a state; trainings that are over keep no curve of their own. */
export function curveUpTo({ finished, current }: DeepState, shown: RunProgress['curve']): RunProgress['curve'] {
  return [...shown.filter(({ training }) => training in finished), ...(current?.training.curve ?? []).map((point) => ({ training: current!.name, ...point }))];
}

export function dropDeepState(file: string): void {
  rmSync(file, { force: true });
}

/** Stands in no name of a layer. */
const AT = ' | ';

function weightsOf(checkpoint: Checkpoint, under: string): Record<string, Weight> {
  return Object.fromEntries(checkpoint.names.filter((name) => name.startsWith(under + AT)).map((name) => [name.slice(under.length + AT.length), { shape: checkpoint.shape(name), data: checkpoint.read(name) }]));
}
