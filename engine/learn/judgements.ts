import type { AdapterId, AppAction, ConversationId, EventId, Hit, LibraryId, Signal, Trace, TurnId } from '../api.ts';
import type { Background } from '../models/background.ts';
import type { EventContext } from '../store/feedback.ts';
import { hitsCopied } from './copied.ts';
import { supportOf, type Gain } from './corrected.ts';
import { passedOver, type Preference } from './preferences.ts';
import { standing, type Rewording } from './rewordings.ts';
import { near, sameFrom } from './same.ts';
import { targetsOf, type SaidAnswer } from './targets.ts';
import { byTurn } from './turn-marks.ts';

/**
 * From what people did to what it says about chunks. Events are what happened and never change; judgements are derived
 * from them anew whenever they are needed, so that deleting an event takes all of its effect away.
 */

/** A feedback event with everything that was frozen with it. */
export interface StoredEvent { id: EventId; at: number; signal: Signal; context: EventContext }

/** What names a chunk over every re-indexing: the hash of its file's bytes, and its span in the document's text. */
export interface ChunkName { contentHash: string; start: number; end: number }

/** As much of an event as judging needs: an event freezes all hits with their texts, a mark is a hundredth of that. */
export interface Mark {
  id: EventId;
  at: number;
  turn: TurnId;
  conversation: ConversationId;
  asked: number;
  /** As searched for. */
  question: string;
  signal: Signal;
  /** The chunks the signal itself points at; several where a pointed-at span touches several. */
  named: ChunkName[];
  /** The chunks the answer leans on. */
  cited: ChunkName[];
  /** All that was found and shown, best first. */
  shown: ChunkName[];
  /** Where its hits were found: as far as can be known, where it was asked. */
  libraries: LibraryId[];
  /** The question before, of which this one is a rewording, and what was found for it. */
  before?: { turn?: TurnId; question: string; asked: number; shown: ChunkName[] };
  /** Place, from 1, at which the chunk that was opened stood, and the chunks before it that had been in view. */
  rank?: number;
  passed: ChunkName[];
  answer: string;
  /** What the library says to a correction. */
  gains: Gain[];
  /** What was searched by: the space, the reranker, the version for questions, and whether what was said of this very question had a part in it. */
  under: { space?: string; reranker?: string; adapter?: AdapterId; taught: boolean };
  /** Of an answer from two rankings: the hits that one of them put there. */
  drafted: (ChunkName & Pick<NonNullable<Trace['drafted']>, 'side' | 'trial'>)[];
  /** What stood beside documents: earlier turns and examples that went along to the language model, actions that were offered; with the question as it was typed. */
  beside?: { question: string; recalled: TurnId[]; examples: TurnId[]; offered: AppAction[] };
}

/**
 * How far a kind of signal is trusted. What points at a passage goes before what is said of a whole answer, and both go
 * before what was only observed.
 */
export type Trust = 'pointed' | 'answer' | 'observed';
const TRUST: readonly Trust[] = ['observed', 'answer', 'pointed'];

/** What a question's events say of one chunk. */
export interface Judgement {
  chunk: ChunkName;
  /** 1: answers the question. 0: does not. */
  label: 0 | 1;
  /** 0…1, by the kind of signal. */
  confidence: number;
  /** What it counts for in training: the confidence, made up for places that are rarely looked at. */
  weight: number;
  trust: Trust;
  /** Nothing is said of the chunk itself: an answer that is right leans on it. */
  inferred?: true;
  /** Nothing is said against the chunk itself: one of these, which are right, was preferred to it. */
  than?: ChunkName[];
  events: EventId[];
}

export interface JudgedQuestion {
  /** As it was first asked. */
  question: string;
  /** Every wording of it, the first included. */
  wordings: string[];
  asked: number;
  /** Where it was asked. */
  libraries: LibraryId[];
  judgements: Judgement[];
  /** What the person saw with it, and of that what answers leant on. */
  shown: ChunkName[];
  cited: ChunkName[];
  /** Answers a person accepted or put right, the most trusted last. */
  answers: string[];
  /** An answer a person wrote, where nothing in the library says so. */
  gap?: string;
  /** A person said that the library does not answer it. */
  unanswerable: boolean;
  /** It was asked in other words before, without success. */
  rewordings?: Rewording[];
  events: EventId[];
}

