import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChunkId, DocumentId, Thumb } from '../api.ts';
import { judge, markOf, type JudgeOptions, type StoredEvent } from './judgements.ts';
import { eventOf } from './testing.ts';

const judged = (events: StoredEvent[], options?: JudgeOptions) => judge(events.map(markOf), options);

/** `chunk label·confidence` of each judgement of the only question. */
function words(events: StoredEvent[], options?: JudgeOptions): string[] {
  const { questions } = judged(events, options);
  assert.equal(questions.length, 1);
  return questions[0]!.judgements.map(({ chunk, label, confidence }) => `${chunk.start / 100}: ${label}·${confidence}`).sort();
}

const citation = (number: number, thumb: Thumb | 'none', turn = 1) => eventOf({ kind: 'citation-thumb', number, thumb }, { turn });
const answer = (thumb: Thumb | 'none', turn = 1) => eventOf({ kind: 'answer-thumb', thumb }, { turn });
const reason = (why: 'wrong-passage' | 'bad-answer' | 'not-in-library' | 'outdated') => eventOf({ kind: 'answer-reason', reason: why });
const document = 1 as DocumentId;
const chunk = (number: number): ChunkId => number as ChunkId;

test('DM-1: each signal says what the table says', () => {
  assert.deepEqual(words([citation(1, 'up')]), ['1: 1·1']);
  assert.deepEqual(words([citation(2, 'down')]), ['2: 0·1']);
  assert.deepEqual(words([answer('up')]), ['1: 1·0.5', '2: 1·0.5']);
  assert.deepEqual(words([answer('down')]), [], 'a bad answer is no word against its passages');
  assert.deepEqual(words([answer('down'), reason('wrong-passage')]), ['1: 0·0.7', '2: 0·0.7']);
  assert.deepEqual(words([answer('down'), reason('bad-answer')]), ['1: 1·0.5', '2: 1·0.5']);
  assert.deepEqual(words([eventOf({ kind: 'right-place', document, start: 320, end: 380 }, { span: [1, 320, 380] })]), ['3: 1·1']);
  assert.deepEqual(words([eventOf({ kind: 'right-place', document, start: 250, end: 350 }, { span: [1, 250, 350] })]), ['2: 1·1', '3: 1·1'], 'a span over two chunks names both');
  assert.deepEqual(words([eventOf({ kind: 'right-place', document, start: 700, end: 750 }, { span: [7, 700, 750] })]), ['7: 1·1'], 'a place search did not find');
  assert.deepEqual(words([eventOf({ kind: 'copied', text: 'text of chunk 3' })]), ['3: 1·0.5']);
  assert.deepEqual(words([eventOf({ kind: 'opened', number: 2, dwell: 25 })]), ['2: 1·0.3'], 'what stood above may never have been in view');
  assert.deepEqual(words([eventOf({ kind: 'opened', number: 2, dwell: 25, passed: [chunk(1)] })]), ['1: 0·0.15', '2: 1·0.3'], 'what was in view above and not opened was passed over');
  assert.deepEqual(words([eventOf({ kind: 'opened', chunk: chunk(3), dwell: 25, passed: [chunk(1)] })]), ['1: 0·0.15', '3: 1·0.3'], 'a hit that no sentence cites, from a list of them');
  assert.deepEqual(words([eventOf({ kind: 'opened', number: 2, dwell: 25, passed: [chunk(1)] }), citation(1, 'up')]), ['1: 1·1', '2: 1·0.3'], 'unless something else is said of it');
  assert.deepEqual(words([eventOf({ kind: 'opened', number: 2, dwell: 19.9, passed: [chunk(1)] })]), [], 'too short to have been read');
  assert.deepEqual(words([eventOf({ kind: 'opened', number: 2, dwell: 3 })]), [], 'opened and back is no word either way');
  assert.deepEqual(words([eventOf({ kind: 'opened', number: 2 })]), []);
});

test('what was passed over is the worse of a pair, and nothing where the other is not right', () => {
  const opened = eventOf({ kind: 'opened', number: 2, dwell: 25, passed: [chunk(1)] });
  const [first] = judged([opened]).questions[0]!.judgements.filter(({ label }) => label === 0);
  assert.deepEqual([first!.than!.map(({ start }) => start / 100), first!.weight, first!.trust, first!.events], [[2], 0.15, 'observed', [opened.id]]);
  assert.deepEqual(words([opened, citation(2, 'down')]), ['2: 0·1'], 'the one that was opened turned out wrong');
  const twice = judged([opened, eventOf({ kind: 'opened', chunk: chunk(3), dwell: 25, passed: [chunk(1), chunk(2)] })]).questions[0]!.judgements;
  assert.deepEqual(twice.map(({ chunk: { start }, label, than }) => [start / 100, label, than?.map((better) => better.start / 100)]), [[2, 1, undefined], [3, 1, undefined], [1, 0, [2, 3]]]);
  const { conflicts } = judged([opened, eventOf({ kind: 'copied', text: 'text of chunk 1' })]);
  assert.equal(conflicts, 0, 'a pair is no word against the passage');
});

