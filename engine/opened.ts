import { embedderInUse, knownModels, mustKnow, wantedModel, type KnownModel } from './chosen.ts';
import { hashesIn, type ModelDirs } from './found.ts';
import { hold, type Holder } from './held.ts';
import { openGgufEmbedder } from './llm/retrieval.ts';
import { measureBackground } from './models/background.ts';
import { openEmbedder, type Embedder } from './models/embedder.ts';
import { familyNamed } from './models/families.ts';
import { idleEmbedder } from './models/idle.ts';
import { compare, probe } from './models/passport.ts';
import { write, type Db } from './store/database.ts';
import { deviceOf } from './store/models.ts';
import { keptIndexes, passportOf, saveEquivalent, savePassport, spaceInUse, spaceOf, useSpace, type Space } from './store/spaces.ts';

/** Opens an embedder of the list, on the device that was found best for it. Throws a sentence where that is not possible. */
export async function openKnownEmbedder(db: Db, dirs: ModelDirs, { id, place, format, family }: KnownModel): Promise<Embedder> {
  if (format !== 'gguf') return openEmbedder(place, { hashes: hashesIn(dirs), ...(family !== undefined && { family }), ...deviceFor(db, id) });
  const embedder = await openGgufEmbedder(place, { ...promptsOf(family) });
  return { ...embedder, background: await measureBackground(embedder) };
}

function deviceFor(db: Db, id: string): { device?: 'webgpu' | 'cuda' | 'coreml' | 'dml' } {
  const device = deviceOf(db, id)?.device;
  return device === undefined || device === 'cpu' ? {} : { device };
}

/** A GGUF file does not say what stands before its texts. */
function promptsOf(family: string | undefined): { prompts?: { query: string; document: string } } {
  const [prompts] = Object.values(familyNamed(family)?.tasks ?? {});
  return prompts ? { prompts } : {};
}

/** An embedder together with the space its vectors belong to. */
export interface Settled { embedder: Embedder; space: Space; model: string }

/**
 * The embedder that the library's vectors are made with from now on: the one that made those it has, if that can be opened;
 * the chosen one otherwise, and its index begins anew at once, since nobody can ask the old one any more. Undefined where none
 * can be opened.
 */
export async function settleEmbedder(db: Db, dirs: ModelDirs): Promise<Settled | undefined> {
  const models = await knownModels(db, dirs);
  const wanted = wantedModel(db, models, 'embedder');
  const current = spaceInUse(db);
  for (const model of new Set([embedderInUse(db, models), wanted])) {
    const embedder = model && (await idleEmbedder(() => openKnownEmbedder(db, dirs, model)).catch(() => undefined));
    if (!embedder) continue;
    const known = await recognise(db, embedder);
    if (current === undefined || model === wanted || known?.id === current.space.id) {
      // While it was opened, search may have gone over to the index of another one, and stays there.
      const space = await write(db, () => (spaceInUse(db)?.space.id === current?.space.id ? useSpace(db, embedder.space, embedder.dimensions, model.id) : undefined));
      if (space) {
        await keepPassport(db, space, embedder);
        return { embedder: { ...embedder, space: space.identity }, space, model: model.id };
      }
      await embedder.close();
      return settleEmbedder(db, dirs);
    }
    await embedder.close();
  }
  return undefined;
}

/** All of an identity but the device that computes. */
const PROVIDER = / provider=\S+$/;

/**
 * The space that an embedder's vectors belong to, if there is one: its own, or one that differs from it in nothing but the device
 * which made the vectors, and whose passport this embedder reproduces. That is remembered, so that the vectors need not be made
 * again on another machine or device.
 */
export async function recognise(db: Db, embedder: Embedder): Promise<Space | undefined> {
  const own = spaceOf(db, embedder.space);
  if (own) return own;
  const plain = embedder.space.replace(PROVIDER, '');
  for (const { space } of keptIndexes(db)) {
    const passport = space.identity.replace(PROVIDER, '') === plain && space.dimensions === embedder.dimensions ? passportOf(db, space) : undefined;
    if (!passport || !compare(passport, await probe(embedder)).equivalent) continue;
    await write(db, () => saveEquivalent(db, embedder.space, space));
    return space;
  }
  return undefined;
}

/** Keeps what an embedder makes of the texts that never change, unless that is kept already. */
export async function keepPassport(db: Db, space: Space, embedder: Embedder): Promise<void> {
  if (passportOf(db, space)) return;
  const vectors = await probe(embedder);
  await write(db, () => savePassport(db, space, vectors));
}

/** Opens the embedder whose vectors are searched now; undefined where none can be opened, and search goes by words alone. */
async function openEmbedderInUse(db: Db, dirs: ModelDirs, idle: boolean): Promise<Embedder | undefined> {
  const model = embedderInUse(db, await knownModels(db, dirs));
  const open = (): Promise<Embedder> => openKnownEmbedder(db, dirs, model!);
  const embedder = model && (await (idle ? idleEmbedder(open) : open()).catch(() => undefined));
  return embedder && { ...embedder, space: spaceOf(db, embedder.space)?.identity ?? embedder.space };
}

/**
 * Holds the embedder of the space in use open; with `idle`, closed while it is not used for long. `prepare` opens one that is to
 * be used soon, so that no question waits for it.
 */
export function holdEmbedder(db: Db, dirs: ModelDirs, { idle = false } = {}): Holder<Embedder> & { prepare(model: string): Promise<void> } {
  let prepared: { model: string; embedder: Embedder } | undefined;

  async function open(): Promise<Embedder | undefined> {
    const ready = prepared?.embedder;
    const space = ready && spaceOf(db, ready.space);
    if (!space || space.id !== spaceInUse(db)?.space.id) return openEmbedderInUse(db, dirs, idle);
    prepared = undefined;
    return { ...ready, space: space.identity };
  }

  return {
    ...hold(() => spaceInUse(db)?.space.id.toString(), open, ({ space }) => spaceOf(db, space)?.id === spaceInUse(db)?.space.id),
    async prepare(model) {
      if (prepared?.model === model) return;
      const before = prepared;
      // From here on no question takes it.
      prepared = undefined;
      await before?.embedder.close();
      const embedder = await openKnownEmbedder(db, dirs, mustKnow(await knownModels(db, dirs), model, 'embedder'));
      // The first text costs more than those after it.
      await embedder.embed(['.'], 'query');
      prepared = { model, embedder };
    },
  };
}
