import { sentenceOf, useWords } from '../words/useWords.ts';

/** Stands for a page whose content is not there: nothing while it is asked for, the reason when that failed. */
export function Unread({ error }: { error: unknown }) {
  const words = useWords();
  return error === undefined ? null : <p role="alert">{sentenceOf(error, words)}</p>;
}