test('a place far down counts more when it was opened, though never as much as five times, nor more than what was pointed at', () => {
  const hits = Array.from({ length: 60 }, (_, i) => i + 1);
  const weight = (rank: number) => judged([eventOf({ kind: 'opened', chunk: chunk(rank), dwell: 30 }, { hits })]).questions[0]!.judgements.find(({ label }) => label === 1)!.weight;
  assert.deepEqual([1, 2, 3, 4, 10, 60].map((rank) => Number(weight(rank).toFixed(9))), [0.3, 0.6, 0.9, 1, 1, 1]);
  assert.equal(judged([eventOf({ kind: 'opened', number: 2, dwell: 30 }, { hits: [5, 6, 1, 2] })]).questions[0]!.judgements[0]!.weight, 0.6, 'a citation stands where the answer has it, not where search had it');
});

test('what is copied of an answer is what its sentences cite, and a word or two are nothing', () => {
  const sentences = [['Green tea is brewed at eighty degrees.', 1], ['It draws for three minutes in a warm pot.', 2], ['Milk spoils it.', 3]] as const;
  const of = (text: string) => words([eventOf({ kind: 'copied', text }, { sentences })]);
  assert.deepEqual(of('tea'), []);
  assert.deepEqual(of('Green tea'), []);
  assert.deepEqual(of('Green tea is brewed at eighty degrees.[1] It draws for three minutes in a warm pot.[2] Milk spoils it.[3]\n\n[1] 1.md\n'), ['1: 1·0.5', '2: 1·0.5', '3: 1·0.5'], 'the whole answer, as the window copies it');
  assert.deepEqual(of('brewed at eighty degrees. It draws for'), ['1: 1·0.5'], 'of the second too little');
  assert.deepEqual(of('degrees.1 It draws for three minutes'), ['2: 1·0.5']);
  assert.deepEqual(of('draws for three\nminutes in a warm'), ['2: 1·0.5'], 'lines break elsewhere where it is shown');
  assert.deepEqual(words([eventOf({ kind: 'copied', text: '泡三分钟水温八十度' }, { sentences: [['绿茶泡三分钟，水温八十度。', 1], ['绿茶泡三分钟水温八十度即可。', 2]] })]), ['2: 1·0.5']);
  assert.deepEqual(words([eventOf({ kind: 'copied', text: '三分钟' }, { sentences: [['绿茶泡三分钟。', 1]] })]), []);
  assert.deepEqual(words([eventOf({ kind: 'copied', text: 'A page with text of chunk 3 and text of chunk 2' })]), ['2: 1·0.5', '3: 1·0.5'], 'more than a passage');
});

test('what answers a question at the second go answers the first wording too, and what stood first there was passed over', () => {
  const reworded = (signal: Parameters<typeof eventOf>[0]) => judged([eventOf(signal, { turn: 2, before: 'brewing time of tea?' })]).questions
    .map(({ question, judgements }) => [question, ...judgements.map(({ chunk, label, confidence }) => `${chunk.start / 100}: ${label}·${confidence}`)]);
  assert.deepEqual(reworded({ kind: 'citation-thumb', number: 1, thumb: 'up' }), [['How long is tea brewed?', '1: 1·1'], ['brewing time of tea?', '1: 1·0.3', '4: 0·0.15']]);
  const opened = { ...eventOf({ kind: 'opened', chunk: chunk(4), dwell: 2 }, { turn: 1, question: 'brewing time of tea?', hits: [4, 5] }) };
  const after = judged([opened, eventOf({ kind: 'citation-thumb', number: 1, thumb: 'up' }, { turn: 2, before: 'brewing time of tea?' })]).questions;
  assert.deepEqual(after.flatMap(({ judgements }) => judgements.map(({ chunk: { start }, label }) => `${start / 100}: ${label}`)), ['1: 1', '1: 1'], 'what was opened there was not passed over');
  assert.deepEqual(reworded({ kind: 'citation-thumb', number: 1, thumb: 'down' }), [['How long is tea brewed?', '1: 0·1']], 'without success nothing follows');
  const up = eventOf({ kind: 'citation-thumb', number: 1, thumb: 'up' }, { turn: 2, before: 'brewing time of tea?' });
  const pairs = (events: StoredEvent[], options?: JudgeOptions) => judged(events, options).questions.flatMap(({ rewordings = [] }) => rewordings);
  assert.deepEqual(pairs([up]), [{ from: 'brewing time of tea?', to: 'How long is tea brewed?', events: [up.id] }], 'and how it is better asked is known');
  assert.deepEqual(pairs([up, citation(1, 'down', 3)]), [], 'until the passage is called wrong');
  assert.deepEqual(pairs([up], { locate: () => [] }), [], 'or is gone');
});

