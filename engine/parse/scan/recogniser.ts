import { Worker } from 'node:worker_threads';

import { confidenceOf } from './language.ts';
import type { Recognised } from './language.ts';
import type { Picture } from './tesseract.ts';
import type { Answer } from './thread.ts';

export interface Recogniser {
  /**
   * The text of a picture; no lines where what is there is no text that can be read. One picture at a time.
   * @throws Error with what was the matter: it cannot be decoded, took too long, or stopped the thread.
   */
  recognise(picture: Picture): Promise<Recognised>;
  close(): Promise<void>;
}

/** A page takes some seconds of a processor's time, however busy that is; one that takes this many is given up. */
const PAGE_SECONDS = 60;
/** How often that is looked at. */
const WATCH_MS = 500;
/** Lines less sure than this are dirt, drawings or handwriting; on a page that is read surely, blurred lines less sure are text. */
const LEAST_LINE = 60;
const LEAST_AMONG_SURE = 40;
const SURE_PAGE = 75;
/** A page of which less than this share stands in lines to believe is no page of text. */
const LEAST_SHARE = 0.4;

/**
 * A thread that recognises, begun with the first picture and begun anew after one that it could not cope with. `onSign`
 * is called while it is at work. `thread` and `seconds` are for tests that need a thread which misbehaves.
 */
export function openRecogniser(onSign: () => void = () => undefined, thread = new URL(import.meta.url.endsWith('.ts') ? './thread.ts' : './thread.js', import.meta.url), seconds = PAGE_SECONDS): Recogniser {
  let worker: Worker | undefined;

  const end = async (): Promise<void> => {
    const ending = worker;
    worker = undefined;
    await ending?.terminate();
  };

  return {
    async recognise(picture) {
      const current = worker ??= new Worker(thread);
      const outcome = Promise.withResolvers<Answer>();
      const fail = (): void => outcome.reject(new Error('it stopped the program that recognises text'));
      let begun: number | undefined;
      let last = 0;
      const look = async (): Promise<void> => {
        const usage = await current.cpuUsage().catch(() => undefined); // Before it runs, and once it has ended, it has none.
        if (!usage) return;
        const now = usage.user / 1e6;
        if (now - (begun ??= now) > seconds) outcome.reject(new Error(`it took longer than ${seconds} seconds`));
        else if (now > last) onSign();
        last = now;
      };
      const watch = setInterval(() => void look(), Math.min(WATCH_MS, seconds * 1000));
      current.once('message', outcome.resolve).once('error', fail).once('exit', fail);
      current.postMessage(picture);
      try {
        const answer = await outcome.promise;
        if ('reason' in answer) throw new Error(answer.reason);
        onSign();
        return believable(answer.recognised);
      } catch (error) {
        // After a picture it could not cope with, nothing is known of the state of its memory.
        await end();
        throw error;
      } finally {
        clearInterval(watch);
        current.off('message', outcome.resolve).off('error', fail).off('exit', fail);
      }
    },
    close: end,
  };
}

/** A page without the lines that are no text; without any where most of it is none. */
export function believable({ lines, language, confidence }: Recognised): Recognised {
  const said = lines.map((line) => ({ line, letters: lettersIn(line.words.map(({ text }) => text).join('')), confidence: confidenceOf(line.words) }));
  const least = confidence >= SURE_PAGE ? LEAST_AMONG_SURE : LEAST_LINE;
  const sure = said.filter((line) => line.letters > 0 && line.confidence >= least);
  const count = (some: typeof said): number => some.reduce((sum, { letters }) => sum + letters, 0);
  return { lines: count(sure) >= LEAST_SHARE * count(said) ? sure.map(({ line }) => line) : [], language, confidence };
}

const lettersIn = (text: string): number => text.match(/[\p{L}\p{N}]/gu)?.length ?? 0;
