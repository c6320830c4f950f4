import type { LibraryId } from '../api.ts';
import type { Reading } from './contents.ts';
import { openDatabase, type Db } from './database.ts';
import { enqueue } from './documents.ts';
import { createLibrary } from './libraries.ts';

/** A fresh library file in memory, for tests. */
export function memoryDatabase(): { db: Db; library: LibraryId } {
  const db = openDatabase(':memory:');
  return { db, library: createLibrary(db, 'Test') };
}

/** A reading of one chunk a paragraph, words parted by spaces; the same paragraphs are the same file. */
export function readingOf(...paragraphs: string[]): Reading {
  let at = 0;
  const spans = paragraphs.map((text) => {
    const start = at;
    at += text.length + 2;
    return { text, start, end: start + text.length };
  });
  return {
    hash: `hash of ${paragraphs.join('|')}`,
    recipe: '1',
    parsed: {
      type: 'text', text: paragraphs.join('\n\n'), warnings: [],
      blocks: spans.map(({ text, start, end }) => ({ kind: 'paragraph', text, place: { start, end, headings: [] } })),
    },
    chunks: { parents: [{ start: 0, end: at }], chunks: spans.map((span) => ({ ...span, parent: 0, headings: [], tokens: 1 })) },
    words: paragraphs.map((text) => ({ words: text.toLowerCase(), characters: '', length: text.split(' ').length })),
    pages: paragraphs.map(() => undefined),
  };
}

/** Queues a file of this name. */
export function queue(db: Db, library: LibraryId, name: string, modified = 1) {
  return enqueue(db, library, { name, path: `/${name}`, bytes: 10, modified }).id;
}