test('that the library does not answer it is a fact about the question', () => {
  const { questions: [missing] } = judged([answer('down'), reason('not-in-library')]);
  assert.deepEqual([missing!.unanswerable, missing!.judgements], [true, []]);
  assert.deepEqual(judged([reason('outdated')]).questions[0]!.judgements, [], 'what is outdated is a document, for whatever question');
  assert.equal(judged([reason('not-in-library'), citation(1, 'up')]).questions[0]!.unanswerable, false, 'a found passage says otherwise');
});

test('an accepted answer is kept with the question', () => {
  assert.deepEqual(judged([answer('up')]).questions[0]!.answers, ['Sentence 1. Sentence 2.']);
});

const corrected = (gains: Record<number, number>, text = 'Three minutes.', turn = 1) => eventOf({ kind: 'corrected', text }, { turn, gains });

test('DM-1: a corrected answer makes right what says it, wherever it was found, and wrong what the answer cited against it', () => {
  assert.deepEqual(words([answer('down'), corrected({ 1: -0.7, 2: -0.1, 3: 0.6 })]), ['1: 0·0.5', '3: 1·0.8'], 'found with the question, not cited');
  assert.deepEqual(words([answer('down'), corrected({ 1: 0.02, 2: -0.31, 9: 0.95 })]), ['2: 0·0.5', '9: 1·0.8'], 'found with the correction');
  assert.deepEqual(words([answer('down'), corrected({ 1: 0.9, 2: 0.8, 3: -0.9 })]), ['1: 1·0.8'], 'the best alone, and nothing against what was not cited');
  const { questions: [said] } = judged([answer('down'), corrected({ 3: 0.6 })]);
  assert.deepEqual([said!.answers, said!.gap, said!.judgements[0]!.inferred, said!.judgements[0]!.trust], [['Three minutes.'], undefined, true, 'answer']);
});

test('DM-1: what nothing says is a gap in the library, and nothing is learned of passages', () => {
  const { questions: [said] } = judged([answer('down'), corrected({ 1: -0.7, 2: 0.39 })]);
  assert.deepEqual([said!.gap, said!.judgements, said!.answers, said!.unanswerable], ['Three minutes.', [], ['Three minutes.'], false]);
  assert.equal(judged([corrected({}), eventOf({ kind: 'right-place', document, start: 320, end: 380 }, { span: [1, 320, 380] })]).questions[0]!.gap, undefined, 'until somebody shows where it stands');
  assert.equal(judged([corrected({}), corrected({ 2: 0.7 })]).questions[0]!.gap, undefined);
});

test('a correction says more than a reason, the latest counts, and it goes with its thumb', () => {
  assert.deepEqual(words([answer('down'), reason('bad-answer'), corrected({ 1: -0.7, 3: 0.6 })]), ['1: 0·0.5', '3: 1·0.8']);
  assert.deepEqual(words([corrected({ 3: 0.6 }), corrected({ 2: 0.6 })]), ['2: 1·0.8']);
  assert.deepEqual(words([answer('down'), corrected({ 3: 0.6 }), answer('none')]), []);
  assert.deepEqual(words([answer('down'), corrected({ 3: 0.6 }), answer('up')]), ['1: 1·0.5', '2: 1·0.5']);
  assert.deepEqual(words([corrected({ 3: 0.6 }), citation(2, 'down')]), ['2: 0·1', '3: 1·0.8'], 'what points at a passage goes before');
});

test('answers to learn from: what was put right is trusted most, then what was accepted with a passage pointed at; what was rejected is none', () => {
  const text = (answer: string, turn: number, signal: Parameters<typeof eventOf>[0]) => eventOf(signal, { turn, sentences: [[answer, turn]] });
  const up = { kind: 'answer-thumb', thumb: 'up' } as const;
  const down = { kind: 'answer-thumb', thumb: 'down' } as const;
  const answers = (events: StoredEvent[]) => judged(events).questions[0]!.answers;
  assert.deepEqual(answers([text('A.', 1, up), text('B.', 2, up), text('B.', 2, { kind: 'citation-thumb', number: 1, thumb: 'up' }), text('C.', 3, up)]), ['A.', 'C.', 'B.']);
  assert.deepEqual(answers([text('A.', 1, down), eventOf({ kind: 'corrected', text: 'D.' }, { turn: 1 }), text('C.', 3, up)]), ['C.', 'D.']);
  assert.deepEqual(answers([text('A.', 1, up), text('A.', 2, down)]), [], 'the same words, rejected since');
  assert.deepEqual(answers([text('A.', 1, down), text('a', 2, up)]), ['a']);
});

