/**
 * Makes the bundled reranker: `npm run train:rerank -- [--dev FOLDER] [--table FOLDER] [--out FOLDER] …`. A late-interaction
 * model over the token vectors of a static embedder; its head is fitted on what search as shipped finds for the questions of
 * the development sets, and judged by leaving each kind of set out. Minutes on one core.
 */
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readSet, type EvaluationSet } from '../evaluate/beir.ts';
import { spread } from '../evaluate/evaluate.ts';
import { isAcross, openMeasurer } from '../models/late.ts';
import { readManifest } from '../models/manifest.ts';
import { openReranker } from '../models/reranker.ts';
import { RELEVANT } from '../rank.ts';
import { recordSpeed, writeReranker, type RerankRecipe } from './rerank-folder.ts';
import { calibrate, fitHead, qualityOf, scoresOf, topsOf, type Head, type Measured, type TopKind } from './rerank-head.ts';
import { askedOf, mixed, type Asked } from './rerank-sets.ts';

const models = fileURLToPath(new URL('../../resources/models', import.meta.url));
const { values: given } = parseArgs({
  options: {
    dev: { type: 'string', default: fileURLToPath(new URL('../../../shared/data/dev', import.meta.url)) },
    /** The embedder of the first stage. */
    embedder: { type: 'string', default: join(models, 'lodestone-embed-static-v2') },
    /** A static embedder whose tokens are compared; the first stage's own if absent. */
    table: { type: 'string' },
    out: { type: 'string', default: models },
    id: { type: 'string', default: 'lodestone-rerank-late-v2' },
    /** Keeps what the first stage found between runs. */
    cache: { type: 'string' },
    /** Fits and measures, and writes no model. */
    dry: { type: 'boolean', default: false },
    questions: { type: 'string', default: '300' },
    trust: { type: 'string', default: '2' },
    ridge: { type: 'string', default: '0.001' },
    steps: { type: 'string', default: '300' },
    rate: { type: 'string', default: '0.05' },
    tokens: { type: 'string', default: '400' },
    'refused-same': { type: 'string', default: '0.027' },
    'refused-across': { type: 'string', default: '0.022' },
  },
});

const recipe: RerankRecipe = {
  questions: Number(given.questions), trust: Number(given.trust), ridge: Number(given.ridge), steps: Number(given.steps), rate: Number(given.rate), tokens: Number(given.tokens),
  refused: [Number(given['refused-same']), Number(given['refused-across'])],
};

/** Sets in one library: what is in the other language has to find its place among what is in the question's own. */
const MIXED: [string, string][] = [['cmrc2018-trial', 'parallel-zh2en'], ['techdocs-en', 'parallel-en2zh'], ['techdocs-zh', 'parallel-zh2en'], ['uct-wiki', 'parallel-en2zh']];
/** Of a set that is only there for that. */
const MIXED_WEIGHT = 0.5;
/** Sets of one kind; the others are a kind each. Of translations, one direction is judged by the other. */
const KINDS = [['techdocs-en', 'techdocs-zh'], ['cmrc2018-trial', 'drcd-dev']];
/** A library is also asked what belongs to others, so many questions of each; not of those on everything, which may answer. */
const STRANGERS = 8;
const ON_EVERYTHING = ['uct-wiki', 'parallel-en2zh', 'parallel-zh2en'];
const TIMED = 30;
const THREADS = 2;

const began = Date.now();
const log = (line: string): void => console.log(`${String(Math.round((Date.now() - began) / 1000)).padStart(5)} s  ${line}`);

const sets = readdirSync(given.dev).filter((name) => existsSync(join(given.dev, name, 'corpus.jsonl'))).sort().map((name) => readSet(join(given.dev, name)));

/** Questions that a set does not answer. */
function strangersTo({ name }: EvaluationSet): string[] {
  const own = name.split('+').flatMap((one) => [one, ...(KINDS.find((kind) => kind.includes(one)) ?? [])]);
  return sets.filter((set) => !own.includes(set.name) && !ON_EVERYTHING.includes(set.name)).flatMap((set) => spread(set.questions, STRANGERS).map(({ text }) => text));
}

/** What search without a reranker finds for the questions of a set, kept in the cache. */
async function found(set: EvaluationSet): Promise<Asked[]> {
  const kept = given.cache === undefined ? undefined : join(given.cache, `${set.name}-${recipe.questions}.json`);
  if (kept !== undefined && existsSync(kept)) {
    const rows = JSON.parse(await readFile(kept, 'utf8')) as (Omit<Asked, 'grades'> & { grades: [string, number][] })[];
    return rows.map((row) => ({ ...row, grades: new Map(row.grades) }));
  }
  const asked = await askedOf(set, given.embedder, set.name.includes('+') ? recipe.questions >> 1 : recipe.questions, strangersTo(set));
  if (kept !== undefined) {
    await mkdir(given.cache!, { recursive: true });
    await writeFile(kept, JSON.stringify(asked.map((row) => ({ ...row, grades: [...row.grades] }))));
  }
  return asked;
}

