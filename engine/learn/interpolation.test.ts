import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { installedModels } from '../models/installed.ts';
import { makeRecordedFolder } from '../models/testing.ts';
import { openCheckpoint, type Weight } from '../nn/safetensors.ts';
import { openLateTrainee } from './late-head.ts';
import { writeLearnedFolder } from './learned-folder.ts';
import { openEmbedderTrainee } from './lora-embedder.ts';
import { openRerankerTrainee } from './lora-reranker.ts';
import { openStaticTrainee } from './static-map.ts';
import { scoresOfFolder } from './testing.ts';
import { LORA, type TextLesson, type Trainee } from './trainee.ts';

/** BG-7: what was learned at strength 0 is the base to the byte, at 1 all that was learned, and between them ever more of it. */

const root = mkdtempSync(path.join(tmpdir(), 'interpolation-'));
after(() => rmSync(root, { recursive: true }));
const { models } = await installedModels([fileURLToPath(new URL('../../resources/models', import.meta.url))]);
const bundled = (role: string): string => models.find(({ manifest }) => manifest.role === role)!.folder;

const LESSON: TextLesson = {
  question: 'where is the ferry', texts: ['the ferry waits at the quay', 'cheese and bread', '渡轮在这里', 'the boiler is warm'], priors: [0.5, 0.25, 0, -0.5], target: [1, 0, 0, 0], counts: [1, 1, 1, 1], weight: 1,
};
const moved = (weights: Readonly<Record<string, Weight>>): Record<string, Weight> => Object.fromEntries(Object.entries(weights).map(([name, { shape, data }]) => [name, { shape, data: data.map((value, i) => value + 0.05 * Math.sin(i + 1)) }]));
const distance = (a: Readonly<Record<string, Weight>>, b: Readonly<Record<string, Weight>>): number => Math.hypot(...Object.keys(a).map((name) => Math.hypot(...a[name]!.data.map((value, i) => value - b[name]!.data[i]!))));

const OPEN: [name: string, open: () => Promise<Trainee>][] = [
  ['LoRA on a reranker', async () => openRerankerTrainee(await makeRecordedFolder(path.join(root, 'bge-reranker-tiny'), 'bert-reranker'))],
  ['LoRA on an embedder', async () => openEmbedderTrainee(await makeRecordedFolder(path.join(root, 'bge-small-en-tiny'), 'bert'))],
  ['the head of the reranker that ships', () => openLateTrainee(bundled('reranker'), [LESSON])],
  ['the map of the embedder that ships', () => openStaticTrainee(bundled('embedder'))],
];
for (const [name, open] of OPEN) {
  test(`${name} at no strength scores as the base does, bit for bit, and ever more as what was learned`, async () => {
    const trainee = await open();
    const [base, learned] = [trainee.begin(1), moved(trainee.begin(1))];
    const [none, all] = [trainee.atStrength(learned, 0), trainee.atStrength(learned, 1)];
    const shipped = await trainee.scores(LESSON, base);
    assert.deepEqual(await trainee.scores(LESSON, none), shipped);
    assert.deepEqual(await trainee.scores(LESSON, all), await trainee.scores(LESSON, learned));
    assert.notDeepEqual(await trainee.scores(LESSON, all), shipped);
    const kept = [0, 0.25, 0.5, 0.75, 1].map((strength) => distance(trainee.atStrength(learned, strength), none));
    assert.equal(kept[0], 0);
    for (let i = 1; i < kept.length; i++) assert.ok(kept[i]! > kept[i - 1]!, kept.join(' '));
    await trainee.close();
  });
}

test('a folder written at no strength holds the base’s weights and ranks as it does; between, its weights are on the way', async () => {
  const folder = await makeRecordedFolder(path.join(root, 'bge-reranker-base'), 'bert-reranker');
  const trainee = await openRerankerTrainee(folder);
  const learned = moved(trainee.begin(1));
  const base = openCheckpoint(path.join(folder, 'model.safetensors'));
  const far: number[] = [];
  for (const strength of [0, 0.25, 0.5, 1]) {
    const out = path.join(root, `at ${strength}`, 'bge-reranker-base');
    await writeLearnedFolder(folder, trainee.atStrength(learned, strength), LORA, out);
    const made = openCheckpoint(path.join(out, 'model.safetensors'));
    far.push(Math.hypot(...base.names.map((name) => Math.hypot(...base.read(name).map((value, i) => value - made.read(name)[i]!)))));
    if (strength === 0) {
      for (const name of base.names) assert.deepEqual(made.read(name), base.read(name), name);
      assert.deepEqual(await scoresOfFolder(out, 'reranker', LESSON), await scoresOfFolder(folder, 'reranker', LESSON));
    }
  }
  assert.ok(far[0] === 0 && far[1]! < far[2]! && far[2]! < far[3]!, far.join(' '));
  await trainee.close();
});
