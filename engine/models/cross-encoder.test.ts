import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { Random } from '../nn/random.ts';
import { writeCheckpoint } from '../nn/safetensors.ts';
import { openCrossEncoder, passageWindows, type CrossEncoder } from './cross-encoder.ts';
import { familyFolder, folderOf, recorded, weightsOf } from './fixtures/folder.ts';

const as = (text: string): { text: string } => ({ text });

describe('BCE reads long passages in windows (seeds BC-1)', () => {
  /** `question` counts the question's own tokens and the two around it. */
  const room = (question: number): number => 512 - question - 2;
  test('of 1,000 tokens beside a question of 20', () => assert.deepEqual(passageWindows(1000, room(20)), [[0, 490], [410, 900], [820, 1000]]));
  test('beside a question of 300: six, the last one short', () => {
    const windows = passageWindows(1000, room(300));
    assert.deepEqual([windows.length, windows[1], windows.at(-1)], [6, [158, 368], [790, 1000]]);
  });
  test('one where the passage fits, two where it is one token longer', () => {
    assert.deepEqual(passageWindows(498, room(12)), [[0, 498]]);
    assert.deepEqual(passageWindows(499, room(12)), [[0, 498], [418, 499]]);
  });
  test('none beside a question of 411', () => assert.throws(() => passageWindows(1000, room(411)), /too long to be read together with passages: it leaves them 99 tokens/));
  test('they leave no token out', () => {
    for (let length = 0; length < 700; length += 7) {
      const windows = passageWindows(length, 101);
      windows.forEach(([start], i) => assert.ok(i === 0 ? start === 0 : start <= windows[i - 1]![1]));
      assert.equal(windows.at(-1)![1], length);
    }
  });
});

/** The recorded reranker with positions for 256 tokens instead of 64. */
function longReranker(name: string): Promise<CrossEncoder> {
  const network = 'roberta-reranker';
  const folder = folderOf(name, network, { 'config.json': { ...recorded.networks[network]!.config, max_position_embeddings: 258 }, 'sentence_bert_config.json': undefined });
  const weights = weightsOf(network);
  const random = new Random(3);
  const positions = Object.keys(weights).find((weight) => weight.endsWith('position_embeddings.weight'))!;
  writeCheckpoint(path.join(folder, 'model.safetensors'), { ...weights, [positions]: { shape: [258, 16], data: Float32Array.from({ length: 258 * 16 }, () => 0.3 * random.normal()) } });
  return openCrossEncoder(folder);
}

test('what stands at the end of a long passage counts where windows are read, and is cut off elsewhere (seeds BC-2)', async () => {
  const bce = await longReranker('bce-reranker-base_v1');
  // One token a word, so a window of the passage is a text: 256 − 1 − 4 tokens of room, 62 of overlap, the second window from 189 on.
  const filler = (words: number): string => 'document '.repeat(words);
  const needles = ['人工智能', 'annual leave of employees', '数据库备份', 'who wrote this?'];
  let raised = 0;
  for (const needle of needles) {
    const [whole, first, second] = await bce.score('a', [filler(400) + needle, filler(251), filler(211) + needle].map(as));
    assert.ok(Math.abs(whole! - Math.max(first!, second!)) < 1e-4, `${whole} is not the better of ${first} and ${second}`);
    raised += Number(second! > first! + 1e-3);
  }
  assert.ok(raised > 0);
  await bce.close();
  const bge = await longReranker('bge-reranker-base');
  const logits = await bge.score('a', needles.map((needle) => as(filler(400) + needle)));
  assert.equal(new Set(logits).size, 1);
  await bge.close();
});

test('only the passage is cut, and a very long question to three quarters', async () => {
  const bge = await longReranker('bge-reranker-base');
  const question = 'document '.repeat(300);
  const [a, b, c] = await bge.score(question, ['人工智能', '数据库', `数据库${' document'.repeat(400)}`].map(as));
  assert.notEqual(a, b);
  assert.notEqual(b, c);
  await bge.close();
});

test('a score does not depend on the others, their order, or how many there are', async () => {
  const { family, folder, network, question } = recorded.logits[0]!;
  const reranker = await openCrossEncoder(familyFolder(family, folder, network));
  const together = await reranker.score(question, recorded.asked.map(as));
  const backwards = await reranker.score(question, [...recorded.asked].reverse().map(as));
  backwards.reverse().forEach((logit, i) => assert.ok(Math.abs(logit - together[i]!) < 1e-5));
  for (const [i, text] of recorded.asked.entries()) assert.ok(Math.abs((await reranker.score(question, [as(text)]))[0]! - together[i]!) < 1e-5);
  assert.deepEqual(await reranker.score(question, []), []);
  await reranker.close();
});

test('an empty passage keeps its place (seeds BC-3)', async () => {
  const { family, folder, network, question } = recorded.logits[1]!;
  const reranker = await openCrossEncoder(familyFolder(family, folder, network));
  const [first, , third] = await reranker.score(question, ['The lease ends.', '', '数据库'].map(as));
  const [alone, other] = await reranker.score(question, ['The lease ends.', '数据库'].map(as));
  assert.ok(Math.abs(first! - alone!) < 1e-5 && Math.abs(third! - other!) < 1e-5);
  await reranker.close();
});

test('instructions reach a cross-encoder that follows them', async () => {
  const { family, folder, network, question, logits } = recorded.logits.find((one) => one.family === 'tart-full')!;
  const reranker = await openCrossEncoder(familyFolder(family, folder, network));
  const [usual] = await reranker.score(question, [as(recorded.asked[0]!)]);
  const [same] = await reranker.score(question, [as(recorded.asked[0]!)], 'Retrieve a passage to answer this question');
  const [other] = await reranker.score(question, [as(recorded.asked[0]!)], 'Retrieve Python code');
  assert.ok(Math.abs(usual! - logits[0]!) < 1e-4);
  assert.equal(same, usual);
  assert.notEqual(other, usual);
  await reranker.close();
});

test('an embedder is no reranker', async () => {
  await assert.rejects(openCrossEncoder(familyFolder('bge-m3', 'bge-m3', 'roberta')), /is an embedder, not a reranker/);
});
