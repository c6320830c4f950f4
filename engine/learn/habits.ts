import type { Habit } from '../api-learning.ts';
import type { Weighing } from './weighing.ts';

const TOLD = 6;
/** A weaker word moves nothing by itself. */
const TELLING = 0.25;
const BIGRAM = /^\p{Script=Han}{2}$/u;

/**
 * What a weighing comes to, for a person to read: the words in headings whose passages count more, those whose count less,
 * and whether short passages count more than long ones.
 */
export function habitsOf({ words, numbers }: Weighing, length: number): Habit[] {
  const headings = [...words].flatMap(([name, weight]): [string, number][] => (name.startsWith('heading ') ? [[name.slice('heading '.length), weight]] : []));
  const strongest = (sign: 1 | -1): string[] => {
    const told = headings.filter(([, weight]) => sign * weight >= TELLING).sort((a, b) => sign * (b[1] - a[1])).map(([word]) => word);
    return joined(told).slice(0, TOLD);
  };
  const [more, less, longer] = [strongest(1), strongest(-1), numbers[length] ?? 0];
  return [
    ...(more.length > 0 ? [{ kind: 'headings-more' as const, words: more }] : []), ...(less.length > 0 ? [{ kind: 'headings-less' as const, words: less }] : []),
    ...(Math.abs(longer) >= TELLING ? [{ kind: longer > 0 ? 'long-passages' as const : 'short-passages' as const, words: [] }] : []),
  ];
}

/** Chinese is weighed by overlapping pairs of characters: 常见, 见问 and 问题 are one word again. */
function joined(words: readonly string[]): string[] {
  const left = [...words];
  const whole: string[] = [];
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    for (let grown = BIGRAM.test(word); grown;) {
      const last: string = word;
      const next = left.findIndex((other) => BIGRAM.test(other) && other[0] === last.at(-1));
      const before = left.findIndex((other) => BIGRAM.test(other) && other[1] === last[0]);
      grown = next >= 0 || before >= 0;
      if (next >= 0) word += left.splice(next, 1)[0]![1];
      else if (before >= 0) word = left.splice(before, 1)[0]![0] + word;
    }
    whole.push(word);
  }
  return whole;
}
