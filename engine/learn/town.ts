import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Document, Engine } from '../api.ts';
import { idle } from '../testing.ts';

/** A small library to learn in, for tests: forty documents on forty things, and for each a question hard to tell from the others. */
export const THINGS = [
  'harbour', 'orchard', 'telescope', 'glacier', 'violin', 'lantern', 'granary', 'ferry', 'loom', 'kiln', 'quarry', 'beacon', 'mill', 'chapel', 'cellar', 'stable', 'bridge', 'canal', 'dyke', 'forge',
  'tannery', 'bakery', 'brewery', 'dairy', 'apiary', 'aviary', 'arsenal', 'archive', 'museum', 'theatre', 'market', 'cemetery', 'station', 'depot', 'garage', 'hangar', 'shipyard', 'sawmill', 'vineyard', 'greenhouse',
];
export const QUESTIONS = THINGS.map((thing) => `Money for the old ${thing}, where from?`);

/** Writes the documents into a folder and waits until a new library has them. */
export async function addTown(engine: Engine, folder: string): Promise<Document[]> {
  mkdirSync(folder);
  THINGS.forEach((thing, i) => writeFileSync(join(folder, `${thing}.md`),
    `# The ${thing}\n\nThe ${thing} of the old town was built in ${1700 + i} and is kept by ${i + 2} people. It is open on ${['Mondays', 'Fridays'][i % 2]}.\n\nRepairs of the ${thing} are paid by the council. The keeper of number ${i} lives next door.\n`));
  const library = await engine.createLibrary('Town');
  await engine.add(library, [folder]);
  await idle(engine);
  return (await engine.documents({ library, offset: 0, limit: 100 })).documents;
}

/** Asks, and points at the passage on repairs in the document on `thing`. */
export async function pointAtPassage(engine: Engine, documents: readonly Document[], question: string, thing: string): Promise<void> {
  const document = documents.find(({ name }) => name === `${thing}.md`)!;
  const { place } = (await engine.blocks(document.id)).find(({ text }) => text.startsWith('Repairs'))!;
  for await (const part of engine.ask({ question })) {
    if (part.kind === 'done') await engine.signal({ kind: 'right-place', turn: part.turn.id, document: document.id, start: place.start, end: place.end });
  }
}
