import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AdapterId, ConversationId, EventId, Hit, Signal, TurnId, Watch } from '../api.ts';
import { coinsOf, draft, isInterleaved } from './draft.ts';
import { markOf, type Mark } from './judgements.ts';
import { hitOf } from './testing.ts';
import { next } from './train-query.ts';
import { isWorse, LEAST, MISTAKEN, watch, type Serving, type Trial } from './watch.ts';

const VERSION = 2 as AdapterId;
const SERVING: Serving = { space: 'space', reranker: 'reads', adapter: undefined };
const TRIAL: Trial = { version: VERSION, level: 'query', now: { ...SERVING, adapter: VERSION }, before: SERVING, since: 0 };

interface Asked { question: string; asked?: number; adapter?: AdapterId | undefined; space?: string; reranker?: string; hits?: Hit[]; /** How many of the hits the answer cites. */ cited?: number }
type Said = Signal extends infer S ? (S extends Signal ? Omit<S, 'turn'> : never) : never;

let turns = 0;
/** The marks of what was said of one turn. */
function said({ question, asked = 1, adapter, space = 'space', reranker = 'reads', hits = [hitOf(1), hitOf(2), hitOf(3)], cited = 2 }: Asked, ...signals: (Said & { at?: Hit })[]): Mark[] {
  const turn = ++turns as TurnId;
  return signals.map(({ at, ...signal }, i) => markOf({
    id: `${turn} ${i}` as EventId, at: asked, signal: { ...signal, turn } as Signal,
    context: {
      turn: {
        id: turn, conversation: 1 as ConversationId, asked, question, hits, milliseconds: 1, models: { answerer: 'extractive', embedder: space, reranker, ...(adapter !== undefined && { adapter }) },
        answer: { outcome: 'answered', sentences: hits.slice(0, cited).map((hit, n) => ({ text: 'Yes.', citations: [{ number: n + 1, chunk: hit.chunk, document: hit.document, documentName: hit.documentName, type: hit.type, quote: '', place: hit.place }] })) },
      },
      ...(at && { span: { documentName: at.documentName, contentHash: at.contentHash, start: at.place.start, end: at.place.end, text: 'x' } }),
    },
  }));
}

const thumb = (number: number, way: 'up' | 'down'): Said => ({ kind: 'citation-thumb', number, thumb: way });
const drafted = (chunk: number, side: 'new' | 'old'): Hit => ({ ...hitOf(chunk), trace: { ...hitOf(chunk).trace, drafted: { side } } });
const place = (at: Hit): Said & { at: Hit } => ({ kind: 'right-place', document: at.document, start: at.place.start, end: at.place.end, at });
const counts = ({ judged, wrong, judgedBefore, wrongBefore, wins, losses }: Watch): number[] => [judged, wrong, judgedBefore, wrongBefore, wins, losses];

test('what is said of an answer is right or wrong of search, or says nothing of it', () => {
  const under = (...signals: (Said & { at?: Hit })[]): string => {
    const { judged, wrong } = watch(said({ question: 'a', adapter: VERSION }, ...signals), TRIAL);
    return judged === 0 ? 'nothing' : wrong === 1 ? 'wrong' : 'right';
  };
  assert.equal(under(thumb(1, 'up')), 'right');
  assert.equal(under(thumb(1, 'up'), thumb(2, 'down')), 'wrong');
  assert.equal(under(thumb(2, 'down'), thumb(2, 'up')), 'right', 'the latest thumb counts');
  assert.equal(under({ kind: 'citation-thumb', number: 1, thumb: 'down' }, { kind: 'citation-thumb', number: 1, thumb: 'none' }), 'nothing');
  assert.equal(under(place(hitOf(2))), 'right', 'it was cited');
  assert.equal(under(place(hitOf(3))), 'wrong', 'it was found and not cited');
  assert.equal(under(place(hitOf(9))), 'wrong', 'it was not found');
  assert.equal(under({ kind: 'answer-thumb', thumb: 'up' }), 'right');
  assert.equal(under({ kind: 'answer-thumb', thumb: 'down' }), 'wrong');
  assert.equal(under({ kind: 'answer-thumb', thumb: 'down' }, { kind: 'answer-reason', reason: 'wrong-passage' }), 'wrong');
  assert.equal(under({ kind: 'answer-thumb', thumb: 'down' }, { kind: 'answer-reason', reason: 'bad-answer' }), 'right', 'the passages were right');
  assert.equal(under({ kind: 'answer-thumb', thumb: 'down' }, { kind: 'answer-reason', reason: 'not-in-library' }), 'nothing');
  assert.equal(under({ kind: 'opened', number: 1, dwell: 60 }, { kind: 'copied', text: 'text' }), 'nothing');
});

