import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Document, Engine } from '../api.ts';
import { Random } from '../nn/random.ts';
import { idle } from '../testing.ts';
import { THINGS } from './town.ts';

/** For accounts that say more than notes. */
const DETAILS = 'The sum is asked for in spring, when the accounts of the past year are closed, and the treasurer brings it before the council together with what masons, carpenters and smiths have written up. What is left over at the end of a year is kept in the chest with two locks and may be spent on ropes, nails, lime and oil, but on nothing else.';

/** The questions; those from the 36th on are asked by nobody. */
export const ASKED = THINGS.map((thing) => `Money for the old ${thing}, where from?`);

/**
 * A library with a habit to learn, for tests: of every thing there are notes that use the question's words and do not answer it,
 * and accounts that answer it in other words. Where those are long, a reranker can learn to prefer them; where they are short, an
 * embedder can learn that they are meant.
 */
export async function addTwins(engine: Engine, folder: string, long = false): Promise<Document[]> {
  mkdirSync(folder);
  THINGS.forEach((thing, i) => {
    writeFileSync(join(folder, `${thing}-notes.md`), `# Notes on the ${thing}\n\nMoney and where it comes from is often asked about the old ${thing}. See number ${i}.\n`);
    writeFileSync(join(folder, `${thing}-accounts.md`), `# Accounts of the ${thing}\n\nRepairs of the ${thing} are paid by the council out of the tax on salt, as in every year since ${1700 + i}.${long ? ` ${DETAILS}` : ''}\n`);
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
  for (let i = 0; i < 36; i++) {
    const name = seed === undefined ? `${THINGS[i]}-accounts.md` : `${THINGS[random.below(THINGS.length)]}-${random.below(2) === 0 ? 'notes' : 'accounts'}.md`;
    await pointAtDocument(engine, documents, ASKED[i]!, name);
  }
}
