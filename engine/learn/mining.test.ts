import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LibraryId } from '../api.ts';
import type { Embedder } from '../models/embedder.ts';
import type { Reranker } from '../rank.ts';
import { rank, type SearchParts } from '../search.ts';
import { saveReading } from '../store/contents.ts';
import type { Db } from '../store/database.ts';
import { chunksAt } from '../store/judged.ts';
import { useSpace } from '../store/spaces.ts';
import { memoryDatabase, queue, readingOf } from '../store/testing.ts';
import { saveVectors, unembedded } from '../store/vectors.ts';
import { indexWords } from '../words.ts';
import { askedLesson } from './deep-lessons.ts';
import type { JudgedQuestion, Judgement } from './judgements.ts';
import { minedFor } from './mining.ts';
import { beginTexts, stepTexts } from './train-texts.ts';
import type { TextLesson, Trainee } from './trainee.ts';

/** Hard negatives as the deep levels learn against them: out of what search with everything now in use finds, and nothing else. */

const DIMENSIONS = 32;
/** A small real embedder: a text is how often it has each letter. */
const byLetters: Embedder = {
  id: 'letters', space: 'letters', dimensions: DIMENSIONS, countTokens: (text) => text.split(' ').length,
  embed: async (texts) => texts.map((text) => {
    const vector = Float32Array.from({ length: DIMENSIONS }, () => 0.01);
    for (const letter of text.toLowerCase()) vector[letter.charCodeAt(0) % DIMENSIONS]! += 1;
    const norm = Math.hypot(...vector);
    return vector.map((x) => x / norm);
  }),
  close: async () => undefined,
};
/** A version that came into use: it reads for the number in a text, high or low ones first, and is sure of few. */
const byNumber = (id: string, sign: 1 | -1, sure = -3): Reranker => ({ id, score: async (_, candidates) => candidates.map(({ text }) => sure + (sign * Number(/\d+/.exec(text)?.[0] ?? 0)) / 100) });

const THINGS = ['ferry', 'boiler', 'library', 'cheese', 'lantern', 'granite', 'violin', 'harbour', 'orchard', 'saddle'];
const QUESTION = 'Who paints the mill?';
const ANSWER = 'The mill is painted by the council.';

async function library(): Promise<{ db: Db; library: LibraryId; said: JudgedQuestion }> {
  const { db, library } = memoryDatabase();
  const put = (name: string, ...paragraphs: string[]): string => {
    const reading = readingOf(...paragraphs);
    saveReading(db, queue(db, library, name), { ...reading, words: paragraphs.map((text) => indexWords(text)) });
    return reading.hash;
  };
  const hash = put('answer', ANSWER, 'Its sails are mended in the same spring by the same people.');
  for (let i = 0; i < 60; i++) put(`other ${i}`, `Paints for the ${THINGS[i % 10]} at mill ${i} ${'are '.repeat(i % 7)}bought in town.`);
  put('copy', ANSWER);
  put('accepted', 'Mill number 70: it is the guild of Saint Luke that paints it.');
  const space = useSpace(db, byLetters.space, DIMENSIONS);
  for (let left = unembedded(db, space, 100); left.length > 0; left = unembedded(db, space, 100)) {
    const vectors = await byLetters.embed(left.map(({ text }) => text), 'document');
    saveVectors(db, space, left[0]!.library, left[0]!.content, new Map(left.map(({ chunk }, i) => [chunk, vectors[i]!])));
  }
  const judgement: Judgement = { chunk: { contentHash: hash, start: 0, end: ANSWER.length }, label: 1, confidence: 1, weight: 1, trust: 'pointed', events: [] };
  const said: JudgedQuestion = {
    question: QUESTION, wordings: [QUESTION], asked: 0, libraries: [library], judgements: [judgement], shown: [], cited: [], answers: ['guild of Saint Luke'], unanswerable: false, events: [],
  };
  return { db, library, said };
}

const minedTexts = (lesson: TextLesson): string[] => lesson.against!.mined.map((place) => lesson.texts[place]!);

