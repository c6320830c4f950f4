import { inContext } from './context.ts';
import { write, type Db } from './store/database.ts';
import type { Space } from './store/spaces.ts';
import { saveVectors, twin, unembedded } from './store/vectors.ts';

/**
 * Embeds the next chunks of one document that a space lacks, at most `most`; those whose text has a vector already get that one.
 * Undefined where nothing is missing.
 *
 * @returns how many chunks were embedded per second, where any were
 */
export async function embedNext(db: Db, space: Space, most: number, embed: (texts: string[]) => Promise<Float32Array[]>): Promise<{ rate?: number } | undefined> {
  const chunks = unembedded(db, space, most);
  const [first] = chunks;
  if (!first) return undefined;
  const vectors = new Map(chunks.flatMap(({ chunk }) => {
    const vector = twin(db, space, chunk);
    return vector ? [[chunk, vector] as const] : [];
  }));
  const missing = chunks.filter(({ chunk }) => !vectors.has(chunk));
  const start = performance.now();
  const made = missing.length === 0 ? [] : await embed(missing.map((chunk) => inContext(chunk, chunk.title)));
  const seconds = (performance.now() - start) / 1000;
  missing.forEach(({ chunk }, i) => vectors.set(chunk, made[i]!));
  await write(db, () => saveVectors(db, space, first.library, first.content, vectors));
  return missing.length === 0 ? {} : { rate: missing.length / seconds };
}