test('with the version and before it are told apart; other spaces, other rerankers, other versions and what was taught at once are left out', () => {
  const taught = [{ ...hitOf(1), trace: { ...hitOf(1).trace, taught: { thumb: 'up' as const, question: 'a', nearness: 1, addition: 8 } } }];
  const marks = [
    ...said({ question: 'a' }, thumb(1, 'down')),
    ...said({ question: 'b' }, thumb(1, 'up')),
    ...said({ question: 'c', adapter: 1 as AdapterId }, thumb(1, 'down')),
    ...said({ question: 'd', space: 'other' }, thumb(1, 'down')),
    ...said({ question: 'g', reranker: 'other' }, thumb(1, 'down')),
    ...said({ question: 'h', adapter: VERSION, reranker: 'other' }, thumb(1, 'down')),
    ...said({ question: 'e', adapter: VERSION, hits: taught }, thumb(1, 'up')),
    ...said({ question: 'f', adapter: VERSION, asked: 5 }, thumb(1, 'up')),
    ...said({ question: 'F?', adapter: VERSION, asked: 6 }, thumb(1, 'down')),
    ...said({ question: 'a', adapter: VERSION, asked: 7 }, thumb(1, 'down')),
  ];
  assert.deepEqual(counts(watch(marks, TRIAL)), [2, 1, 2, 1, 0, 0]);
  assert.deepEqual(counts(watch(marks, { ...TRIAL, since: 6 })), [2, 2, 2, 1, 0, 0], 'put back by the person, it begins anew');
  assert.deepEqual(counts(watch(marks, { ...TRIAL, before: { ...SERVING, adapter: 1 as AdapterId } })), [2, 1, 1, 1, 0, 0], 'what it would go back to is another version');
});

test('a reranker and an embedder are watched likewise: what is in use with them against what would be without, the version for questions included', () => {
  const marks = [
    ...said({ question: 'a', reranker: 'learned' }, thumb(1, 'down')),
    ...said({ question: 'b', reranker: 'learned', adapter: 4 as AdapterId }, thumb(1, 'down')),
    ...said({ question: 'c' }, thumb(1, 'up')),
    ...said({ question: 'd', adapter: 3 as AdapterId }, thumb(1, 'up')),
    ...said({ question: 'e', space: 'learned', reranker: 'learned' }, thumb(1, 'down')),
  ];
  const learned = { ...SERVING, reranker: 'learned' };
  assert.deepEqual(counts(watch(marks, { version: VERSION, level: 'reranker', now: learned, before: SERVING, since: 0 })), [1, 1, 1, 0, 0, 0]);
  assert.deepEqual(counts(watch(marks, { version: VERSION, level: 'reranker', now: { ...learned, adapter: 4 as AdapterId }, before: { ...SERVING, adapter: 3 as AdapterId }, since: 0 })), [1, 1, 1, 0, 0, 0]);
  assert.deepEqual(counts(watch(marks, { version: VERSION, level: 'embedder', now: { ...learned, space: 'learned' }, before: learned, since: 0 })), [1, 1, 1, 1, 0, 0]);
});

test('in an answer from two rankings the side wins whose passages are called right, and loses whose are called wrong', () => {
  const hits = [hitOf(1), drafted(2, 'new'), drafted(3, 'old')];
  const ahead = (...signals: (Said & { at?: Hit })[]): number => {
    const { wins, losses } = watch(said({ question: 'a', adapter: VERSION, hits, cited: 3 }, ...signals), TRIAL);
    return wins - losses;
  };
  assert.equal(ahead(thumb(2, 'up')), 1);
  assert.equal(ahead(thumb(2, 'down')), -1);
  assert.equal(ahead(thumb(3, 'up')), -1);
  assert.equal(ahead(thumb(3, 'down')), 1);
  assert.equal(ahead(thumb(2, 'up'), thumb(3, 'up')), 0, 'a tie');
  assert.equal(ahead(thumb(1, 'up')), 0, 'both had it there');
  assert.equal(ahead(place(hits[2]!)), -1);
  assert.equal(ahead({ kind: 'answer-reason', reason: 'wrong-passage' }), 0, 'one of each was cited');
  const ofTrial = (hit: Hit, trial: number): Hit => ({ ...hit, trace: { ...hit.trace, drafted: { ...hit.trace.drafted!, trial: trial as AdapterId } } });
  const lost = (trial: number): number[] => counts(watch(said({ question: 'a', adapter: VERSION, hits: [hitOf(1), ofTrial(hits[1]!, trial), ofTrial(hits[2]!, trial)], cited: 3 }, thumb(2, 'down')), TRIAL));
  assert.deepEqual([lost(VERSION), lost(7)], [[1, 1, 0, 0, 0, 1], [1, 1, 0, 0, 0, 0]], 'the sides of another version’s trial tell nothing of this one');
});

