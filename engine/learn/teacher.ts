import { fitTeacher, rewardsOf, teaches, withLabels, type Label, type Rewards, type Teacher, type TeacherFit } from './reward.ts';
import type { TextLesson } from './trainee.ts';

/**
 * A lesson that a language model may teach: an answer the person accepted or wrote, what they said outright of each text, and which
 * texts are right only because that answer leans on them.
 */
export interface Pupil extends TextLesson { accepted?: string; labels: readonly Label[]; inferred?: readonly boolean[] }

/** So many texts of a lesson are scored: each is read whole by the language model. */
const SCORED = 12;

/** What a teacher said of a lesson, by its place among those that were given, and which of its texts these are. */
export interface Scored extends Rewards { at: number; places: number[] }

export interface Taught<Lesson> { lessons: Lesson[]; fit: TeacherFit; /** Lessons with rewards. */ taught: number; /** All that the teacher said; nothing where it is not used. */ scored: Scored[] }

/**
 * Lets a language model say how much each text of a lesson helps to the answer the person accepted. Where that foretells what
 * people said of texts (AUC, `fitTeacher`), the lessons it teaches get its rewards, in units of its temperature, the person's own
 * word above them; where it does not, they stay as they are. A text that is right only because an accepted answer leans on it stays
 * so only where it raises that answer over no text at all, by the margin; a lesson that has no other falls out.
 *
 * @param wait before each lesson, with how many are done; throws to stop
 */
export async function taughtBy<Lesson extends Pupil>(teacher: Teacher, lessons: readonly Lesson[], wait: (done: number, total: number) => Promise<void>): Promise<Taught<Lesson>> {
  const pupils = lessons.flatMap((lesson, at) => (lesson.accepted === undefined || lesson.accepted.trim() === '' ? [] : [{ lesson, at }]));
  const rows: (Scored & { labels: Label[] })[] = [];
  for (const [done, { lesson, at }] of pupils.entries()) {
    await wait(done, pupils.length);
    const places = lesson.texts.flatMap((_, place) => (place < SCORED || lesson.labels[place] !== undefined || lesson.inferred?.[place] ? [place] : []));
    const rewards = await rewardsOf(teacher, lesson.question, lesson.accepted!, places.map((place) => lesson.texts[place]!));
    rows.push({ ...rewards, places, at, labels: places.map((place) => lesson.labels[place]) });
  }
  const fit = fitTeacher(rows);
  if (!fit.usable) return { lessons: [...lessons], fit, taught: 0, scored: [] };
  const made: (Lesson | undefined)[] = [...lessons];
  for (const { at, places, scores, none } of rows) {
    const useless = new Set(places.filter((place, i) => lessons[at]!.inferred?.[place] && scores[i]! - none < fit.margin));
    if (useless.size > 0) made[at] = withoutRight(lessons[at]!, useless);
  }
  let taught = 0;
  for (const row of rows.filter((one) => teaches(one, fit.margin))) {
    const lesson = made[row.at];
    if (!lesson) continue;
    const rewards = lesson.texts.map((): number | undefined => undefined);
    // In units of the temperature, so that the person's word stands above the teacher's and does not silence it.
    withLabels(row.scores.map((score) => score / fit.temperature), row.labels).forEach((reward, i) => (rewards[row.places[i]!] = reward));
    made[row.at] = { ...lesson, rewards };
    taught++;
  }
  return { lessons: made.filter((lesson) => lesson !== undefined), fit, taught, scored: rows };
}

/** A lesson in which some texts are neither right nor wrong; undefined where nothing right is left. */
function withoutRight<Lesson extends Pupil>(lesson: Lesson, places: ReadonlySet<number>): Lesson | undefined {
  const target = lesson.target.map((share, place) => (places.has(place) ? 0 : share));
  const total = target.reduce((sum, share) => sum + share, 0);
  if (total === 0) return undefined;
  return { ...lesson, target: target.map((share) => share / total), counts: lesson.counts.map((count, place) => (places.has(place) ? 0 : count)) };
}
