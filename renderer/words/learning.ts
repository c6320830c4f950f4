import type { Adapter, Habit, LearningLevel, Refusal, Run, RunFailure, RunProgress, Untrainable } from '../../engine/api.ts';

/** What the learning page says, in one language. */
export interface LearningWords {
  title: string;
  sections: Record<'learn' | 'versions' | 'questions' | 'samples', string>;
  lead: string;
  /** In the settings. */
  switches: Record<'learnWhenIdle' | 'learnFromModel', { name: string; hint: string }>;
  /** What a version has come to see; with words of headings. */
  habits: Record<Habit['kind'], (words: readonly string[]) => string>;

  /** What there is to learn from. */
  gathered: string;
  emptyTitle: string;
  emptyText: string;
  emptySteps: readonly string[];
  facts: Record<'questions' | 'answers' | 'rejects' | 'conflicts' | 'unanswerable' | 'heldOut', string>;
  factHints: Record<'conflicts' | 'unanswerable' | 'heldOut', string>;
  onDocuments: (count: number) => string;
  /** Answers a person wrote that nothing in the library says. */
  gaps: (count: number) => string;
  gapsText: string;
  missingTitle: string;
  missingQuestions: (done: number, of: number) => string;
  missingDocuments: (done: number, of: number) => string;
  missingText: string;

  /** The button and the run. */
  learn: string;
  ready: (fresh: number) => string;
  nothingNew: string;
  /** What is to learn: its name, and what that means. */
  chooseLevel: string;
  levels: Record<LearningLevel, { name: string; text: string }>;
  /** Why a level cannot learn; with the name of the model. */
  untrainable: Record<Untrainable, (model: string) => string>;
  /** After a refused run, as long as nothing was judged since. */
  sameAgain: string;
  estimating: string;
  /** With a length of time. */
  takes: (time: string) => string;
  /** Besides `takes`, with how long the index then takes. */
  thenIndex: (time: string) => string;
  seconds: (count: number) => string;
  minutes: (count: number) => string;
  hours: (count: number) => string;
  running: string;
  phases: Record<RunProgress['phase'], string>;
  left: (time: string) => string;
  meanwhile: string;
  pause: string;
  resume: string;
  cancel: string;
  cancelTitle: string;
  cancelText: string;
  cancelDo: string;
  states: Record<Exclude<Run['state'], 'running' | 'done'>, string>;
  failures: Record<RunFailure, string>;
  failedText: string;
  curveHint: string;
  curveTraining: string;
  curveAside: string;
  curveQuality: string;
  /** The picture in words, for who does not see it: shares of the first error. */
  curveText: (passes: number, learned: string, aside: string) => string;
  curvePasses: (passes: number) => string;

  /** What came of it. */
  latest: string;
  accepted: string;
  acceptedText: string;
  standby: string;
  /** How much of its index is there. */
  growing: (share: string) => string;
  refused: string;
  refusedText: string;
  refusals: Record<Refusal, string>;
  mine: string;
  guard: string;
  score: string;
  scoreHint: string;
  measured: (questions: number) => string;
  beforeAfter: (before: string, after: string) => string;
  bound: (points: string) => string;
  seeQuestions: string;

  /** The version in use, where one learns. */
  usedNow: (version: string) => string;
  /** Of a version for questions: that it is watched. */
  /** How a version in use is watched: by answers from two rankings too, or by what is said alone. */
  watched: Record<'mixed' | 'compared', string>;
  resting: (version: string) => string;
  restingText: string;
  undo: string;
  /** A version that was taken back by itself: that it was, since when, and by what was said. */
  takenBack: (version: string) => string;
  takenBackText: (time: string) => string;
  wrongWith: (wrong: number, judged: number) => string;
  wrongWithout: (wrong: number, judged: number) => string;
  mixedLost: (losses: number, wins: number) => string;
  takenBackState: string;
  putBack: string;
  putBackHint: string;
  passedThenTakenBack: string;

  /** Versions. */
  versionsLead: string;
  shipped: string;
  shippedText: string;
  /** Its number, and when it was made. */
  version: (number: number, made: string) => string;
  versionStates: Record<Adapter['state'], string>;
  foreignText: string;
  stale: string;
  learnedFrom: (signals: number, questions: number) => string;
  strength: (percent: string) => string;
  use: string;
  back: string;
  backHint: string;
  actions: (version: string) => string;
  compare: string;
  export: string;
  remove: string;
  removeTitle: string;
  removeText: string;
  removeActiveText: string;
  inUse: (version: string) => string;
  none: string;
  fileName: string;

  /** Questions before and after. */
  questionsLead: string;
  noQuestions: string;
  chooseVersion: string;
  heldOut: string;
  heldOutHint: string;
  better: string;
  worse: string;
  same: string;
  rankingBefore: string;
  rankingAfter: string;
  right: string;
  moved: (before: number, after: number) => string;
  entered: string;
  fellOut: string;
  /** The best right passage: its rank before and after. */
  rightMoved: (before: number, after: number) => string;
  rightCame: (after: number) => string;
  rightWent: (before: number) => string;
  rightStayed: (rank: number) => string;
  rightNowhere: string;
  othersMoved: string;

  /** Samples. */
  samplesLead: string;
  exportTitle: string;
  exportText: string;
  exportDo: string;
  samplesFileName: string;
  exported: (files: number) => string;
  nothingToExport: string;
  importTitle: string;
  importText: string;
  importDo: string;
  imported: (samples: number) => string;
  importedNow: (samples: number) => string;
  removeImported: string;
  removeImportedTitle: string;
  removeImportedText: string;
  importedRemoved: string;

  /** In the conversation. */
  taught: string;
  taughtFor: (question: string) => string;
  /** What learning added to a passage's place. */
  learnedAs: Record<'more' | 'less', string>;
  rejectedFor: (question: string) => string;
  /** Of an answer from two rankings: which put a passage there. */
  drafted: Record<'new' | 'old', string>;
}
