import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spoken, type Said } from './spoken.ts';

async function* pieces(text: string, length: number): AsyncGenerator<string> {
  for (let i = 0; i < text.length; i += length) yield text.slice(i, i + length);
}
async function heard(text: string, length = 3): Promise<Said[]> {
  const said: Said[] = [];
  for await (const one of spoken(pieces(text, length))) said.push(one);
  return said;
}
const sentencesOf = (said: Said[]) => said.filter((one) => one.kind === 'sentence').map(({ text, marks }) => [text, marks]);

test('however the text is cut on its way, the same sentences come out, marks apart', async () => {
  const text = 'The lease ends on 31 March 2031 [2]. It costs 2.5 % more each year.[1][3] 押金是 4,440 英镑【4】。“三个月的租金。”[1, 2]\n\nMr. Osei knows 【5】.';
  for (let length = 1; length < 40; length++) {
    assert.deepEqual(sentencesOf(await heard(text, length)), [
      ['The lease ends on 31 March 2031.', [2]], ['It costs 2.5 % more each year.', [1, 3]], ['押金是 4,440 英镑。', [4]], ['“三个月的租金。”', [1, 2]], ['Mr. Osei knows.', [5]],
    ], `in pieces of ${length}`);
  }
});

test('a sentence is said as soon as the next one begins; until then it is a tail without half a mark', async () => {
  const said = await heard('In May. [1] And in June', 4);
  const first = said.findIndex(({ kind }) => kind === 'sentence');
  assert.deepEqual(said.slice(0, first).map((one) => one.kind === 'tail' && one.text), ['In M', 'In May.']);
  assert.deepEqual(said.at(-1), { kind: 'sentence', text: 'And in June', marks: [], opens: false });
});

test('NOT_FOUND is no sentence, and nothing of it is shown', async () => {
  for (const text of ['NOT_FOUND', ' NOT_FOUND.', '**NOT_FOUND**', '“NOT_FOUND”', 'NOT_FOUND\n\nThe passages do not say.']) assert.deepEqual(await heard(text, 2), [{ kind: 'nothing' }]);
  assert.deepEqual(sentencesOf(await heard('Nothing is due in May.')), [['Nothing is due in May.', []]]);
});

test('thoughts and markup are left out; a new paragraph opens', async () => {
  const said = await heard('<think>The lease [1] says…</think>\n\n## Rent\n\n- **Due** on the third day [1]\n- Rises by 2.5 % [2]');
  assert.deepEqual(said.filter(({ kind }) => kind === 'sentence'), [
    { kind: 'sentence', text: 'Rent', marks: [], opens: false },
    { kind: 'sentence', text: 'Due on the third day', marks: [1], opens: true },
    { kind: 'sentence', text: 'Rises by 2.5 %', marks: [2], opens: true },
  ]);
});

test('a model that says nothing says nothing', async () => {
  assert.deepEqual(await heard(''), []);
  assert.deepEqual(await heard('<think>hm'), []);
});
