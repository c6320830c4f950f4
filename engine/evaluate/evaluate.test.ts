import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseMarkdown } from '../parse/markdown.ts';
import { evaluateSet, markdown } from './evaluate.ts';

test('a text survives as Markdown, whatever its marks', async () => {
  for (const text of ['1. a * b _c_ <d> `e` [f](g) | h | # i', '# no heading', '- no list', '    no code', '> no quote\n===\n--- ', '&amp; \\ 茶', '```\nx', '<!-- y -->']) {
    const parsed = await parseMarkdown(new TextEncoder().encode(markdown('T* 1', text)));
    assert.deepEqual(parsed.blocks.map(({ kind }) => kind), ['heading', 'paragraph'], text);
    assert.equal(parsed.title, 'T* 1');
    assert.equal(parsed.blocks[1]!.text.replace(/\s+/g, ''), text.replace(/\s+/g, ''));
  }
});

test('a set is indexed by the real engine and asked of every leg', async () => {
  const texts = ['The owl hunts at night.', 'Green tea is steamed.', '茶叶在夏天采摘。', 'Raft elects a leader by vote.'];
  const { chunks, results } = await evaluateSet({
    name: 'small', documents: texts.map((text, i) => ({ id: `d${i}`, title: '', text })),
    questions: [{ id: 'q0', text: 'which bird hunts at night, the owl?' }, { id: 'q1', text: '夏天采摘' }, { id: 'q2', text: 'raft leader' }],
    judged: new Map([['q0', new Map([['d0', 1]])], ['q1', new Map([['d2', 1]])], ['q2', new Map([['d3', 1]])]]),
  });
  assert.equal(chunks, 4);
  for (const { leg, quality, run } of results) {
    if (leg !== 'vectors') assert.equal(quality.ndcg10, 1, leg);
    assert.deepEqual([...run.keys()], ['q0', 'q1', 'q2']);
  }
});
