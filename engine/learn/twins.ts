import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Adapter, Document, Engine, LearningLevel, RunId } from '../api.ts';
import { Random } from '../nn/random.ts';
import { idle } from '../testing.ts';
import { THINGS } from './town.ts';

/** For accounts that say more than notes. */
const DETAILS = 'The sum is asked for in spring, when the accounts of the past year are closed, and the treasurer brings it before the council together with what masons, carpenters and smiths have written up. What is left over at the end of a year is kept in the chest with two locks and may be spent on ropes, nails, lime and oil, but on nothing else.';

/** The questions; those from the 36th on are asked by nobody. */
export const ASKED = THINGS.map((thing) => `Money for the old ${thing}, where from?`);
const JUDGED = 36;
const UNASKED = ASKED.slice(JUDGED);
const SOME = ASKED.filter((_, i) => i % 4 === 0);

/**
 * A library with a habit to learn, for tests: of every thing there are notes that use the question's words and do not answer it,
 * and accounts that answer it in other words. Where those are long, a reranker can learn to prefer them; where they are short, an
 * embedder can learn that they are meant. Where they are even, the notes use no more of the question's words than the accounts.
 */
export async function addTwins(engine: Engine, folder: string, kind: 'short' | 'long' | 'even' = 'short'): Promise<Document[]> {
  mkdirSync(folder);
  THINGS.forEach((thing, i) => {
    const asked = kind === 'even' ? 'Much' : 'Money and where it comes from';
    writeFileSync(join(folder, `${thing}-notes.md`), `# Notes on the ${thing}\n\n${asked} is often asked about the old ${thing}. See number ${i}.\n`);
    writeFileSync(join(folder, `${thing}-accounts.md`), `# Accounts of the ${thing}\n\nRepairs of the ${kind === 'even' ? 'old ' : ''}${thing} are paid by the council out of the tax on salt, as in every year since ${1700 + i}.${kind === 'long' ? ` ${DETAILS}` : ''}\n`);
  });
  const library = await engine.createLibrary('Twins');
  await engine.add(library, [folder]);
  await idle(engine);
  return (await engine.documents({ library, offset: 0, limit: 200 })).documents;
}

/** Asks, and points at the only paragraph of a document. */
async function pointAtDocument(engine: Engine, documents: readonly Document[], question: string, name: string): Promise<void> {
  const document = documents.find((one) => one.name === name)!;
  const { place } = (await engine.blocks(document.id)).find(({ kind }) => kind === 'paragraph')!;
  for await (const part of engine.ask({ question })) {
    if (part.kind === 'done') await engine.signal({ kind: 'right-place', turn: part.turn.id, document: document.id, start: place.start, end: place.end });
  }
}

/** Judges 36 questions: the accounts are right, or some document drawn at random. */
export async function judgeTwins(engine: Engine, documents: readonly Document[], seed?: number): Promise<void> {
  const random = new Random(seed ?? 1);
  for (let i = 0; i < JUDGED; i++) {
    const name = seed === undefined ? `${THINGS[i]}-accounts.md` : `${THINGS[random.below(THINGS.length)]}-${random.below(2) === 0 ? 'notes' : 'accounts'}.md`;
    await pointAtDocument(engine, documents, ASKED[i]!, name);
  }
}

/** What is found for some of the questions, to the last bit. */
export function rankings(engine: Engine): Promise<string[]> {
  return Promise.all(SOME.map(async (question) => JSON.stringify((await engine.search({ question, taught: false })).hits)));
}

/** For how much of the questions nobody asked the accounts are among the first hits. */
export async function rightAmong(engine: Engine, first: number): Promise<number> {
  const found = await Promise.all(UNASKED.map(async (question) => (await engine.search({ question })).hits.slice(0, first).map(({ documentName }) => documentName)));
  return found.filter((names, i) => names.includes(`${THINGS[JUDGED + i]}-accounts.md`)).length / UNASKED.length;
}

/** Until no index grows any more. */
export async function settled(engine: Engine): Promise<void> {
  while (await engine.reindexing()) await delay(30);
}

/** Until what a run learns from is prepared, and it trains. */
export async function training(engine: Engine): Promise<void> {
  for (let [run] = await engine.runs(); run?.state === 'running' && run.progress.phase === 'preparing'; [run] = await engine.runs()) await delay(20);
}

/** Until a run is over: the version it made. Throws where it made none. */
export async function versionOf(engine: Engine, id: RunId): Promise<Adapter> {
  for (;;) {
    const run = (await engine.runs()).find((one) => one.id === id)!;
    if (run.state === 'done') return (await engine.adapters()).find((one) => one.id === run.adapter)!;
    if (run.state !== 'running') throw new Error(`The run ended as ${run.state}: ${run.reason ?? run.failure}`);
    await delay(50);
  }
}

/** Learns, and waits until what was learned is in use. */
export async function learned(engine: Engine, level: LearningLevel): Promise<Adapter> {
  const { id } = await versionOf(engine, await engine.learn(level));
  await settled(engine);
  return (await engine.adapters()).find((one) => one.id === id)!;
}

/** The id of the model in use. */
export async function modelInUse(engine: Engine, role: 'embedder' | 'reranker'): Promise<string> {
  return (await engine.models()).find((model) => model.role === role && model.active)!.id;
}
