import type { DocumentState, DocumentType, ErrorCode, FailureCode, Signal } from '../../engine/api.ts';
import type { AnswerWords } from './answers.ts';
import type { LearningWords } from './learning.ts';
import type { ModelsWords } from './models.ts';

/**
 * Everything the window says, in one language. A language is a value of this type, so a sentence that is missing in one
 * of them does not compile. Functions take the numbers and names that stand inside a sentence.
 */
export interface Words {
  language: 'zh' | 'en';
  product: string;

  general: {
    cancel: string;
    close: string;
    save: string;
    remove: string;
    rename: string;
    retry: string;
    more: string;
    starting: string;
    /** When the engine has not answered for long: what may be the matter. */
    noAnswer: string;
    reconnecting: string;
    /** The window itself failed. */
    broken: string;
    reload: string;
    /** The panels, as landmarks of the page and in the narrow window's switch. */
    parts: { library: string; conversation: string; reader: string };
    showPart: (part: string) => string;
    hidePart: (part: string) => string;
    resize: (part: string) => string;
  };

  welcome: {
    title: string;
    sentence: string;
    drop: string;
    dropHint: string;
    sampleQuestion: string;
    samples: string;
    samplesBusy: string;
    private: string;
  };

  library: {
    switch: string;
    create: string;
    createTitle: string;
    renameTitle: string;
    nameLabel: string;
    namePlaceholder: string;
    firstName: string;
    removeTitle: (name: string) => string;
    removeText: (documents: number) => string;
    documents: (count: number) => string;
    filter: string;
    clearFilter: string;
    states: Record<'all' | DocumentState['kind'], string>;
    showStates: string;
    includeAll: string;
    include: (name: string) => string;
    included: (count: number) => string;
    addFiles: string;
    addFolder: string;
    emptyTitle: string;
    emptyText: string;
    noMatch: string;
    dropTitle: string;
    dropText: (library: string) => string;
    taking: (done: number, total: number) => string;
    added: (count: number, unchanged: number) => string;
    refused: (count: number, first: string, why: string) => string;
    nothingAdded: string;
    coverage: (percent: string) => string;
    coverageWhole: string;
  };

  document: {
    open: (name: string) => string;
    openPlain: string;
    actions: (name: string) => string;
    waiting: string;
    reading: string;
    ready: string;
    byMeaning: (percent: string) => string;
    byMeaningHint: (embedded: number, chunks: number) => string;
    pages: (count: number) => string;
    failed: string;
    kept: string;
    excluded: string;
    /** A person said so; why it stands there, and how it is taken back. */
    outdated: string;
    outdatedHint: (question: string) => string;
    upToDate: string;
    upToDateDone: (name: string) => string;
    exclude: string;
    includePlain: string;
    reveal: string;
    removeTitle: (name: string) => string;
    removeText: string;
    password: (name: string) => string;
    passwordPlain: string;
    unlock: string;
    types: Record<DocumentType, string>;
  };

  progress: {
    title: string;
    reading: (name: string) => string;
    waiting: (count: number) => string;
    embedding: (chunks: number) => string;
    left: (seconds: number) => string;
    paused: string;
    diskFull: string;
    resumed: string;
    pause: string;
    resume: string;
    cancel: string;
    cancelTitle: string;
    cancelText: (count: number) => string;
    cancelDo: string;
  };

  ask: {
    label: string;
    placeholder: string;
    send: string;
    stop: string;
    keys: string;
    scope: string;
    scopeThis: (name: string) => string;
    scopeAll: string;
    newConversation: string;
    conversations: string;
    untitled: string;
    emptyTitle: string;
    emptyText: string;
    emptyLibrary: string;
    suggestions: string;
    /** Questions about the bundled samples, to be clicked. */
    sampleQuestions: readonly string[];
    searchedFor: (question: string) => string;
    thinking: string;
    stopped: string;
    lost: string;
    askAgain: string;
    notFound: string;
    notFoundText: string;
    nearest: string;
    /** Under an answer that was not found while documents are still to be read. */
    stillReading: (documents: number) => string;
    readingSamples: string;
    openNearest: (name: string) => string;
    sources: string;
    passages: (count: number) => string;
    took: (seconds: string) => string;
    copy: string;
    copied: string;
    answerHelped: string;
    answerFailed: string;
    reasonQuestion: string;
    reasons: Record<Extract<Signal, { kind: 'answer-reason' }>['reason'], string>;
    /** Instead of a reason: the answer in the person's own words. */
    putRight: string;
    putRightLabel: string;
    putRightKeep: string;
    putRightAs: string;
    thanks: string;
    outdatedNoted: (names: string[]) => string;
    you: string;
    answer: string;
    toLatest: string;
  };

  citation: {
    open: string;
    openAt: (number: number, name: string) => string;
    page: (page: number) => string;
    right: string;
    wrong: string;
    why: string;
    /** `share`: how much of what the question asks the terms carry. */
    byWords: (rank: number, terms: string[], share: string) => string;
    notByWords: string;
    byMeaning: (rank: number, similarity: string) => string;
    notByMeaning: string;
    reranked: (rank: number, model: string) => string;
    overall: (rank: number, relevance: string) => string;
    gone: string;
    placeNoted: string;
    outdated: string;
  };

  conversations: {
    title: string;
    search: string;
    none: string;
    noMatch: string;
    turns: (count: number) => string;
    renameTitle: string;
    titleLabel: string;
    removeTitle: string;
    removeText: (title: string) => string;
    actions: (title: string) => string;
    today: string;
    yesterday: string;
    earlier: string;
  };

  settings: {
    title: string;
    sections: Record<'general' | 'feedback' | 'health', string>;
    language: string;
    theme: string;
    system: string;
    light: string;
    dark: string;
    limits: string;
    limitsText: string;
    parseSeconds: string;
    parseSecondsHint: string;
    parseMegabytes: string;
    parseMegabytesHint: string;
    fileMegabytes: string;
    fileMegabytesHint: string;
    seconds: string;
    megabytes: string;
  };

  models: ModelsWords;
  answers: AnswerWords;

  feedback: {
    text: string;
    none: string;
    export: string;
    removeAll: string;
    removeAllTitle: string;
    removeAllText: (count: number) => string;
    remove: (what: string) => string;
    count: (count: number) => string;
    signals: {
      answerThumb: Record<'up' | 'down' | 'none', string>;
      citationThumb: Record<'up' | 'down' | 'none', (number: number) => string>;
      reason: (reason: string) => string;
      rightPlace: string;
      opened: (number: number, seconds: number | undefined) => string;
      corrected: (text: string) => string;
      openedPassage: (seconds: number | undefined) => string;
      copied: string;
      upToDate: string;
      recalledTurn: Record<'up' | 'down' | 'none', string>;
      action: Record<'accepted' | 'refused' | 'none', (action: string) => string>;
    };
    fileName: string;
  };

  learning: LearningWords;

  health: {
    text: string;
    version: string;
    dataDir: string;
    database: string;
    memory: string;
    problems: string;
    noProblems: string;
    documents: string;
    chunks: string;
    refresh: string;
  };

  /** What happened and what the person can do, for every reason a document is not taken in. */
  failures: Record<FailureCode, { what: string; remedy: string }>;
  /** The same for calls that fail. */
  errors: Record<Exclude<ErrorCode, FailureCode>, string>;
}
