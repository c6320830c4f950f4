import type { Words } from '../words/words.ts';

/** A length of time as one would say it: rough where it is long, never less than a second. */
export function lengthOfTime(seconds: number, { learning: words }: Words): string {
  if (seconds < 10) return words.seconds(Math.max(1, Math.round(seconds)));
  if (seconds < 90) return words.seconds(Math.round(seconds / 5) * 5);
  if (seconds < 90 * 60) return words.minutes(Math.round(seconds / 60));
  return words.hours(Math.round(seconds / 3600));
}
