import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runDeepCourse, type DeepData, type DeepLesson, type DeepOutcome } from './deep-course.ts';
import { TRAININGS } from './deep-model.ts';
import type { Trainee } from './trainee.ts';

/**
 * A model of three numbers, with which it is known what learning does: by how much right passages stand above wrong ones, how
 * high all scores lie, and how much higher those of passages on other matters. Every step moves each by as much as `moves` says.
 */
function trainee(moves: readonly [right: number, all: number, elsewhere: number]): Trainee {
  const weights = (data: Float32Array) => ({ three: { shape: [3], data } });
  return {
    begin: () => weights(new Float32Array(3)),
    gradients: async (_, { three }) => ({ loss: Math.exp(-three!.data[0]!), gradients: { three: Float32Array.from(moves, (move) => -move) } }),
    async scores({ texts }, { three }) {
      const [right, all, elsewhere] = three!.data as unknown as [number, number, number];
      return Float32Array.from(texts, (text) => (text.startsWith('elsewhere') ? 1 + 2 * elsewhere : text.startsWith('right') ? 3 + right / 2 : 3) + 2 * all);
    },
    atStrength: ({ three }, strength) => weights(three!.data.map((value) => value * strength)),
    kept: (learned) => ({ ...learned }),
    close: async () => undefined,
  };
}

function lesson(i: number, texts: string[]): DeepLesson {
  return { question: `question ${i}`, texts, priors: texts.map(() => 0), target: texts.map((text) => Number(text.startsWith('right'))), counts: texts.map(() => 1), weight: 1, group: `g${i}`, found: texts.length, seen: texts.map((_, place) => place) };
}

const data: DeepData = {
  train: Array.from({ length: 60 }, (_, i) => lesson(i, ['wrong a', 'wrong b', `right ${i}`, 'wrong c'])), heldOut: [], guard: [], replay: [],
  unanswerable: Array.from({ length: 30 }, (_, i) => lesson(100 + i, ['elsewhere a', 'elsewhere b'])),
};
/** Right passages have log-odds of 3 at first and those on other matters of 1. */
const ENOUGH = 2;

const course = (moves: Parameters<typeof trainee>[0]): Promise<DeepOutcome> => runDeepCourse(trainee(moves), data, {
  passes: 10, batch: 8, texts: 4, learningRate: 0.1, seed: 1, temperature: 1, folds: 3, controls: 0, controlFolds: 1,
}, { logOdds: ENOUGH }, { finished: {} }, { passed: async () => undefined });

test('a deep candidate is judged by where its own scores tell answered questions from others, and by whether the threshold in use still lets them pass', async () => {
  const found = await Promise.all(([[1, 0, 0], [1, 1, 0], [1, 0, 1], [1, -1, 0]] as const).map((moves) => course(moves)));
  for (const { gain, bound } of found) assert.ok(gain > 0.3 && bound > 0);
  const [sound, surer, elsewhere, sunk] = found.map(({ refusals }) => refusals);
  assert.deepEqual(sound, []);
  assert.deepEqual(surer, [], 'being surer of everything is no harm');
  assert.deepEqual(elsewhere, ['answers-unanswerable'], 'being surer of what is not answered is');
  assert.deepEqual(sunk, ['answers-fewer'], 'where every score sinks, nothing right is answered any more');
});

test('every way of training is judged by thirty questions that the library does not answer, at least', () => {
  for (const { general } of Object.values(TRAININGS)) assert.ok(general.unanswerable >= 30);
});
