import { openCheckpoint, writeCheckpoint, type Weight } from './safetensors.ts';

/**
 * AdamW (https://arxiv.org/abs/1711.05101), outside of the graph: weights and moments are plain arrays, so nothing is copied in
 * and out of ONNX Runtime but gradients. Clipping and schedules as in PyTorch and Transformers.
 */
export interface OptimizerOptions {
  /** Times what the schedule says. */
  learningRate: number;
  schedule: Schedule;
  beta1?: number;
  beta2?: number;
  epsilon?: number;
  /** Share of a weight taken away per step and learning rate; not for the names that `decays` refuses, such as biases. */
  weightDecay?: number;
  decays?: (name: string) => boolean;
  /** Largest allowed Euclidean norm of all gradients together; larger ones are shortened. */
  longest?: number;
}

/** What a run of training consists of at any moment. Everything else is options. */
export interface TrainingState {
  /** Steps taken. */
  step: number;
  weights: Record<string, Weight>;
  first: Record<string, Float32Array>;
  second: Record<string, Float32Array>;
}

/** Gradient of a table of which only some rows were used: row `indices[i]` of the table changes by row i of `data`. No index twice. */
export interface RowGradient { indices: number[]; width: number; data: Float32Array }
export type Gradients = Record<string, Float32Array | RowGradient>;

/** From the number of steps taken to a factor of the learning rate. */
export type Schedule = (step: number) => number;

/** Up from 0 over `warmup` steps, then in a straight line down to 0 at step `total`. */
export function linear(total: number, warmup: number): Schedule {
  return (step) => (step < warmup ? step / warmup : Math.max(0, (total - step) / Math.max(1, total - warmup)));
}

/** Up from 0 over `warmup` steps, then down to 0 at step `total` along half a cosine. */
export function cosine(total: number, warmup: number): Schedule {
  return (step) => (step < warmup ? step / warmup : 0.5 * (1 + Math.cos(Math.PI * Math.min(1, (step - warmup) / Math.max(1, total - warmup)))));
}

export function constantRate(): Schedule {
  return () => 1;
}

export function newState(weights: Record<string, Weight>): TrainingState {
  const zeros = (): Record<string, Float32Array> => Object.fromEntries(Object.entries(weights).map(([name, { data }]) => [name, new Float32Array(data.length)]));
  return { step: 0, weights, first: zeros(), second: zeros() };
}

/**
 * One step of training. The arrays belong to the state and are changed in place: only the returned state is valid afterwards.
 * `norm` is that of the gradients before they were shortened. Throws when it is not finite, leaving the state as it was.
 */
export function advance(state: TrainingState, gradients: Gradients, options: OptimizerOptions): { state: TrainingState; norm: number } {
  const norm = Math.sqrt(Object.values(gradients).reduce((sum, gradient) => sum + squares('data' in gradient ? gradient.data : gradient), 0));
  if (!Number.isFinite(norm)) throw new Error(`Training went astray at step ${state.step}: its gradient is no number any more. A smaller learning rate helps.`);
  const { longest = Infinity } = options;
  const share = Math.min(1, longest / (norm + 1e-6));
  for (const [name, gradient] of Object.entries(gradients)) {
    const weight = state.weights[name];
    if (weight === undefined) throw new Error(`There is a gradient for ${name}, which is not trained.`);
    const moved = mover(state, name, options);
    if ('data' in gradient) {
      if (gradient.data.length !== gradient.indices.length * gradient.width) throw new Error(`The gradient of ${name} has ${gradient.data.length} values for ${gradient.indices.length} rows of ${gradient.width}.`);
      gradient.indices.forEach((row, i) => moved(row * gradient.width, gradient.data.subarray(i * gradient.width, (i + 1) * gradient.width), share));
    } else {
      if (gradient.length !== weight.data.length) throw new Error(`The gradient of ${name} has ${gradient.length} values instead of ${weight.data.length}.`);
      moved(0, gradient, share);
    }
  }
  return { state: { ...state, step: state.step + 1 }, norm };
}

/** Moves a stretch of one weight against its gradient. */
function mover(state: TrainingState, name: string, options: OptimizerOptions): (start: number, gradient: Float32Array, share: number) => void {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.01, decays = () => true } = options;
  const [w, m, v] = [state.weights[name]!.data, state.first[name]!, state.second[name]!];
  const rate = options.learningRate * options.schedule(state.step);
  const kept = 1 - (decays(name) ? rate * weightDecay : 0);
  // The correction of the second moment is taken out of the loop: it is on the step and on epsilon.
  const correction = Math.sqrt(1 - beta2 ** (state.step + 1));
  const step = (rate / (1 - beta1 ** (state.step + 1))) * correction;
  const least = epsilon * correction;
  const [new1, new2] = [1 - beta1, 1 - beta2];
  return (start, gradient, share) => {
    for (let i = 0, at = start; i < gradient.length; i++, at++) {
      const g = gradient[i]! * share;
      const first = beta1 * m[at]! + new1 * g;
      const second = beta2 * v[at]! + new2 * g * g;
      m[at] = first;
      v[at] = second;
      w[at] = w[at]! * kept - (step * first) / (Math.sqrt(second) + least);
    }
  };
}

/** In four sums side by side: one alone would wait for every addition. */
function squares(values: Float32Array): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 3 < values.length; i += 4) {
    a += values[i]! ** 2;
    b += values[i + 1]! ** 2;
    c += values[i + 2]! ** 2;
    d += values[i + 3]! ** 2;
  }
  for (; i < values.length; i++) a += values[i]! ** 2;
  return a + b + (c + d);
}

const PARTS = ['weights', 'first', 'second'] as const;

/** Keeps a state, with whatever else is needed to go on from it (seeds, place in the data) as `notes`. */
export function saveState(file: string, state: TrainingState, notes: Record<string, string> = {}): void {
  const all: Record<string, Weight> = {};
  for (const part of PARTS) {
    for (const [name, { shape, data }] of Object.entries(state.weights)) all[`${part}/${name}`] = { shape, data: part === 'weights' ? data : state[part][name]! };
  }
  writeCheckpoint(file, all, { ...notes, step: String(state.step) });
}

export function loadState(file: string): { state: TrainingState; notes: Record<string, string> } {
  const checkpoint = openCheckpoint(file);
  const { step, ...notes } = checkpoint.metadata;
  if (step === undefined) throw new Error(`${file} is no state of a training run.`);
  const state: TrainingState = { step: Number(step), weights: {}, first: {}, second: {} };
  for (const full of checkpoint.names) {
    const [part, name] = [full.slice(0, full.indexOf('/')), full.slice(full.indexOf('/') + 1)];
    if (part === 'weights') state.weights[name] = { shape: checkpoint.shape(full), data: checkpoint.read(full) };
    else if (part === 'first' || part === 'second') state[part][name] = checkpoint.read(full);
  }
  return { state, notes };
}