export interface Judged { questions: JudgedQuestion[]; /** Chunks of which equally trusted signals said both; they are judged neither way. */ conflicts: number }

export interface JudgeOptions {
  /** The chunks that now stand where a chunk stood; none when its document is gone. The chunk itself if absent. */
  locate?: (chunk: ChunkName) => readonly ChunkName[];
  /** Unit vectors of questions by text: those that mean the same (`sameFrom`) are one question. */
  vectors?: ReadonlyMap<string, Float32Array>;
  /** Cosines of unrelated texts, of the embedder that made them. */
  background?: Background;
}

const OPENED_SECONDS = 20;
const OPENED = 0.3;
const REWORDED = 0.3;

/**
 * What a chunk that was opened counts for in training. One far down is opened more rarely for its place alone (position-based
 * propensity 1 / rank); that is made up for until it counts as much as one that was pointed at, 3⅓ times as much as the first.
 */
const openedWeight = (rank: number): number => Math.min(1, OPENED * rank);

/** What of an event is needed to judge. */
export function markOf({ id, at, signal, context: { turn, span, before, correction } }: StoredEvent): Mark {
  const byChunk = new Map(turn.hits.map((hit) => [hit.chunk, hit]));
  const citations = turn.answer.sentences.flatMap((sentence) => sentence.citations);
  const hitsOf = (numbers: (number: number) => boolean): Hit[] =>
    [...new Set(citations.filter(({ number }) => numbers(number)).flatMap(({ chunk }) => byChunk.get(chunk) ?? []))];
  let named: Hit[] = [];
  if ('number' in signal) named = hitsOf((number) => number === signal.number);
  else if (signal.kind === 'opened') named = turn.hits.filter(({ chunk }) => chunk === signal.chunk);
  else if (signal.kind === 'copied') named = hitsCopied(signal.text, turn);
  else if (signal.kind === 'right-place' && span) named = turn.hits.filter((hit) => overlaps(nameOf(hit), span));
  const mark: Mark = {
    id, at, turn: turn.id, conversation: turn.conversation, asked: turn.asked, question: turn.standalone ?? turn.question, signal,
    passed: signal.kind === 'opened' ? (signal.passed ?? []).flatMap((chunk) => byChunk.get(chunk) ?? []).map(nameOf) : [],
    named: named.map(nameOf), cited: hitsOf(() => true).map(nameOf), shown: turn.hits.map(nameOf),
    gains: [...turn.hits, ...(correction?.hits ?? [])].flatMap((hit) => (correction?.gains ?? []).filter(({ chunk }) => chunk === hit.chunk).map(({ gain }) => ({ ...nameOf(hit), gain }))),
    answer: turn.answer.sentences.map(({ text }) => text).join(' '), libraries: [...new Set(turn.hits.map(({ library }) => library))],
    under: {
      ...(turn.models.embedder !== undefined && { space: turn.models.embedder }), ...(turn.models.reranker !== undefined && { reranker: turn.models.reranker }), ...(turn.models.adapter !== undefined && { adapter: turn.models.adapter }),
      taught: turn.hits.some(({ trace }) => trace.taught !== undefined),
    },
    drafted: turn.hits.flatMap((hit) => {
      const { side, trial = turn.models.adapter } = hit.trace.drafted ?? {};
      return side ? [{ ...nameOf(hit), side, ...(trial !== undefined && { trial }) }] : [];
    }),
  };
  if (signal.kind === 'right-place' && span && named.length === 0) mark.named = [{ contentHash: span.contentHash, start: span.start, end: span.end }];
  const { recalled = [], examples = [] } = turn.details?.written ? turn.details : {};
  const offered = turn.actions ?? [];
  if (recalled.length + examples.length + offered.length > 0) mark.beside = { question: turn.question, recalled, examples, offered };
  if (signal.kind === 'up-to-date' && span) mark.named = [{ contentHash: span.contentHash, start: span.start, end: span.end }];
  if (before) mark.before = { ...(before.turn !== undefined && { turn: before.turn }), question: before.question, asked: before.asked, shown: before.hits.map(nameOf) };
  if (signal.kind === 'opened' && named[0]) mark.rank = 'number' in signal ? signal.number : turn.hits.indexOf(named[0]) + 1;
  return mark;
}

