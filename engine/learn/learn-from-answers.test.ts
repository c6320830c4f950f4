import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Pair } from '../llm/llm.ts';
import { installedModels } from '../models/installed.ts';
import { Random } from '../nn/random.ts';
import { lessonsOfSamples, type ImportedLesson } from './imported.ts';
import { rewardsOf, type Teacher } from './reward.ts';
import { parseSamples } from './samples.ts';
import { shuffled } from './selection.ts';
import { openStaticTrainee } from './static-map.ts';
import { beginTexts, stepTexts, type TextOptions } from './train-texts.ts';
import type { Trainee } from './trainee.ts';

/** LE-8: two hundred questions with an answer and no label at all; a teacher says which passages make the answer likelier. */

const { models } = await installedModels([fileURLToPath(new URL('../../resources/models', import.meta.url))]);
const folder = models.find(({ manifest }) => manifest.role === 'embedder')!.folder;

/** What a thing is called in questions, and what it is called in the papers: of most, nothing a general model knows. */
const NAMES: [string, string][] = [
  ['database', 'harbour'], ['lease', 'violin'], ['engine', 'cheese'], ['holiday', 'granite'], ['salary', 'lantern'],
  ['printer', 'orchard'], ['contract', 'glacier'], ['garden', 'garden'], ['ticket', 'ticket'], ['medicine', 'medicine'],
];
const ASKED = ['what about the', 'who keeps the', 'when opens the', 'where is the', 'how old is the'];
const CANDIDATES = 8;

/** To whom an answer is as likely as its words stand in the knowledge. */
const teacher: Teacher = {
  count: async (texts) => texts.map((text) => String(text).split(' ').length),
  likelihood: async (pairs: readonly Pair[]) => pairs.map(({ prompt, answer }) => {
    const knowledge = prompt.slice('Knowledge: '.length, prompt.indexOf('\n\nQuestion: '));
    const words = answer.trim().split(' ');
    return -3 + (2.5 * words.filter((word) => knowledge.includes(word)).length) / words.length;
  }),
};

const passageOf = ([a, b]: readonly number[]): string => `In the papers the ${NAMES[a!]![1]} stands beside the ${NAMES[b!]![1]}.`;
const pairs = NAMES.flatMap((_, a) => NAMES.flatMap((__, b) => (a < b ? [[a, b]] : [])));

/** A question on two things, the passage that answers it among others, and what the teacher thinks of each. */
async function sampleOf(i: number): Promise<{ row: object; right: number }> {
  const random = new Random(i + 1);
  const [a, b] = pairs[i % pairs.length]!;
  const others = shuffled(pairs.filter(([c, d]) => c !== a || d !== b), random).slice(0, CANDIDATES - 1);
  const neg = shuffled([pairs[i % pairs.length]!, ...others].map(passageOf), random);
  const query = `${ASKED[Math.floor(i / pairs.length) % ASKED.length]} ${NAMES[a!]![0]} and the ${NAMES[b!]![0]}`;
  const { scores } = await rewardsOf(teacher, query, `${NAMES[a!]![1]} ${NAMES[b!]![1]}`, neg);
  return { row: { query, pos: [], neg, teacher_scores: scores, teacher: 'oracle', task: 'qa' }, right: neg.indexOf(passageOf([a!, b!])) };
}

async function ndcg(trainee: Trainee, weights: Parameters<Trainee['scores']>[1], asked: readonly { lesson: ImportedLesson; right: number }[]): Promise<number> {
  let sum = 0;
  for (const { lesson, right } of asked) {
    const scores = await trainee.scores(lesson, weights);
    const rank = [...scores].filter((score) => score > scores[right]!).length;
    if (rank < 5) sum += 1 / Math.log2(rank + 2);
  }
  return sum / asked.length;
}

test('fifty steps on a teacher’s rewards alone raise what is found for questions never seen; on rewards dealt out at random they do not', async () => {
  const made = await Promise.all(Array.from({ length: 200 }, (_, i) => sampleOf(i)));
  // Whole pairs of things are kept aside, in every wording.
  const kept = new Set(shuffled(pairs.map((_, i) => i), new Random(7)).slice(0, 12));
  const lessonsOf = (rows: readonly { row: object }[]): ImportedLesson[] => lessonsOfSamples(parseSamples(rows.map(({ row }) => JSON.stringify(row)).join('\n')), new Set());
  const asked = made.flatMap((one, i) => (kept.has(i % pairs.length) ? [one] : [])).slice(0, 50);
  const train = made.filter((_, i) => !kept.has(i % pairs.length));
  const judged = lessonsOf(asked).map((lesson, i) => ({ lesson, right: asked[i]!.right }));
  const taught = lessonsOf(train);
  assert.ok(taught.every(({ target, rewards }) => target.every((share) => share === 0) && rewards!.length === CANDIDATES), 'nobody named what is right');

  const options: TextOptions = { passes: 5, batch: 16, texts: 8, learningRate: 0.01, seed: 1, temperature: 0.05 };
  const trainee = await openStaticTrainee(folder);
  const learned = async (lessons: readonly ImportedLesson[]): Promise<number> => {
    let training = await beginTexts(trainee, lessons.slice(0, 20), options);
    for (let step = 0; step < 50 && !training.done; step++) training = await stepTexts(trainee, lessons, lessons.slice(0, 20), training, options);
    return ndcg(trainee, training.state.weights, judged);
  };
  const before = await ndcg(trainee, trainee.begin(1), judged);
  const after = await learned(taught);
  const chances: number[] = [];
  for (let deal = 1; deal <= 5; deal++) chances.push(await learned(taught.map((lesson, i) => ({ ...lesson, rewards: shuffled(lesson.rewards!, new Random(1000 * deal + i)) }))));
  await trainee.close();
  assert.ok(after >= before + 0.1, `${before} → ${after}`);
  const chance = chances.reduce((sum, value) => sum + value, 0) / chances.length;
  assert.ok(chance <= before, `${before} → ${chances.join(' ')}`);
});