test('RR-5: what is learned against comes out of ranks 10 to 200 of the present ranking, fifteen at most, and nothing in it may be right', async () => {
  const { db, said } = await library();
  for (const production of [{ db, embedder: byLetters }, { db, embedder: byLetters, reranker: byNumber('first', 1) }] as SearchParts[]) {
    const lesson = (await askedLesson({ db, embedder: byLetters, level: 'reranker', production }, said, 'g'))!;
    const { hits, chunks } = await rank(production, { question: QUESTION, limit: 200, taught: false, libraries: said.libraries });
    const ranking = hits.map(({ id }) => chunks.get(id)!.text);
    const mined = minedTexts(lesson);
    assert.equal(mined.length, 15);
    assert.ok(mined.every((text) => ranking.indexOf(text) >= 9 && ranking.indexOf(text) < 200), 'of no other list');
    assert.ok(!mined.some((text) => text === ANSWER || text.includes('sails') || text.includes('Saint Luke')), 'a copy, its neighbour, a text with the accepted answer');
    assert.equal(lesson.against!.said.length, 0);
    assert.ok(lesson.against!.front.every((place) => place < 10 && lesson.counts[place] === 0.5));
  }
});

test('another version in use gives other negatives, and what is judged by stays as search shipped', async () => {
  const { db, said } = await library();
  const lessonWith = async (reranker: Reranker) => (await askedLesson({ db, embedder: byLetters, level: 'reranker', production: { db, embedder: byLetters, reranker } }, said, 'g'))!;
  const [first, again, next] = [await lessonWith(byNumber('first', 1)), await lessonWith(byNumber('first', 1)), await lessonWith(byNumber('second', -1))];
  assert.deepEqual(minedTexts(again), minedTexts(first), 'the same versions give the same');
  assert.ok(minedTexts(next).filter((text) => minedTexts(first).includes(text)).length < 8, 'the round before has changed what would be shown next');
  assert.deepEqual(next.texts.slice(0, next.found), first.texts.slice(0, first.found));
  assert.deepEqual(next.priors.slice(0, next.found), first.priors.slice(0, first.found));
});

test('what the reranker is sure of is left alone, what it doubts counts half', async () => {
  const { db, said } = await library();
  const positives = chunksAt(db, said.judgements[0]!.chunk);
  const weights = async (sure: number): Promise<number[]> => [...(await minedFor({ db, embedder: byLetters, reranker: byNumber('one', 1, sure) }, said, positives)).values()];
  assert.deepEqual(new Set(await weights(-3)), new Set([1]));
  assert.deepEqual(new Set(await weights(-0.5)), new Set([0.5]));
  assert.ok((await weights(4)).length < 15, 'of those it has read none is left');
});

test('seven of them are drawn anew for each pass, with what answers and what stands in front', async () => {
  const { db, said } = await library();
  const lesson = (await askedLesson({ db, embedder: byLetters, level: 'reranker', production: { db, embedder: byLetters } }, said, 'g'))!;
  const drawn: TextLesson[] = [];
  const weights = { w: { shape: [1], data: Float32Array.of(0) } };
  const watching: Trainee = {
    begin: () => weights, scores: async ({ texts }) => new Float32Array(texts.length), atStrength: (same) => ({ ...same }), kept: (same) => ({ ...same }), close: async () => undefined,
    gradients: async (lessons) => {
      drawn.push(...lessons);
      return { loss: 1, gradients: { w: Float32Array.of(1) } };
    },
  };
  const options = { passes: 4, batch: 1, texts: 8, learningRate: 0.1, seed: 1, temperature: 1 };
  let training = await beginTexts(watching, [lesson], options);
  for (let pass = 0; pass < 4; pass++) training = await stepTexts(watching, [lesson], [lesson], { ...training, done: false }, options);
  const mined = new Set(minedTexts(lesson));
  const perPass = drawn.map(({ texts }) => texts.filter((text) => mined.has(text)));
  assert.deepEqual(perPass.map(({ length }) => length), [7, 7, 7, 7]);
  assert.ok(new Set(perPass.map((texts) => texts.toSorted().join('\n'))).size > 1);
  assert.ok(drawn.every(({ texts, target }) => texts.length === 1 + 7 + 2 && texts[target.indexOf(1)] === lesson.texts[lesson.target.indexOf(1)]));
});
