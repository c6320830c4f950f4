import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import type { FailureCode, Settings } from './api.ts';
import { split, type CountTokens } from './chunk.ts';
import { inContext } from './context.ts';
import { ParseFailure, placeOf } from './parse/document.ts';
import type { Parser } from './parse/sandbox.ts';
import { contentOf, type ContentId, type Reading } from './store/contents.ts';
import type { Db } from './store/database.ts';
import type { Waiting } from './store/documents.ts';
import { indexWords } from './words.ts';

/**
 * Version of everything between a file's bytes and its chunks. Raise it when parsing or chunking changes for the better:
 * every document is then read again in the background, its old content answering until the new one is there.
 */
export const RECIPE = '1';

/** A file of more bytes cannot be read at once, whatever the settings allow. */
const MOST_BYTES = 2 ** 31 - 1;

/** A scan that has been read for so long gives way to what is read faster. */
const PATIENCE = 10_000;

export interface ReadingParts {
  db: Db;
  parser: Parser;
  limits: () => Pick<Settings, 'parseSeconds' | 'parseMegabytes' | 'fileMegabytes'>;
  /** Milliseconds after which a scan gives way; 10,000 if absent. */
  patience?: number;
}

type Parsed = Pick<Reading, 'hash' | 'parsed'>;
export type Refused = { failure: FailureCode; reason: string };
export type Outcome = Parsed | { hash: string; content: ContentId } | Refused | { gaveWay: true };

/**
 * A file as far as it can be known without writing: its content if that is stored already, what it parses to, or why not.
 *
 * @param isPutOff asked before each page whose text is recognised: whether to leave off
 */
export async function open({ db, parser, limits, patience = PATIENCE }: ReadingParts, document: Waiting, password: string | undefined, isPutOff: () => boolean): Promise<Outcome> {
  const putOff = new AbortController();
  try {
    const { size } = await stat(document.path);
    const most = limits().fileMegabytes;
    const large = `The file has ${Math.ceil(size / 1024 / 1024)} MB, more than`;
    if (size > MOST_BYTES) return { failure: 'too-large', reason: `${large} can be read in one piece. Split it.` };
    if (size > most * 1024 * 1024) return { failure: 'too-large', reason: `${large} the ${most} MB allowed in the settings. Raise the limit or split the file.` };
    const bytes = await readFile(document.path);
    const hash = createHash('sha256').update(bytes).digest('hex');
    const content = contentOf(db, hash, RECIPE);
    if (content !== undefined) return { hash, content };
    const start = performance.now();
    const onSign = (): void => { if (performance.now() - start >= patience && isPutOff()) putOff.abort(); };
    return { hash, parsed: await parser.parse({ name: document.name, bytes }, { signal: putOff.signal, onSign, ...(password !== undefined && { password }) }) };
  } catch (error) {
    if (putOff.signal.aborted) return { gaveWay: true };
    if (error instanceof ParseFailure) return { failure: error.code, reason: error.message };
    // For the file's bytes, or for the parser's copy of them, there is no room.
    if (error instanceof RangeError || (error as Error).name === 'DataCloneError') {
      return { failure: 'too-much-memory', reason: `There is not enough memory to read ${document.name} just now. Close other programs and try again, or split the file.` };
    }
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') return { failure: 'missing', reason: `${document.path} is no longer there. Put it back, or remove it from the library.` };
    if (code !== undefined && 'syscall' in (error as object)) return { failure: 'unreadable', reason: `${document.path} cannot be opened (${code}). Check that it is there and that you may read it.` };
    throw error;
  }
}

/** Chunks of a parsed document with their tokens and pages. */
export function prepare({ hash, parsed }: Parsed, countTokens: CountTokens): Reading {
  const chunks = split(parsed, countTokens);
  return {
    hash, recipe: RECIPE, parsed, chunks,
    words: chunks.chunks.map((chunk) => indexWords(inContext(chunk, parsed.title))),
    pages: chunks.chunks.map((chunk) => placeOf(parsed, chunk.start, chunk.end).page),
  };
}

/** Tokens where no model is there to count them: a Chinese character is about one, an English word about four letters. */
export function roughly(text: string): number {
  let wide = 0;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x2e80) wide++;
  return wide + Math.ceil((text.length - wide) / 4);
}
