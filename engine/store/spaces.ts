import { sql, type Db } from './database.ts';
import { get, put } from './settings.ts';

/**
 * A vector space: everything that decides what a vector means. Only the verbs here make one, and every verb on vectors takes
 * one, so a vector can neither be stored in nor be compared with a space it was not made for.
 *
 * One space is in use: search compares in it, and what arrives is embedded in it first. Another may grow beside it, the
 * shadow, until it is whole and the two are switched in one transaction. The one that was in use keeps its vectors.
 */
export interface Space { readonly id: number; readonly identity: string; readonly dimensions: number; readonly table: string }

/** A space with the model that makes its vectors; unknown of a library written before models were chosen. */
export interface OwnedSpace { space: Space; model?: string }

const IN_USE = 'space';
const SHADOW = 'shadow';

/** The columns of `holding` that count for the space in use, and for the shadow. */
const COUNTERS = { space: { whole: 'space_id', count: 'embedded' }, shadow: { whole: 'shadow_id', count: 'shadow_embedded' } } as const;
type Counters = { whole: string; count: string };

/** The space of this identity, made if it is new; from now on it is the one that is filled and searched. A shadow of it is one no more. */
export function useSpace(db: Db, identity: string, dimensions: number, model?: string): Space {
  const space = makeSpace(db, identity, dimensions, model);
  if (get(db, SHADOW) === String(space.id)) endShadow(db);
  if (get(db, IN_USE) !== String(space.id)) {
    put(db, IN_USE, String(space.id));
    recount(db, space, COUNTERS.space);
  }
  return space;
}

/** The space that is searched, if there is one yet. */
export function spaceInUse(db: Db): OwnedSpace | undefined {
  return pointedAt(db, IN_USE);
}

/** The space of this identity, or the one that its passport says is equal to it, in use or kept. */
export function spaceOf(db: Db, identity: string): Space | undefined {
  const row = sql<Row>(db, `${SELECT} where dropped = 0 and (identity = @identity or id = (select space_id from equivalent where identity = @identity))
    order by identity = @identity desc limit 1`).get({ identity });
  return row && fromRow(row).space;
}

/** The index of a model that is in use or kept, the latest where there are several. */
export function spaceOfModel(db: Db, model: string): Space | undefined {
  const row = sql<Row>(db, `${SELECT} where dropped = 0 and model = ? order by id desc limit 1`).get(model);
  return row && fromRow(row).space;
}

/** Begins to grow the index of another embedder. Vectors it has from an earlier time count; another shadow's are dropped. */
export function beginShadow(db: Db, identity: string, dimensions: number, model: string): Space {
  const space = makeSpace(db, identity, dimensions, model);
  const before = shadow(db);
  if (before?.space.id === space.id) return space;
  if (before) cancelShadow(db);
  put(db, SHADOW, String(space.id));
  recount(db, space, COUNTERS.shadow);
  return space;
}

/** The space that grows beside the one in use. */
export function shadow(db: Db): OwnedSpace | undefined {
  return pointedAt(db, SHADOW);
}

/** How many chunks have a vector in the shadow, of how many. */
export function shadowProgress(db: Db): { done: number; total: number } {
  return sql<{ done: number; total: number }>(db, `
    select coalesce(sum(h.shadow_embedded), 0) done, coalesce(sum(c.chunks), 0) total from holding h join content c on c.id = h.content_id`).get()!;
}

export function shadowIsWhole(db: Db): boolean {
  return get(db, SHADOW) !== undefined && sql(db, 'select 1 from holding where shadow_id is null limit 1').get() === undefined;
}

/** Uses the shadow if it is whole; call within one transaction. False where something is still missing. */
export function switchToShadow(db: Db): boolean {
  if (!shadowIsWhole(db)) return false;
  put(db, IN_USE, get(db, SHADOW)!);
  sql(db, 'update holding set space_id = shadow_id, embedded = shadow_embedded').run();
  endShadow(db);
  return true;
}

/** Gives the shadow up; its vectors are deleted bit by bit. Call within one transaction. */
export function cancelShadow(db: Db): void {
  const grown = shadow(db);
  if (!grown) return;
  endShadow(db);
  dropSpace(db, grown.space);
}

/** What a space that is kept takes. */
export interface KeptIndex { space: Space; model?: string; chunks: number; bytes: number }

/** All spaces with how many vectors they have. */
export function keptIndexes(db: Db): KeptIndex[] {
  return sql<Row & { chunks: number }>(db, `select *, (select count(*) from vector v where v.space_id = s.id) chunks from (${SELECT}) s where dropped = 0`).all()
    // A row in `vector` and its two indexes come to about 60 bytes.
    .map((row) => ({ ...fromRow(row), chunks: row.chunks, bytes: row.chunks * (4 * row.dimensions + 60) }));
}

