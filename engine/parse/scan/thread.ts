/** The thread that recognises: reads one picture after the other in the language of the document. See recogniser.ts. */
import os from 'node:os';
import { parentPort } from 'node:worker_threads';

import { readInItsLanguage } from './language.ts';
import type { Recognised } from './language.ts';
import { Reader } from './tesseract.ts';
import type { Language, Picture } from './tesseract.ts';

export type Answer = { recognised: Recognised } | { reason: string };

/** A scan of many pages is worked on for minutes: whoever asks a question meanwhile goes first. */
const NICENESS = 5;
// On Linux a priority is a thread's own; elsewhere it would be the whole process's.
if (process.platform === 'linux') os.setPriority(0, NICENESS);

let reader: Promise<Reader> | undefined;
let language: Language | undefined;

async function recognise(picture: Picture): Promise<Answer> {
  try {
    const opened = await (reader ??= Reader.open());
    const recognised = await readInItsLanguage((...what) => opened.read(...what), picture, language);
    if (recognised.lines.length > 0) language = recognised.language;
    return { recognised };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

parentPort!.on('message', async (picture: Picture) => parentPort!.postMessage(await recognise(picture)));
