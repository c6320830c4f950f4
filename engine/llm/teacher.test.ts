import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Pair } from './llm.ts';
import { type LocalLlm, openLocalLlm } from './local.ts';
import { noLlama } from './testing/llama-here.ts';
import { writeMicroCopier } from './testing/micro-copier.ts';
import type { MicroLlama } from './testing/micro-llama.ts';

const folder = mkdtempSync(join(tmpdir(), 'lodestone-teacher-'));
after(() => rmSync(folder, { recursive: true }));

// Acceptance test LE-4, second half: with a model that reads, the passage that holds the answer is worth most.
describe('twenty facts', { skip: noLlama ?? false }, () => {
  const facts = Array.from({ length: 20 }, (_, i) => ({ box: 11 + 3 * i, code: String(1000 + ((i * 7919 + 4321) % 9000)) }));
  const asked = (knowledge: string, { box, code }: (typeof facts)[number]): Pair => ({ prompt: `Knowledge: ${knowledge}\n\nQuestion: What is the code of box ${box}?\n\nAnswer: `, answer: code });
  const told = ({ box, code }: (typeof facts)[number]): string => `The code of box ${box} is ${code}.`;
  let model: MicroLlama;
  let teacher: LocalLlm;
  before(async () => {
    model = writeMicroCopier(join(folder, 'copier.gguf'));
    teacher = await openLocalLlm(model.file, { threads: 1 });
  });
  after(() => teacher.close());

  test('the passage that tells the fact scores above every other and above none at all', async () => {
    let first = 0;
    for (const fact of facts) {
      const own = facts.indexOf(fact);
      const scores = await teacher.likelihood([...facts.map((other) => asked(told(other), fact)), asked('', fact)]);
      if (scores.every((score, i) => i === own || score < scores[own]!)) first++;
    }
    assert.ok(first >= 18, `${first} of 20`);
  });

  test('as computed in float64', async () => {
    const fact = facts[3]!;
    const pair = asked(told(fact), fact);
    const logs = model.logProbabilities(model.tokens(pair.prompt + pair.answer)).slice(-pair.answer.length);
    const [score] = await teacher.likelihood([pair]);
    assert.ok(Math.abs(score! - logs.reduce((sum, log) => sum + log, 0) / logs.length) < 1e-4, `${score}`);
  });
});