/** Marks a space that is not in use to be deleted; its identity may begin anew at once. Call within one transaction. */
export function dropSpace(db: Db, { id }: Space): void {
  if (get(db, IN_USE) === String(id)) throw new Error('The space in use cannot be deleted.');
  sql(db, `update space set dropped = 1, identity = identity || ' dropped ' || id, model = null where id = ?`).run(id);
  sql(db, 'delete from equivalent where space_id = ?').run(id);
}

/** Whether vectors are still to be cleared away. */
export function anyDropped(db: Db): boolean {
  return sql(db, 'select 1 from space where dropped = 1 limit 1').get() !== undefined;
}

/** Deletes some vectors of dropped spaces; call within one transaction. False when there are none left. */
export function clearDropped(db: Db, limit: number): boolean {
  const row = sql<Row>(db, `${SELECT} where dropped = 1 limit 1`).get();
  if (!row) return false;
  const { space } = fromRow(row);
  const vectors = sql<{ id: number }>(db, 'select id from vector where space_id = ? limit ?').all(space.id, limit);
  for (const { id } of vectors) {
    sql(db, `delete from ${space.table} where rowid = ?`).run(BigInt(id));
    sql(db, 'delete from vector where id = ?').run(id);
  }
  if (vectors.length < limit) sql(db, 'delete from space where id = ?').run(space.id);
  return true;
}

/** The columns that count a space's vectors; undefined where it neither is in use nor grows. */
export function countersOf(db: Db, { id }: Space): Counters | undefined {
  if (get(db, IN_USE) === String(id)) return COUNTERS.space;
  return get(db, SHADOW) === String(id) ? COUNTERS.shadow : undefined;
}

/** The vectors of the texts that never change, one after the other. */
export function passportOf(db: Db, { id, dimensions }: Space): Float32Array[] | undefined {
  const row = sql<{ vectors: Buffer }>(db, 'select vectors from passport where space_id = ?').get(id);
  if (!row) return undefined;
  const all = new Float32Array(new Uint8Array(row.vectors).buffer);
  return Array.from({ length: all.length / dimensions }, (_, i) => all.slice(i * dimensions, (i + 1) * dimensions));
}

/** Keeps them, unless the space was given up while they were made. */
export function savePassport(db: Db, { id, dimensions }: Space, vectors: readonly Float32Array[]): void {
  const all = new Float32Array(vectors.length * dimensions);
  vectors.forEach((vector, i) => all.set(vector, i * dimensions));
  sql(db, 'insert or replace into passport select id, ? from space where id = ? and dropped = 0').run(Buffer.from(all.buffer), id);
}

/** From now on vectors of this identity are those of the space, if that is still there: their passports were found equal. */
export function saveEquivalent(db: Db, identity: string, { id }: Space): void {
  sql(db, 'insert or replace into equivalent select ?, id from space where id = ? and dropped = 0').run(identity, id);
}

interface Row { id: number; identity: string; dimensions: number; model: string | null }

const SELECT = 'select id, identity, dimensions, model, dropped from space';

function fromRow({ id, identity, dimensions, model }: Row): OwnedSpace {
  return { space: { id, identity, dimensions, table: `vectors_${dimensions}` }, ...(model !== null && { model }) };
}

function pointedAt(db: Db, key: string): OwnedSpace | undefined {
  const row = sql<Row>(db, `${SELECT} where id = (select cast(value as integer) from setting where key = ?)`).get(key);
  return row && fromRow(row);
}

function makeSpace(db: Db, identity: string, dimensions: number, model: string | undefined): Space {
  const known = spaceOf(db, identity);
  if (!known) sql(db, 'insert into space (identity, dimensions) values (?, ?)').run(identity, dimensions);
  const space = known ?? spaceOf(db, identity)!;
  if (space.dimensions !== dimensions) throw new Error(`A model of ${dimensions} dimensions claims a space of ${space.dimensions}.`);
  if (model !== undefined) sql(db, 'update space set model = ? where id = ?').run(model, space.id);
  db.exec(`create virtual table if not exists ${space.table} using vec0 (library integer partition key, space integer partition key, embedding float[${dimensions}] distance_metric=l2)`);
  return space;
}

/** Counts what a space has of every content: it is filled or searched from now on. */
function recount(db: Db, { id }: Space, { whole, count }: Counters): void {
  sql(db, `update holding set ${whole} = null, ${count} = (
    select count(*) from chunk k join vector v on v.chunk_id = k.id and v.library_id = holding.library_id and v.space_id = ?
    where k.content_id = holding.content_id)`).run(id);
  sql(db, `update holding set ${whole} = ? where ${count} = (select chunks from content where id = content_id)`).run(id);
}

function endShadow(db: Db): void {
  sql(db, 'delete from setting where key = ?').run(SHADOW);
  sql(db, 'update holding set shadow_id = null, shadow_embedded = 0').run();
}