// ── A person ────────────────────────────────────────────────────────────────────────────────────────────────

const NOISE = 0.1;
const HITS = 10;
const RIGHT = 0;
const OTHERS = { new: [1, 2, 3, 4, 5, 6, 7, 8, 9], old: [2, 1, 4, 11, 12, 3, 6, 13, 5] };

/** In how many of a hundred rankings the right passage stands first; else it stands anywhere. */
interface Simulated { before: number; version: number; judgedBefore: number; thumbs: number }

/** Presses thumbs one by one while it is looked after each whether the version is worse; after how many it was taken back. */
function takenBackAfter({ before, version, judgedBefore, thumbs }: Simulated, random: { random: number }): number {
  const told: Watch = { judged: 0, wrong: 0, judgedBefore, wrongBefore: 0, wins: 0, losses: 0 };
  const ranking = (first: number, others: readonly number[]): number[] => others.toSpliced(next(random) < first / 100 ? 0 : 1 + Math.floor(next(random) * (HITS - 1)), 0, RIGHT);
  const approves = (chunk: number): boolean => (chunk === RIGHT) !== next(random) < NOISE;
  for (let i = 0; i < judgedBefore; i++) if (!approves(ranking(before, OTHERS.old)[0]!)) told.wrongBefore++;
  for (let i = 1; i <= thumbs; i++) {
    const question = `question ${i} ${next(random)}`;
    const newer = ranking(version, OTHERS.new);
    const hits = isInterleaved(question, VERSION)
      ? draft(newer, ranking(before, OTHERS.old), (chunk) => chunk, HITS, coinsOf(question, VERSION)).map(({ hit, side }) => (side ? drafted(hit, side) : hitOf(hit)))
      : newer.map((hit) => hitOf(hit));
    const isRight = approves(hits[0]!.chunk);
    const right = hits.find(({ chunk }) => Number(chunk) === RIGHT);
    const points = !isRight && right !== undefined && next(random) < 0.5;
    // Questions differ from each other, so what is counted of all is the sum of what is counted of each.
    const each = watch(said({ question, adapter: VERSION, hits, cited: 1 }, thumb(1, isRight ? 'up' : 'down'), ...(points ? [place(right)] : [])), TRIAL);
    for (const key of Object.keys(told) as (keyof Watch)[]) told[key] += each[key];
    if (isWorse(told)) return i;
  }
  return Infinity;
}

function simulated(how: Simulated, times: number): { takenBack: number; median: number } {
  const random = { random: 11 };
  const after = Array.from({ length: times }, () => takenBackAfter(how, random)).sort((a, b) => a - b);
  return { takenBack: after.filter((thumbs) => thumbs < Infinity).length / times, median: after[times >> 1]! };
}

test('a version that is better, or as good, is taken back in at most five of a hundred cases, looked at after each of a hundred thumbs', (t) => {
  const better = simulated({ before: 60, version: 75, judgedBefore: 60, thumbs: 100 }, 1000);
  const equal = simulated({ before: 60, version: 60, judgedBefore: 60, thumbs: 100 }, 1000);
  t.diagnostic(`taken back: ${(100 * better.takenBack).toFixed(1)} % of better ones, ${(100 * equal.takenBack).toFixed(1)} % of equal ones`);
  assert.ok(better.takenBack <= MISTAKEN && equal.takenBack <= MISTAKEN, `${better.takenBack}, ${equal.takenBack}`);
});

test('one that is worse is found out, the sooner the worse it is', (t) => {
  const worse = simulated({ before: 75, version: 35, judgedBefore: 60, thumbs: 400 }, 100);
  const wrecked = simulated({ before: 75, version: 5, judgedBefore: 60, thumbs: 400 }, 100);
  t.diagnostic(`median thumbs until taken back: ${worse.median} where 35 instead of 75 of a hundred first hits are right, ${wrecked.median} where 5 are`);
  assert.ok(worse.takenBack > 0.8 && worse.median <= 100, `${worse.takenBack} after ${worse.median}`);
  assert.ok(wrecked.takenBack === 1 && wrecked.median <= 15, `${wrecked.takenBack} after ${wrecked.median}`);
  assert.ok(wrecked.median >= LEAST);
});

test('where nothing is known of before, the interleaved answers alone decide', (t) => {
  const wrecked = simulated({ before: 90, version: 5, judgedBefore: 0, thumbs: 1500 }, 20);
  t.diagnostic(`median thumbs: ${wrecked.median}`);
  assert.ok(wrecked.takenBack > 0.9 && wrecked.median < 400, `${wrecked.takenBack} after ${wrecked.median}`);
});
