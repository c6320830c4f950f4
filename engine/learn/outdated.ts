import type { EventId, Outdated } from '../api.ts';
import type { Mark } from './judgements.ts';
import { byTurn } from './turn-marks.ts';

/**
 * Which contents people call outdated: those an answer cited that was faulted for it, until they say that the document still
 * holds. What is named is the content, so a newer version of a file is not meant.
 *
 * @param marks in the order in which the events came
 * @returns by hash of the file's bytes, the latest word on each
 */
export function outdatedContents(marks: readonly Mark[]): Map<string, Outdated> {
  const standing = new Map<EventId, Mark>();
  for (const { reason } of byTurn(marks)) {
    if (reason?.signal.kind === 'answer-reason' && reason.signal.reason === 'outdated') standing.set(reason.id, reason);
  }
  const contents = new Map<string, Outdated>();
  for (const mark of marks) {
    if (standing.has(mark.id)) for (const { contentHash } of mark.cited) contents.set(contentHash, { at: mark.at, turn: mark.turn, question: mark.question });
    else if (mark.signal.kind === 'up-to-date') for (const { contentHash } of mark.named) contents.delete(contentHash);
  }
  return contents;
}
