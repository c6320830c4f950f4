import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupOf, splitQuestions, type Splittable } from './holdout.ts';
import { sameFrom } from './same.ts';

test('a question stands for good where it was put, whatever is asked later', () => {
  const first = groupOf('How long is green tea brewed?', []);
  const known = [{ plain: 'how long is green tea brewed', group: first.group }];
  assert.deepEqual(groupOf('How long is green tea brewed?', known), first);
  assert.deepEqual(groupOf('HOW LONG is green tea brewed', []), first, 'by the question alone');
  assert.deepEqual(groupOf('For how long is green tea brewed??', known), first, 'nearly the same words are one group');
  assert.notEqual(groupOf('How long is black coffee roasted?', known).group, first.group);
});

test('one question in five is kept aside', () => {
  const heldOut = Array.from({ length: 1000 }, (_, i) => groupOf(`Question number ${i} about ${i * 7}`, [])).filter((group) => group.heldOut).length;
  assert.ok(heldOut > 160 && heldOut < 240, `${heldOut}`);
});

test('DM-4: nothing that is judged by leaks into what is learned from', () => {
  const question = (name: string, heldOut: boolean, chunk: string, content: string, vector?: Float32Array): Splittable & { name: string } =>
    ({ name, group: name, heldOut, chunks: [chunk], contents: [content], ...(vector && { vector }) });
  const questions = [
    question('held', true, 'a1', 'a', Float32Array.of(1, 0)), question('same chunk', false, 'a1', 'a'), question('same document', false, 'a2', 'a'),
    question('nearly the same', false, 'b1', 'b', Float32Array.of(0.99, 0.141)), question('free', false, 'c1', 'c', Float32Array.of(0, 1)),
  ];
  const names = (least: number) => splitQuestions(questions, least).train.map(({ name }) => name);
  assert.deepEqual(names(1), ['free']);
  assert.deepEqual(names(2), ['same document', 'free'], 'a shared document only where too few would be left');
  assert.deepEqual(splitQuestions(questions, 1).heldOut.map(({ name }) => name), ['held']);
});

test('how near two questions may be is measured from the embedder’s own background', () => {
  assert.equal(sameFrom(undefined), 0.97);
  assert.equal(sameFrom({ mean: 0 }), 0.97);
  assert.equal(sameFrom({ mean: 0.8 }).toFixed(3), '0.994', 'nine tenths and seven hundredths of the way from 0.8 to 1');
  const at = (cosine: number): Float32Array => Float32Array.of(cosine, Math.sqrt(1 - cosine ** 2));
  const questions: Splittable[] = [
    { group: 'held', heldOut: true, chunks: ['a'], contents: ['a'], vector: at(1) }, { group: 'near', heldOut: false, chunks: ['b'], contents: ['b'], vector: at(0.98) },
    { group: 'same', heldOut: false, chunks: ['c'], contents: ['c'], vector: at(0.995) },
  ];
  const learnedFrom = (mean: number) => splitQuestions(questions, 1, { mean, deviation: 0.02 }).train.map(({ group }) => group);
  assert.deepEqual(learnedFrom(0), []);
  assert.deepEqual(learnedFrom(0.8), ['near'], 'what is near to everything is not near to one');
});

test('questions with a positive chunk in common are one group, through others too; of those held out as well', () => {
  const question = (group: string, ...chunks: string[]): Splittable => ({ group, heldOut: false, contents: [], chunks });
  const { train } = splitQuestions([question('a', '1'), question('b', '1', '2'), question('c', '2'), question('d', '3'), question('d', '4'), question('e')], 1);
  const [a, b, c, d, again, e] = train.map(({ group }) => group);
  assert.deepEqual([a === b, b === c, d === again], [true, true, true]);
  assert.equal(new Set([a, d, e]).size, 3);
  const held = [question('f', '5'), question('g', '5'), question('h', '6')].map((one) => ({ ...one, heldOut: true }));
  const [f, g, h] = splitQuestions(held, 1).heldOut.map(({ group }) => group);
  assert.deepEqual([f === g, g === h], [true, false]);
});