const nameOf = ({ contentHash, place: { start, end } }: Hit): ChunkName => ({ contentHash, start, end });

/** Whether two spans are of one content and share a good part of the shorter one. */
export function overlaps(a: ChunkName, b: ChunkName): boolean {
  if (a.contentHash !== b.contentHash) return false;
  const shared = Math.min(a.end, b.end) - Math.max(a.start, b.start);
  return shared > 0 && shared >= Math.min(a.end - a.start, b.end - b.start) / 4;
}

export const keyOf = ({ contentHash, start, end }: ChunkName): string => `${contentHash}#${start}-${end}`;

/** A question without what does not change it: case, width, spaces, punctuation. */
export function plainQuestion(text: string): string {
  return text.normalize('NFKC').toLowerCase().replace(/[^\p{L}\p{N}]+/gu, ' ').trim();
}

/** One signal's word on one chunk. */
interface Claim extends Omit<Judgement, 'events' | 'than'> { event: EventId }

interface Group { said: JudgedQuestion; claims: Claim[]; preferences: Preference[]; answers: SaidAnswer[]; rewordings: Rewording[] }

/**
 * Judges. The latest thumb on an answer or a citation replaces earlier ones, 'none' takes it back. Signals of equal trust
 * that contradict each other cancel out. A thumb down on an answer is no word against its passages: only the reason given
 * after it says what was wrong.
 *
 * @param marks in the order in which the events came
 */
