import type { EventId } from '../api.ts';
import { keyOf, type ChunkName, type Judgement } from './judgements.ts';

/** A chunk that was preferred to another: a word on the two, not on either (Joachims 2002, “skip above”). */
export interface Preference { over: ChunkName; under: ChunkName; event: EventId }

const SKIPPED = 0.15;

/**
 * Of the chunks of which nothing else is said, those to which a chunk that is right was preferred.
 *
 * @param known chunks of which something else is said
 * @param locate the chunks that now stand where a chunk stood
 */
export function passedOver(preferences: readonly Preference[], known: ReadonlySet<string>, judgements: readonly Judgement[], locate: (chunk: ChunkName) => readonly ChunkName[]): Judgement[] {
  const right = new Set(judgements.filter(({ label }) => label === 1).map(({ chunk }) => keyOf(chunk)));
  const made = new Map<string, Judgement & { than: ChunkName[] }>();
  for (const { over, under, event } of preferences) {
    const better = locate(over).filter((chunk) => right.has(keyOf(chunk)));
    for (const chunk of better.length > 0 ? locate(under) : []) {
      const key = keyOf(chunk);
      if (known.has(key)) continue;
      const one = made.get(key) ?? { chunk, label: 0, confidence: SKIPPED, weight: SKIPPED, trust: 'observed', than: [], events: [] };
      one.than.push(...better.filter((other) => !one.than.some((each) => keyOf(each) === keyOf(other))));
      if (!one.events.includes(event)) one.events.push(event);
      made.set(key, one);
    }
  }
  return [...made.values()];
}