test('a later thumb on the same thing replaces the earlier one, and none takes it back', () => {
  assert.deepEqual(words([citation(1, 'up'), citation(1, 'down')]), ['1: 0·1']);
  assert.deepEqual(words([citation(1, 'up'), citation(1, 'none')]), []);
  assert.deepEqual(words([answer('down'), reason('wrong-passage'), answer('none')]), [], 'the reason goes with its thumb');
  assert.deepEqual(words([answer('down'), reason('wrong-passage'), answer('up')]), ['1: 1·0.5', '2: 1·0.5']);
});

test('what points at a passage is trusted over what is said of the answer, and both over what is observed', () => {
  assert.deepEqual(words([answer('up'), citation(1, 'down')]), ['1: 0·1', '2: 1·0.5']);
  assert.deepEqual(words([citation(1, 'down'), answer('up')]), ['1: 0·1', '2: 1·0.5'], 'whichever came first');
  assert.deepEqual(words([reason('wrong-passage'), eventOf({ kind: 'opened', number: 1, dwell: 60 })]), ['1: 0·0.7', '2: 0·0.7']);
});

test('equally trusted contradictions cancel out and are counted', () => {
  const { questions, conflicts } = judged([citation(1, 'up', 1), citation(1, 'down', 2), citation(2, 'up', 2)]);
  assert.equal(conflicts, 1);
  assert.deepEqual(questions.map(({ judgements }) => judgements.map(({ chunk }) => chunk.start)), [[200]]);
});

test('the same question asked again, in other case or nearly the same words, is one question', () => {
  const up = (question: string, number: number, turn: number) => eventOf({ kind: 'citation-thumb', number, thumb: 'up' }, { question, turn });
  const events = [up('How long is tea brewed?', 1, 1), up('how long is TEA brewed', 2, 2)];
  assert.deepEqual(words(events), ['1: 1·1', '2: 1·1']);
  const other = up('For how long is tea brewed?', 3 - 1, 3);
  assert.equal(judged([...events, other]).questions.length, 2);
  const vectors = new Map([['How long is tea brewed?', Float32Array.of(1, 0)], ['For how long is tea brewed?', Float32Array.of(0.98, 0.199)]]);
  const { questions: [one, ...more] } = judged([...events, other], { vectors });
  assert.deepEqual([one!.wordings.length, more.length], [3, 0]);
  assert.equal(judged([...events, other], { vectors, background: { mean: 0.8, deviation: 0.03 } }).questions.length, 2, 'E5 gives unrelated questions 0.8, so that 0.98 says little');
});

test('a chunk that was cut anew is judged where it now stands, one whose document is gone not at all', () => {
  const halves: JudgeOptions['locate'] = ({ contentHash, start }) => (start === 100 ? [{ contentHash, start: 100, end: 150 }, { contentHash, start: 150, end: 200 }] : []);
  assert.deepEqual(words([citation(1, 'up'), citation(2, 'up')], { locate: halves }), ['1.5: 1·1', '1: 1·1']);
});

test('DM-1: whatever is pressed, no chunk is judged both ways', () => {
  let seed = 7;
  const random = (below: number): number => ((seed = (seed * 1664525 + 1013904223) % 4294967296) / 4294967296) * below | 0;
  for (let round = 0; round < 300; round++) {
    const events = Array.from({ length: 1 + random(12) }, () => {
      const turn = 1 + random(3);
      const number = 1 + random(2);
      const thumb = (['up', 'down', 'none'] as const)[random(3)]!;
      return [
        citation(number, thumb, turn), answer(thumb, turn), reason((['wrong-passage', 'bad-answer', 'not-in-library', 'outdated'] as const)[random(4)]!),
        eventOf({ kind: 'opened', number, dwell: random(40), passed: [chunk(1 + random(3))] }, { turn }), eventOf({ kind: 'copied', text: `text of chunk ${number}` }, { turn }),
        eventOf({ kind: 'right-place', document, start: 100, end: 200 + random(200) }, { turn, span: [1, 100, 200 + random(200)] }),
        corrected({ 1: random(200) / 100 - 1, 2: random(200) / 100 - 1, 3: random(200) / 100 - 1 }, 'x', turn),
      ][random(7)]!;
    });
    for (const { judgements } of judged(events).questions) {
      const chunks = judgements.map(({ chunk }) => `${chunk.contentHash} ${chunk.start}`);
      assert.equal(new Set(chunks).size, chunks.length);
      for (const { confidence, weight, events: from } of judgements) assert.ok(confidence > 0 && confidence <= 1 && weight <= 1 && from.length > 0);
    }
  }
});