export function judge(marks: readonly Mark[], { locate = (chunk) => [chunk], vectors, background }: JudgeOptions = {}): Judged {
  const same = sameFrom(background);
  const questions: Group[] = [];
  const byText = new Map<string, Group>();
  const ofQuestion = (mark: Mark): Group => {
    const plain = plainQuestion(mark.question);
    const known = byText.get(plain) ?? questions.find(({ said }) => near(vectors?.get(said.question), vectors?.get(mark.question), same));
    const group = known ?? { said: { question: mark.question, wordings: [], asked: mark.asked, libraries: [], judgements: [], shown: [], cited: [], answers: [], unanswerable: false, events: [] }, claims: [], preferences: [], answers: [], rewordings: [] };
    if (!known) questions.push(group);
    byText.set(plain, group);
    if (!group.said.wordings.includes(mark.question)) group.said.wordings.push(mark.question);
    group.said.libraries = [...new Set([...group.said.libraries, ...mark.libraries])];
    return group;
  };

  for (const turn of byTurn(marks)) {
    const { said, claims, preferences, answers, rewordings } = ofQuestion(turn.first);
    const begun = claims.length;
    said.events.push(...turn.events);
    said.shown.push(...turn.first.shown);
    said.cited.push(...turn.first.cited);
    const claim = (mark: Mark, chunks: readonly ChunkName[], label: 0 | 1, confidence: number, trust: Trust, weight = confidence, inferred?: true): void => {
      for (const chunk of chunks) claims.push({ chunk, label, confidence, trust, weight, ...(inferred && { inferred }), event: mark.id });
    };
    for (const mark of turn.pointed) {
      if (mark.signal.kind === 'citation-thumb') claim(mark, mark.named, mark.signal.thumb === 'up' ? 1 : 0, 1, 'pointed');
      else if (mark.signal.kind === 'right-place') claim(mark, mark.named, 1, 1, 'pointed');
      else if (mark.signal.kind === 'copied') claim(mark, mark.named, 1, 0.5, 'observed');
      else if (mark.signal.kind === 'opened' && (mark.signal.dwell ?? 0) >= OPENED_SECONDS) {
        claim(mark, mark.named, 1, OPENED, 'observed', openedWeight(mark.rank ?? 1));
        const used = new Set(turn.pointed.flatMap(({ named }) => named).map(keyOf));
        for (const over of mark.named) for (const under of mark.passed) if (!used.has(keyOf(under))) preferences.push({ over, under, event: mark.id });
      }
    }
    const { thumb, reason, corrected } = turn;
    const accepted = thumb?.signal.kind === 'answer-thumb' && thumb.signal.thumb === 'up';
    for (const mark of [thumb, reason, corrected]) if (mark) answers.push({ text: mark.answer, at: mark.at, kind: accepted ? 'accepted' : 'rejected', cited: mark.cited });
    if (accepted) claim(thumb, thumb.cited, 1, 0.5, 'answer', 0.5, true);
    if (corrected?.signal.kind === 'corrected') {
      const support = supportOf(corrected.gains, corrected.cited);
      answers.push({ text: corrected.signal.text, at: corrected.at, kind: 'corrected', cited: support ? [support.right] : [] });
      claim(corrected, support ? [support.right] : [], 1, 0.8, 'answer', 0.8, true);
      claim(corrected, support?.wrong ?? [], 0, 0.5, 'answer');
      if (support) delete said.gap;
      else said.gap = corrected.signal.text;
    } else if (reason?.signal.kind === 'answer-reason') {
      const why = reason.signal.reason;
      if (why === 'wrong-passage') claim(reason, reason.cited, 0, 0.7, 'answer');
      else if (why === 'bad-answer') claim(reason, reason.cited, 1, 0.5, 'answer');
      else if (why === 'not-in-library') said.unanswerable = true;
    }

    // What answered at the second go answers the first as well, and was preferred to what stood first there, unless that was opened.
    const { before } = turn.first;
    const right = claims.slice(begun).filter(({ label }) => label === 1);
    if (!before || right.length === 0) continue;
    const earlier = ofQuestion({ ...turn.first, question: before.question, asked: before.asked });
    if (earlier.said === said) continue;
    const opened = new Set(marks.filter((mark) => mark.turn === before.turn && mark.signal.kind === 'opened').flatMap(({ named }) => named).map(keyOf));
    const top = before.shown.slice(0, 1).filter((chunk) => !opened.has(keyOf(chunk)));
    const events = [...new Set(right.map(({ event }) => event))];
    rewordings.push({ from: before.question, to: turn.first.question, events });
    earlier.said.events.push(...events);
    earlier.said.shown.push(...before.shown);
    for (const { chunk, event } of right) {
      earlier.claims.push({ chunk, label: 1, confidence: REWORDED, weight: REWORDED, trust: 'observed', event });
      for (const under of top) earlier.preferences.push({ over: chunk, under, event });
    }
  }

  let conflicts = 0;
  for (const { said, claims, preferences, answers, rewordings } of questions) {
    const byChunk = new Map<string, Claim[]>();
    for (const claim of claims) {
      for (const chunk of locate(claim.chunk)) {
        const key = keyOf(chunk);
        byChunk.set(key, [...(byChunk.get(key) ?? []), { ...claim, chunk }]);
      }
    }
    for (const about of byChunk.values()) {
      const trust = TRUST.findLast((level) => about.some((claim) => claim.trust === level))!;
      const trusted = about.filter((claim) => claim.trust === trust);
      if (trusted.some(({ label }) => label !== trusted[0]!.label)) { conflicts++; continue; }
      const { chunk, label } = trusted[0]!;
      said.judgements.push({
        chunk, label, trust, ...(trusted.every(({ inferred }) => inferred) && { inferred: true }), confidence: Math.max(...trusted.map(({ confidence }) => confidence)),
        weight: Math.max(...trusted.map(({ weight }) => weight)), events: [...new Set(trusted.map(({ event }) => event))],
      });
    }
    said.judgements.push(...passedOver(preferences, new Set(byChunk.keys()), said.judgements, locate));
    said.answers = targetsOf(answers, said.judgements);
    if (rewordings.length > 0) said.rewordings = standing(rewordings, said.judgements);
    if (said.judgements.some(({ label }) => label === 1)) {
      said.unanswerable = false;
      delete said.gap;
    }
  }
  return { questions: questions.map(({ said }) => said), conflicts };
}