async function measured(sets: readonly EvaluationSet[]): Promise<Measured[]> {
  const table = given.table ?? given.embedder;
  const measurer = await openMeasurer(table, { ...(await readManifest(table)), maxTokens: recipe.tokens });
  const all: Measured[] = [];
  for (const set of sets) {
    for (const asked of await found(set)) {
      const texts = asked.candidates.map(({ text }) => text);
      if (texts.length === 0) continue;
      all.push({ ...asked, set: set.name, measures: await measurer.measure(asked.question, texts), across: Float32Array.from(texts, (text) => Number(isAcross(asked.question, text))) });
    }
    log(`${set.name} is measured`);
  }
  await measurer.close();
  return all;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
const rounded = (value: number): number => Math.round(value * 1000) / 1000;

/** Means by set. */
function bySet(questions: readonly Measured[], of: (question: Measured) => number): Record<string, number> {
  const asked = questions.filter(({ grades }) => grades.size > 0);
  const names = [...new Set(asked.map(({ set }) => set))];
  return Object.fromEntries(names.map((name) => [name, rounded(mean(asked.filter(({ set }) => set === name).map(of)))]));
}

const first = (asked: Measured): number => qualityOf(asked, asked.candidates.map(({ prior }) => prior));
const by = (head: Head) => (asked: Measured): number => qualityOf(asked, scoresOf(head, asked));

function table(rows: Record<string, Record<string, number>>): void {
  const names = [...new Set(Object.values(rows).flatMap(Object.keys))];
  for (const name of names) log(`${name.padEnd(32)}${Object.values(rows).map((row) => (row[name] ?? NaN).toFixed(3).padStart(10)).join('')}`);
  const own = names.filter((name) => !name.includes('+'));
  log(`${'mean of the unmixed sets'.padEnd(32)}${Object.values(rows).map((row) => mean(own.map((name) => row[name] ?? NaN)).toFixed(4).padStart(10)).join('')}`);
}

const named = (name: string): EvaluationSet | undefined => sets.find((set) => set.name === name);
const together = MIXED.flatMap((pair) => {
  const parts = pair.map(named).filter((set) => set !== undefined);
  return parts.length === pair.length ? [mixed(parts)] : [];
});
const questions = await measured([...sets, ...together]);
const weights = Object.fromEntries([...sets.map(({ name }) => [name, 1] as const), ...together.map(({ name }) => [name, MIXED_WEIGHT] as const)]);

async function trained(on: readonly Measured[]): Promise<Head> {
  return calibrate(await fitHead(on, weights, recipe), on, weights, { steps: 600, rate: 0.05, refused: recipe.refused });
}

const head = await trained(questions);
const crossed: Record<string, number> = {};
for (const { name } of sets) {
  const kind = KINDS.find((kind) => kind.includes(name)) ?? [name];
  const without = await trained(questions.filter(({ set }) => !kind.some((one) => set.split('+').includes(one))));
  Object.assign(crossed, bySet(questions.filter(({ set }) => set === name), by(without)));
}
const quality = { before: bySet(questions, first), after: bySet(questions, by(head)), crossed };
log('nDCG@10: the first stage, reranked, reranked by a head that has seen no set of the kind');
table(quality);

/** Share of questions whose best hit passes as an answer: where it is one, where the answer was taken away, where the question is a stranger. */
function passing(scores: (asked: Measured) => number[]): Record<TopKind, Record<string, number>> {
  const tops = questions.flatMap((asked) => topsOf(asked, scores(asked)).map((top) => ({ ...top, set: asked.set })));
  const share = (kind: TopKind): Record<string, number> => {
    const names = [...new Set(tops.map(({ set }) => set))];
    return Object.fromEntries(names.map((name) => [name, rounded(mean(tops.filter((top) => top.kind === kind && top.set === name).map(({ score }) => Number(1 / (1 + Math.exp(-score)) >= RELEVANT))))]));
  };
  return { right: share('right'), left: share('left'), stranger: share('stranger') };
}
const passes = { before: passing((asked) => asked.candidates.map(({ prior }) => prior)), after: passing((asked) => scoresOf(head, asked)) };
log(`passing as answers at ${RELEVANT}, before and after: right hits; what is left without the right ones; hits for strangers`);
table({ right: passes.before.right, rightAfter: passes.after.right, left: passes.before.left, leftAfter: passes.after.left, stranger: passes.before.stranger, strangerAfter: passes.after.stranger });
log(`head ${JSON.stringify(Object.fromEntries(Object.entries(head).map(([name, { data }]) => [name, [...data].map(rounded)])))}`);

if (!given.dry) {
  const folder = join(given.out, given.id);
  await writeReranker(folder, { id: given.id, table: given.table ?? given.embedder, head, recipe, seconds: Math.round((Date.now() - began) / 1000), quality, passing: passes });
  const reranker = await openReranker(folder, { threads: THREADS });
  const times: number[] = [];
  for (const { question, candidates } of questions.filter(({ candidates }) => candidates.length >= TIMED).slice(0, 200)) {
    const start = performance.now();
    await reranker.score(question, candidates.slice(0, TIMED));
    times.push(performance.now() - start);
  }
  await reranker.close();
  times.sort((a, b) => a - b);
  const speed = { candidates: TIMED, threads: THREADS, median: Math.round(times[times.length >> 1]!), most: Math.round(times.at(-1)!) };
  await recordSpeed(folder, speed);
  log(`milliseconds ${JSON.stringify(speed)}`);
  log(`written: ${folder}`);
}
