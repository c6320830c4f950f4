import type { AppAction, Explanation, TestQuestion, Writing } from '../../engine/api.ts';

/** What the window says about how an answer came about, about stored answers and about test questions, in one language. */
export interface AnswerWords {
  /** A sentence of a language model that no passage supports. */
  unsupported: string;
  unsupportedLegend: (sentences: number) => string;

  /** Before the first question, where a language model writes. */
  emptyText: string;

  /** Under an answer. */
  how: string;
  firstWord: (seconds: string) => string;
  took: (seconds: string) => string;
  by: (model: string) => string;
  facts: {
    standalone: string;
    who: string;
    models: string;
    tokens: string;
    times: string;
    found: string;
    given: string;
    remembered: string;
    faq: string;
  };
  foundBy: { wordsAlone: string; learned: (version: number) => string };
  asGiven: string;
  completed: Record<'model' | 'topic', string>;
  extractive: string;
  ownAnswer: string;
  remote: string;
  local: string;
  fallback: string;
  tokens: (prompt: number, answer: number) => string;
  givenPassages: (given: number, found: number) => string;
  times: (first: string, whole: string) => string;
  /** The probability that the documents answer, against the threshold. */
  found: (probability: string, threshold: string, enough: boolean) => string;
  probability: string;
  passages: string;
  passagesHint: string;
  cited: (number: number) => string;
  notCited: string;
  relevance: (value: string) => string;
  openPassage: (name: string) => string;

  /** Why this, and why not that. */
  whyNot: string;
  whyNotTitle: string;
  whyNotAsked: (question: string) => string;
  explaining: string;
  pointedAt: string;
  reasons: Record<Explanation['reason'], string>;
  rank: (rank: number, candidates: number) => string;
  noRank: (candidates: number) => string;
  asTest: string;
  asTestHint: string;
  asTestDone: string;
  toBeat: (name: string) => string;
  against: (own: string, needed: string) => string;
  remedies: Partial<Record<Explanation['reason'], string>>;

  actions: Record<AppAction, string>;
  actionsLabel: string;
  refuseAction: (action: string) => string;
  refusedAction: (action: string) => string;
  offerAgain: string;

  /** Earlier turns that went along with a question. */
  recalledHelped: (question: string) => string;
  recalledWrong: (question: string) => string;
  recalledAway: string;

  /** The quiet offer. */
  offerTitle: string;
  offerText: string;
  offerDo: string;
  offerNo: string;

  /** Stored questions and answers. */
  faq: {
    title: string;
    menu: string;
    lead: (library: string) => string;
    none: string;
    filter: string;
    noMatch: string;
    count: (count: number) => string;
    add: string;
    question: string;
    answer: string;
    save: string;
    import: string;
    importHint: string;
    imported: (added: number, replaced: number) => string;
    refused: (rows: number) => string;
    row: (row: number) => string;
    reasons: Record<'no-question' | 'no-answer' | 'long-question' | 'long-answer', string>;
    remove: (question: string) => string;
    removeAll: string;
    removeAllTitle: string;
    removeAllText: (count: number) => string;
    shown: (shown: number, all: number) => string;
  };

  /** Test questions of one's own. */
  tests: {
    lead: string;
    none: string;
    noneText: string;
    count: (count: number) => string;
    from: Record<TestQuestion['from'], string>;
    write: string;
    writeTitle: string;
    writeText: string;
    learnText: string;
    writeNeedsModel: string;
    howMany: string;
    writing: (done: number, wanted: number) => string;
    kept: (kept: number) => string;
    refused: (count: number) => string;
    refusals: Record<keyof Writing['refused'], (count: number) => string>;
    brokenOff: string;
    stop: string;
    written: (kept: number) => string;
    run: string;
    running: string;
    results: string;
    when: string;
    model: string;
    score: string;
    first: string;
    speed: string;
    perQuestion: (milliseconds: string) => string;
    remove: (question: string) => string;
    removeAll: string;
    removeAllTitle: string;
    removeAllText: (count: number) => string;
    questions: string;
    inAll: string;
    inThis: (library: string) => string;
    answeredBy: (document: string) => string;
  };

  /** Switches of what goes along with a question. */
  switches: Record<'memory' | 'examples' | 'actions', { name: string; hint: string }>;
  switchesTitle: string;
}
