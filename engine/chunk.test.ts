import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Block } from './api.ts';
import { split, type ChunkSizes, type Chunks } from './chunk.ts';
import { assemble, type Draft, type ParsedDocument } from './parse/document.ts';

/** One token per Han character or run of letters; punctuation is free. */
const countTokens = (text: string): number => text.match(/\p{Script=Han}|[a-zA-Z0-9]+/gu)?.length ?? 0;

const h = (level: number, text: string): Draft => ({ kind: 'heading', level, text });
const p = (text: string): Draft => ({ kind: 'paragraph', text });
const document = (...drafts: Draft[]): ParsedDocument => assemble('markdown', drafts);
const texts = (chunks: Chunks): string[] => chunks.chunks.map((chunk) => chunk.text);
const words = (count: number, word = 'word'): string => Array.from({ length: count }, (_, i) => `${word}${i}`).join(' ');

test('a heading goes with the text that follows it, and a section ends at the next heading', () => {
  const chunks = split(document(h(1, 'Garden'), h(2, 'Roses'), p('They need sun.'), p('Water them.'), h(2, 'Moss'), p('It needs shade.')), countTokens);
  assert.deepEqual(texts(chunks), ['Garden\n\nRoses\n\nThey need sun.\n\nWater them.', 'Moss\n\nIt needs shade.']);
  assert.deepEqual(chunks.chunks.map((chunk) => chunk.headings), [['Garden', 'Roses'], ['Garden', 'Moss']]);
  assert.equal(chunks.parents.length, 1, 'both sections fit into one parent');
});

test('sentences are never cut', () => {
  const chunks = split(document(p('第一句说的是春天。第二句说的是夏天！Third is autumn. 第四句说的是冬天？')), countTokens, { parentTokens: 100, childTokens: 16 });
  assert.deepEqual(texts(chunks), ['第一句说的是春天。第二句说的是夏天！', 'Third is autumn. 第四句说的是冬天？']);
});

test('a sentence longer than the budget is cut after a clause', () => {
  const chunks = split(document(p(`${words(8, 'a')}, ${words(8, 'b')}, ${words(8, 'c')}.`)), countTokens, { parentTokens: 100, childTokens: 12 });
  assert.ok(chunks.chunks.every((chunk) => chunk.tokens <= 12));
  assert.match(chunks.chunks[0]!.text, /,$/);
});

test('a table that fits stays whole; a longer one is cut by rows and each piece knows the header', () => {
  const rows = ['name\tprice', ...Array.from({ length: 9 }, (_, i) => `item${i}\t${i}`)];
  const table: Draft = { kind: 'table', headerRows: 1, text: rows.join('\n') };
  assert.equal(split(document(table), countTokens).chunks.length, 1);
  const chunks = split(document(h(1, 'Prices'), table), countTokens, { parentTokens: 100, childTokens: 10 }).chunks;
  assert.match(chunks[0]!.text, /^Prices\n\nname\tprice\nitem0\t0\n/);
  assert.equal(chunks[0]!.header, undefined);
  assert.ok(chunks.length > 1);
  for (const chunk of chunks.slice(1)) {
    assert.equal(chunk.header, 'name\tprice');
    assert.match(chunk.text, /^item\d/);
    assert.ok(chunk.tokens <= 10);
  }
});

test('a listing is cut between lines', () => {
  const code = Array.from({ length: 12 }, (_, i) => `let value${i} = ${i};`).join('\n');
  for (const text of texts(split(document({ kind: 'code', text: code }), countTokens, { parentTokens: 100, childTokens: 10 }))) {
    assert.match(text, /^let[^]*;$/);
  }
});

test('a section that fits into a parent is not torn over two', () => {
  const section = (name: string) => [h(2, name), p(`${words(9, 'Word')}. ${words(7, 'Word')}.`), p(`${words(10)}.`)];
  const { parents, chunks } = split(document(h(1, 'All'), ...section('one'), ...section('two')), countTokens, { parentTokens: 40, childTokens: 20 });
  assert.equal(parents.length, 2);
  assert.deepEqual(chunks.map((chunk) => chunk.parent), [0, 0, 1, 1]);
});

test('a heading at the very end is not lost', () => {
  assert.deepEqual(texts(split(document(p('Text.'), h(1, 'Appendix')), countTokens)), ['Text.', 'Appendix']);
});

