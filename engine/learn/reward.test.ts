import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Pair } from '../llm/llm.ts';
import { effective, fitTeacher, rewardsOf, scoringPair, teaches, temperatureOf, withLabels, type Teacher } from './reward.ts';

/** A teacher whose tokens are characters, and to whom an answer is as likely as its characters stand in the knowledge. */
function oracle(): Teacher & { asked: Pair[] } {
  const asked: Pair[] = [];
  return {
    asked,
    count: async (texts) => texts.map((text) => [...String(text)].length),
    async likelihood(pairs) {
      asked.push(...pairs);
      return pairs.map(({ prompt, answer }) => {
        const knowledge = prompt.slice('Knowledge: '.length, prompt.indexOf('\n\nQuestion: '));
        const words = answer.trim().split(' ');
        return -3 + (2.5 * words.filter((word) => knowledge.includes(word)).length) / words.length;
      });
    },
  };
}

test('the prompt is LLM-Embedder’s, each part stripped; the answer begins with the space before it', () => {
  assert.deepEqual(scoringPair(' q ', ' a ', ' k '), { prompt: 'Knowledge: k\n\nQuestion: q\n\nAnswer:', answer: ' a' });
});

test('LE-4: the chunk that holds the fact scores above every distractor, and r(∅) is scored along', async () => {
  const teacher = oracle();
  for (let fact = 0; fact < 20; fact++) {
    const chunks = Array.from({ length: 8 }, (_, box) => `The code of box ${box} is ${box * 7919 + 100}.`);
    const { scores, none } = await rewardsOf(teacher, `What is the code of box ${fact % 8}?`, String((fact % 8) * 7919 + 100), chunks);
    assert.equal(scores.indexOf(Math.max(...scores)), fact % 8);
    assert.ok(none < Math.max(...scores));
  }
});

test('long chunks and answers are cut to the model’s tokens, between code points', async () => {
  const teacher = oracle();
  await rewardsOf(teacher, 'q', '答'.repeat(300), ['😀'.repeat(600), 'short']);
  const [empty, long, short] = teacher.asked;
  assert.equal(empty!.prompt, 'Knowledge: \n\nQuestion: q\n\nAnswer:');
  assert.deepEqual([[...long!.answer.trim()].length, long!.prompt.split('😀').length - 1, short!.prompt.includes('short')], [128, 512, true]);
  assert.ok(!long!.prompt.includes('\ufffd'));
});

test('the person’s word stands above the teacher’s, and leaves the rest in its order', () => {
  assert.deepEqual(withLabels([-1, -3, -2, -0.5], [undefined, 1, undefined, 0]), [-1, 0.5, -2, -4]);
});

test('a row teaches where some chunk raises the answer over none by the margin', () => {
  assert.equal(teaches({ scores: [-1, -2], none: -1.05 }, 0.1), false);
  assert.equal(teaches({ scores: [-1, -2], none: -1.2 }, 0.1), true);
});

test('a teacher that foretells the thumbs is used, one that guesses is not, nor one that was hardly tried', () => {
  const row = (good: boolean, i: number) => ({ scores: good ? [-1, -2, -2.5] : [[-1, -2, -2.5], [-2, -1, -2.5]][i % 2]!, none: -2.2, labels: [1, 0, undefined] as const });
  const good = fitTeacher(Array.from({ length: 30 }, (_, i) => row(true, i)));
  assert.deepEqual([good.auc, good.pairs, good.usable], [1, 30, true]);
  const guess = fitTeacher(Array.from({ length: 30 }, (_, i) => row(false, i)));
  assert.deepEqual([guess.auc, guess.usable], [0.5, false]);
  assert.equal(fitTeacher(Array.from({ length: 5 }, (_, i) => row(true, i))).usable, false);
});

test('the temperature leaves the median row two chunks that count, whatever the scale of the scores', () => {
  const rows = [[-1, -1.1, -1.3, -2], [-0.2, -0.25, -0.9, -1], [-3, -3.2, -3.3, -3.6]];
  for (const scale of [0.01, 1, 100]) {
    const scaled = rows.map((scores) => scores.map((score) => score * scale));
    const temperature = temperatureOf(scaled);
    const counts = scaled.map((scores) => effective(scores, temperature)).sort((a, b) => a - b);
    assert.ok(Math.abs(counts[1]! - 2) < 0.01, String(counts));
  }
  assert.equal(effective([0, 0, 0], 1).toFixed(6), '3.000000');
});
