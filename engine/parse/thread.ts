/** The parsing thread: reads a file, parses it, posts the document or the reason it could not be. See sandbox.ts. */
import { readFile, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { parentPort } from 'node:worker_threads';

import type { FailureCode } from '../api.ts';
import { ParseFailure } from './document.ts';
import type { ParsedDocument } from './document.ts';
import { parseBytes } from './parsers.ts';

export interface Task { file: string | { name: string; bytes: Uint8Array }; password?: string; fileMegabytes: number }
export type Outcome = { document: ParsedDocument } | { code: FailureCode; message: string };
/** Text is being recognised: the file takes its time, but it gets on. */
export interface Sign { alive: true }

async function run({ file, password, fileMegabytes }: Task): Promise<Outcome> {
  try {
    const bytes = typeof file === 'string' ? await read(file, fileMegabytes) : file.bytes;
    checkSize(bytes.length, fileMegabytes);
    const onSign = (): void => parentPort!.postMessage({ alive: true } satisfies Sign);
    return { document: await parseBytes(typeof file === 'string' ? basename(file) : file.name, bytes, { onSign, ...(password !== undefined && { password }) }) };
  } catch (error) {
    return outcomeOf(error);
  }
}

async function read(path: string, fileMegabytes: number): Promise<Uint8Array> {
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) throw new ParseFailure('unreadable', 'This is a folder, not a file. Add it with "Add folder" to take in what is in it.');
    if (!stats.isFile()) throw new ParseFailure('unreadable', 'This is not an ordinary file, so it cannot be read.');
    checkSize(stats.size, fileMegabytes);
    const file = await readFile(path);
    return new Uint8Array(file.buffer, file.byteOffset, file.byteLength); // pdf.js refuses a Buffer.
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new ParseFailure('missing', 'The file is no longer there. Put it back, or remove it from the library.');
    if (code === 'EACCES' || code === 'EPERM') throw new ParseFailure('unreadable', 'You are not allowed to read this file. Change its permissions, or copy it to a folder of yours.');
    if (error instanceof ParseFailure || error instanceof RangeError) throw error;
    throw new ParseFailure('unreadable', `The file could not be read (${String(code ?? error)}). Check the disk or the connection it lies on and try again.`);
  }
}

function checkSize(bytes: number, megabytes: number): void {
  if (bytes <= megabytes * 1024 * 1024) return;
  const size = Math.ceil(bytes / 1024 / 1024).toLocaleString('en');
  throw new ParseFailure('too-large', `The file has ${size} MB, more than the ${megabytes.toLocaleString('en')} MB allowed. Split it, or raise the limit in the settings.`);
}

function outcomeOf(error: unknown): Outcome {
  if (error instanceof ParseFailure) return { code: error.code, message: error.message };
  if (error instanceof RangeError) {
    if (/call stack/.test(error.message)) return { code: 'damaged', message: 'The file is nested too deeply to be read; it is probably damaged. Open it in the program that made it and save a new copy.' };
    if (/allocation|length|size/i.test(error.message)) return { code: 'too-much-memory', message: 'The file needs more memory than is allowed. Split it, or raise the limit in the settings.' };
  }
  return { code: 'damaged', message: `The file could not be read; it is probably damaged (${error instanceof Error ? error.message : String(error)}). Open it in the program that made it and save a new copy.` };
}

parentPort!.on('message', async (task: Task) => parentPort!.postMessage(await run(task)));
