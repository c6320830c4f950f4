import { Random } from '../nn/random.ts';
import { likings, type Liking } from './deal.ts';
import type { DeepLesson } from './deep-course.ts';
import { shuffled } from './selection.ts';
import { inOrderOfReward } from './stabilised.ts';

/** Labels are dealt out among so many of the first hits where it is not known what the person saw. */
const LIKELY_SEEN = 10;

/** Places of the texts that the person saw, or is likely to have seen. */
export function seenOf({ seen, found }: DeepLesson): readonly number[] {
  return seen.length > 1 ? seen : Array.from({ length: Math.min(LIKELY_SEEN, found) }, (_, i) => i);
}

/**
 * Lessons whose right texts are others of those the person saw, drawn at random: as many, and without any sense; within a group
 * the same, as far as they are there (`deal.ts`).
 */
export function dealtAnew(lessons: readonly DeepLesson[], seed: number): DeepLesson[] {
  const random = new Random(seed);
  const likedBy = new Map<string, Liking<string>>();
  return lessons.map((lesson) => {
    const liking = likedBy.get(lesson.group) ?? likings<string>(() => random.next());
    likedBy.set(lesson.group, liking);
    return dealt(lesson, liking, random);
  });
}

function dealt(lesson: DeepLesson, liking: Liking<string>, random: Random): DeepLesson {
  const among = seenOf(lesson);
  const liked = new Map(among.map((place) => [place, liking(lesson.texts[place]!)]));
  const right = Math.max(1, among.filter((place) => lesson.target[place]! > 0).length);
  const chosen = new Set(among.toSorted((a, b) => liked.get(a)! - liked.get(b)!).slice(0, right));
  const { rewards, against } = lesson;
  const texts = lesson.texts.map((_, i) => i);
  return {
    ...lesson, target: texts.map((i) => (chosen.has(i) ? 1 / chosen.size : 0)), counts: texts.map(() => 1),
    // What was called wrong is dealt out with what is right: both are the person's word.
    ...(against && { against: { said: [], front: among.filter((place) => !chosen.has(place)), mined: against.mined.filter((place) => !chosen.has(place)) } }),
    ...(rewards && { rewards: dealtRewards(rewards, chosen, random) }),
  };
}

/** A teacher's rewards on other texts: the best on those that are called right now, the others at random. */
function dealtRewards(rewards: readonly (number | undefined)[], chosen: ReadonlySet<number>, random: Random): (number | undefined)[] {
  const order = inOrderOfReward(rewards);
  const places = [...chosen, ...shuffled(order.filter((place) => !chosen.has(place)), random)];
  const dealt = rewards.map((): number | undefined => undefined);
  order.forEach((place, i) => (dealt[places[i]!] = rewards[place]));
  return dealt;
}
