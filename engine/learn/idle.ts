import type { Learning } from '../api.ts';

/** What is known of the moment when it is asked whether learning may begin by itself. */
export interface Moment {
  /** The person chose so. */
  wanted: boolean;
  learning: Pick<Learning, 'missing' | 'fresh' | 'questions' | 'run'>;
  /** How many questions the latest run learned from, where it came to its end. */
  learnedFrom?: number;
  /** Since somebody last asked or said something. */
  quietMinutes: number;
  /** Documents are being read or embedded. */
  reading: boolean;
  /** Share of the processors that others use, 0…1. */
  load: number;
}

/** So many judged questions have to be new. */
const ENOUGH_NEW = 10;
const QUIET_MINUTES = 10;
const BUSY = 0.5;

/** Whether a run should begin by itself: it is wanted, there is enough that is new, and nobody waits for the machine. */
export function isTimeToLearn({ wanted, learning: { missing, fresh, questions, run }, learnedFrom, quietMinutes, reading, load }: Moment): boolean {
  const open = run?.state === 'running' || run?.state === 'paused';
  const enough = missing.questions === 0 && missing.documents === 0 && fresh >= ENOUGH_NEW;
  // After a refusal all questions stay new: the same would come of them.
  const something = learnedFrom === undefined || questions >= learnedFrom + ENOUGH_NEW;
  return wanted && !open && enough && something && quietMinutes >= QUIET_MINUTES && !reading && load < BUSY;
}