/** A small random source that can be repeated (mulberry32). */
function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function randomDocument(seed: number): ParsedDocument {
  const next = random(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)]!;
  const sentence = (): string => pick([
    () => `${words(1 + Math.floor(next() * 30), pick(['tree', 'stone']))}${pick(['.', '!', '?', ';'])} `,
    () => '春夏秋冬天地玄黄，'.repeat(1 + Math.floor(next() * 6)) + pick(['。', '！', '……']),
    () => '𠮷'.repeat(Math.floor(next() * 40)) + '  \n',
    () => 'x'.repeat(Math.floor(next() * 90)),
  ])();
  const lines = (line: () => string) => Array.from({ length: 1 + Math.floor(next() * 12) }, line).join('\n');
  const kinds: Block['kind'][] = ['heading', 'paragraph', 'paragraph', 'paragraph', 'list-item', 'table', 'code', 'quote'];
  return assemble('text', Array.from({ length: Math.floor(next() * 25) }, (): Draft => {
    const kind = pick(kinds);
    switch (kind) {
      case 'heading': return h(1 + Math.floor(next() * 4), next() < 0.1 ? words(60) : words(3, 'title'));
      case 'table': return { kind, headerRows: Math.floor(next() * 3), text: lines(() => `${words(3)}\t${words(Math.floor(next() * 20))}`) };
      case 'code': return { kind, text: lines(() => `  call(${words(Math.floor(next() * 9))});`) };
      default: return { kind, text: Array.from({ length: 1 + Math.floor(next() * 9) }, sentence).join('') };
    }
  }));
}

/** Counts so that a sum over parts is exact wherever a text is cut. */
const letters = (text: string): number => text.replace(/\s/g, '').length;

test('children hold all the text but white space exactly once, in order, within the budgets, inside their parents', () => {
  for (let seed = 1; seed <= 400; seed++) {
    const parsed = randomDocument(seed);
    const childTokens = 12 + (seed % 200);
    const sizes: ChunkSizes = { childTokens, parentTokens: childTokens * (1 + (seed % 4)) };
    const { parents, chunks } = split(parsed, letters, sizes);
    let at = 0;
    for (const chunk of chunks) {
      const where = `seed ${seed}, offset ${chunk.start}`;
      assert.ok(chunk.start >= at, where);
      assert.equal(parsed.text.slice(at, chunk.start).trim(), '', where);
      assert.equal(chunk.text, parsed.text.slice(chunk.start, chunk.end), where);
      assert.notEqual(chunk.text.trim(), '', where);
      assert.ok(chunk.tokens <= childTokens, `${where}: ${chunk.tokens} tokens`);
      assert.equal(chunk.tokens, letters(chunk.text) + letters(chunk.header ?? ''), where);
      const parent = parents[chunk.parent]!;
      assert.ok(parent.start <= chunk.start && chunk.end <= parent.end, where);
      at = chunk.end;
    }
    assert.equal(parsed.text.slice(at).trim(), '', `seed ${seed}`);
    parents.forEach((parent, i) => {
      const own = chunks.filter((chunk) => chunk.parent === i);
      assert.ok(own.length > 0 && own.reduce((sum, chunk) => sum + chunk.tokens, 0) <= sizes.parentTokens, `seed ${seed}`);
      assert.ok(i === 0 || parents[i - 1]!.end <= parent.start, `seed ${seed}`);
    });
  }
});

test('a document eight times as long takes about eight times as long to split', () => {
  const taken = (paragraphs: number): number => {
    const parsed = document(...Array.from({ length: paragraphs }, (_, i) => i % 10 ? p(`${words(10, 'Stone')}. 春夏秋冬天地玄黄，宇宙洪荒。`.repeat(12)) : h(2, `Part ${i}`)));
    return Math.min(...Array.from({ length: 3 }, () => {
      const begun = performance.now();
      split(parsed, (text) => text.length >> 2);
      return performance.now() - begun;
    }));
  };
  taken(500);
  // Whatever grew with the square of the length would take 64 times as long.
  assert.ok(taken(4000) < 32 * taken(500));
});

test('one paragraph may have more sentences than a call takes arguments', () => {
  const { chunks } = split(document(p('Short. '.repeat(200_000))), countTokens);
  assert.equal(chunks.reduce((sum, { tokens }) => sum + tokens, 0), 200_000);
});
