import type { EventId } from '../api.ts';
import type { Db } from '../store/database.ts';
import { groupOfEvent, questionGroups } from '../store/judged.ts';
import { groupOf } from './holdout.ts';
import { plainQuestion } from './judgements.ts';

/** The group a question was put in when feedback on it first came: whoever asks whether it is kept aside is told the same. */
export function groupsOf(db: Db): (events: readonly EventId[], question: string) => string {
  const groups = questionGroups(db);
  return (events, question) => events.map((event) => groupOfEvent(db, event)).find((group) => group !== undefined) ?? groupOf(plainQuestion(question), groups).group;
}
