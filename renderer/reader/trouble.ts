import { EngineError, type Document } from '../../engine/api.ts';
import type { ReaderWords } from './words.ts';

/** Why there is nothing to show, in a sentence, and whether asking again may help. */
export interface Trouble { sentence: string; again: boolean }

/** What a failed call says about the document: it is gone, was never read, is still waiting, or just did not come. */
export function troubleOf(error: unknown, { state }: Document, words: ReaderWords): Trouble {
  const code = error instanceof EngineError ? error.code : undefined;
  if (state.kind === 'failed' && !state.kept) return { sentence: words.failures[state.code], again: false };
  if (state.kind === 'waiting' || state.kind === 'reading') return { sentence: words.waiting, again: true };
  if (code === 'not-found') return { sentence: words.gone, again: false };
  return { sentence: words.unreadable, again: true };
}

/** Why the text is shown in place of the pages. */
export function noticeOf(error: unknown, words: ReaderWords): string {
  const code = error instanceof EngineError ? error.code : undefined;
  return code === 'missing' || code === 'not-found' ? words.fileGone : words.damagedPdf;
}
