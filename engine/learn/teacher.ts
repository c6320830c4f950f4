import { fitTeacher, rewardsOf, teaches, withLabels, type Label, type Rewards, type Teacher, type TeacherFit } from './reward.ts';
import type { TextLesson } from './trainee.ts';

/** A lesson that a language model may teach: an answer the person accepted, and what they said outright of each text. */
export interface Pupil extends TextLesson { accepted?: string; labels: readonly Label[] }

/** So many texts of a lesson are scored: each is read whole by the language model. */
const SCORED = 12;

export interface Taught<Lesson> { lessons: Lesson[]; fit: TeacherFit; /** Lessons with rewards. */ taught: number }

/**
 * Lets a language model say how much each text of a lesson helps to the answer the person accepted. Where that foretells what
 * people said of texts (AUC, `fitTeacher`), the lessons it teaches get its rewards, in units of its temperature, the person's own
 * word above them; where it does not, they stay as they are.
 *
 * @param wait before each lesson, with how many are done; throws to stop
 */
export async function taughtBy<Lesson extends Pupil>(teacher: Teacher, lessons: readonly Lesson[], wait: (done: number, total: number) => Promise<void>): Promise<Taught<Lesson>> {
  const pupils = lessons.flatMap((lesson, at) => (lesson.accepted === undefined || lesson.accepted.trim() === '' ? [] : [{ lesson, at }]));
  const rows: (Rewards & { labels: Label[]; places: number[]; at: number })[] = [];
  for (const [done, { lesson, at }] of pupils.entries()) {
    await wait(done, pupils.length);
    const places = lesson.texts.flatMap((_, place) => (place < SCORED || lesson.labels[place] !== undefined ? [place] : []));
    const rewards = await rewardsOf(teacher, lesson.question, lesson.accepted!, places.map((place) => lesson.texts[place]!));
    rows.push({ ...rewards, places, at, labels: places.map((place) => lesson.labels[place]) });
  }
  const fit = fitTeacher(rows);
  const made = [...lessons];
  let taught = 0;
  for (const row of fit.usable ? rows.filter((one) => teaches(one, fit.margin)) : []) {
    const lesson = lessons[row.at]!;
    const rewards = lesson.texts.map((): number | undefined => undefined);
    // In units of the temperature, so that the person's word stands above the teacher's and does not silence it.
    withLabels(row.scores.map((score) => score / fit.temperature), row.labels).forEach((reward, i) => (rewards[row.places[i]!] = reward));
    made[row.at] = { ...lesson, rewards };
    taught++;
  }
  return { lessons: made, fit, taught };
}
