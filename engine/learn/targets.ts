import { keyOf, plainQuestion, type ChunkName, type Judgement } from './judgements.ts';

/** An answer a person took for right or put right, and what it leans on. Of one that was rejected, only its words count. */
export interface SaidAnswer { text: string; at: number; kind: 'corrected' | 'accepted' | 'rejected'; cited: readonly ChunkName[] }

/**
 * Answers that a teacher may take for right, the most trusted last: what the person put right themselves; before it accepted
 * ones of which a passage was pointed at too, then those merely accepted, since an answer made of a passage makes that passage look
 * best for ever, right or wrong. Of equals the latest is last. What was rejected after it was accepted is none of them.
 */
export function targetsOf(said: readonly SaidAnswer[], judgements: readonly Judgement[]): string[] {
  const pointed = new Set(judgements.filter(({ label, trust }) => label === 1 && trust === 'pointed').map(({ chunk }) => keyOf(chunk)));
  const trust = ({ kind, cited }: SaidAnswer): number => (kind === 'corrected' ? 2 : cited.some((chunk) => pointed.has(keyOf(chunk))) ? 1 : 0);
  const rejectedAt = new Map<string, number>();
  for (const { text, at, kind } of said) if (kind === 'rejected') rejectedAt.set(plainQuestion(text), at);
  const right = said.filter(({ text, at, kind }) => kind !== 'rejected' && text !== '' && at >= (rejectedAt.get(plainQuestion(text)) ?? -Infinity));
  const sorted = right.sort((a, b) => trust(a) - trust(b) || a.at - b.at).map(({ text }) => text);
  return sorted.filter((text, i) => !sorted.includes(text, i + 1));
}
