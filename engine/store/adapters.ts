import { createHash } from 'node:crypto';
import type { Adapter, AdapterId, EventId, LearningLevel, TakenBack, Watch } from '../api.ts';
import { EngineError } from '../api.ts';
import type { ChunkName } from '../learn/judgements.ts';
import { sql, type Db } from './database.ts';
import { put, remove } from './settings.ts';

/** What is kept of an adapter beside its weights: enough to make it again, and what it was judged by. */
export interface AdapterReport extends Pick<Adapter, 'signals' | 'questions' | 'mine' | 'guard' | 'bound' | 'alpha' | 'refusals' | 'habits' | 'seconds' | 'base' | 'model'> {
  recipe: Record<string, unknown>;
  snapshot: string;
  /** Of the model it was learned from; a space names its own. */
  baseHash?: string;
  /** Of a version for questions: the reranker it was judged with, null where there was none; absent of versions made before this was told. */
  reranker?: string | null;
}

/** What a version takes along wherever it goes: enough to know what it was made of and how good it was, and to make it again. */
export interface VersionReport extends Pick<Adapter, 'level' | 'signals' | 'questions' | 'refusals'> {
  version: AdapterId;
  /** The model it was learned from, or the vector space, and the hash of that model's files. */
  base: string;
  baseHash: string;
  recipe: Record<string, unknown>;
  seed: number;
  /** Hash of all that it learned from. */
  snapshot: string;
  metrics: Pick<Adapter, 'mine' | 'guard' | 'bound' | 'alpha'>;
  /** What was in use before it, and the hash of that version's bytes; absent where that was the model as it shipped. */
  parent?: { version: AdapterId; sha256?: string };
  reranker?: AdapterReport['reranker'];
}

/** A judged question's first hits before and after, by name: texts are looked up where they stand when it is shown. */
export interface KeptComparison { question: string; heldOut: boolean; ndcgBefore: number; ndcgAfter: number; answers: ChunkName[]; before: ChunkName[]; after: ChunkName[] }

export interface NewAdapter {
  level: LearningLevel;
  /** What it was learned for: the space of the embedder, or the model it was learned from. */
  space: string;
  /** What was in use on its level. */
  parent?: AdapterId;
  bytes: Uint8Array;
  report: AdapterReport;
  comparisons: KeptComparison[];
  events: readonly EventId[];
  contents: readonly string[];
}

/**
 * The versions for questions in use, the latest first: one at most for each space and reranker, since what such a version adds
 * lies over what that reranker says, and no gate saw it over another. Where another is chosen it rests, and it comes back with its own.
 */
const ACTIVE = 'adapter.query';
const IN_USE = `setting s join json_each('[' || s.value || ']') u join adapter a on a.id = u.value where s.key = '${ACTIVE}'`;

/** The version for questions in use in a space with a reranker (null: with none; undefined: with whichever). */
export function activeAdapter(db: Db, space: string, reranker: string | null | undefined): AdapterId | undefined {
  const isFor = reranker === undefined ? '' : `and (json_type(a.report, '$.reranker') is null or json_extract(a.report, '$.reranker') is @reranker)`;
  return sql<{ id: AdapterId }>(db, `select a.id from ${IN_USE} and a.space = @space ${isFor} order by u.key limit 1`)
    .get({ space, ...(reranker !== undefined && { reranker }) })?.id;
}

/** The weights of an adapter, if it is of that space. */
export function adapterBytes(db: Db, id: AdapterId, space?: string): Uint8Array | undefined {
  const row = sql<{ bytes: Buffer; space: string }>(db, 'select bytes, space from adapter where id = ?').get(id);
  return row && (space === undefined || row.space === space) ? new Uint8Array(row.bytes) : undefined;
}

/** The report of a version that is stored. @throws EngineError 'not-found' */
export function versionReport(db: Db, id: AdapterId): VersionReport {
  const row = sql<{ level: LearningLevel; space: string; parent: AdapterId | null; report: string }>(db, 'select level, space, parent_id parent, report from adapter where id = ?').get(id);
  if (!row) throw new EngineError('not-found', 'That version is gone.');
  const { parent, report, ...rest } = row;
  return reportOf(db, id, { ...rest, report: JSON.parse(report) as AdapterReport, ...(parent !== null && { parent }) });
}

/** The report of a version that has, or will have, this number. */
export function reportOf(db: Db, version: AdapterId, { level, space, parent, report }: Pick<NewAdapter, 'level' | 'space' | 'parent' | 'report'>): VersionReport {
  const { recipe, snapshot, signals, questions, refusals, mine, guard, bound, alpha, baseHash, reranker } = report;
  const bytes = parent === undefined ? undefined : adapterBytes(db, parent);
  return {
    version, level, base: space, baseHash: baseHash ?? /@([0-9a-f]+)/.exec(space)?.[1] ?? '', recipe, seed: Number(recipe['seed'] ?? 0), snapshot, signals, questions, refusals,
    metrics: { mine, guard, bound, alpha }, ...(reranker !== undefined && { reranker }),
    ...(parent !== undefined && { parent: { version: parent, ...(bytes && { sha256: createHash('sha256').update(bytes).digest('hex') }) } }),
  };
}

/** Stores a candidate and, where nothing speaks against it, brings one for questions into use; call within one transaction. */
export function saveAdapter(db: Db, { level, space, parent, bytes, report, comparisons, events, contents }: NewAdapter): AdapterId {
  const accepted = report.refusals.length === 0;
  const id = Number(sql(db, `insert into adapter (level, space, made, accepted, parent_id, bytes, report, comparisons) values (?, ?, ?, ?, ?, ?, ?, ?)`)
    .run(level, space, Date.now(), accepted ? 1 : 0, parent ?? (level === 'query' ? activeAdapter(db, space, report.reranker) : undefined) ?? null, Buffer.from(bytes), JSON.stringify(report), JSON.stringify(comparisons)).lastInsertRowid) as AdapterId;
  for (const event of new Set(events)) sql(db, 'insert into adapter_event values (?, ?)').run(id, event);
  for (const content of new Set(contents)) sql(db, 'insert into adapter_content values (?, ?)').run(id, content);
  if (accepted && level === 'query') bringIn(db, id);
  return id;
}

/** What is in use on each level: the space of the embedder, and for the deep levels the model and what it was learned from. */
export interface InUse { space?: string; reranker?: ModelInUse; embedder?: ModelInUse }
export interface ModelInUse { model: string; base: string }

interface Row { id: AdapterId; level: LearningLevel; space: string; made: number; accepted: number; parent: AdapterId | null; report: string; takenBack: string | null; stale: number }

/** All adapters, newest first. */
export function adapters(db: Db, inUse: InUse): Adapter[] {
  const reranker = inUse.reranker?.model ?? null;
  const active = inUse.space === undefined ? undefined : activeAdapter(db, inUse.space, reranker);
  const stands = new Set(sql<{ id: AdapterId }>(db, `select a.id from ${IN_USE}`).all().map(({ id }) => id));
  return sql<Row>(db, `
    select id, level, space, made, accepted, parent_id parent, report, taken_back takenBack,
      exists (select 1 from adapter_event e where e.adapter_id = a.id and not exists (select 1 from event where id = e.event_id)) or
      exists (select 1 from adapter_content c where c.adapter_id = a.id and not exists (
        select 1 from content k join document d on d.content_id = k.id and d.state <> 'removed' where k.hash = c.hash)) stale
    from adapter a order by id desc`).all().map(({ id, level, space, made, accepted, parent, report, takenBack, stale }) => {
    const { recipe: _, snapshot: __, baseHash: ___, reranker: judgedWith, ...told } = JSON.parse(report) as AdapterReport;
    const own = level === 'query' ? inUse.space : inUse[level]?.base;
    const isOther = level === 'query' && accepted === 1 && judgedWith !== undefined && judgedWith !== reranker;
    const isActive = level === 'query' ? id === active : accepted === 1 && told.model === inUse[level]?.model;
    const state = stands.has(id) && id !== active ? 'resting' : own !== space || isOther ? 'foreign' : isActive ? 'active' : accepted ? 'accepted' : 'rejected';
    return {
      id, level, made, state, stale: stale === 1, ...told, ...(parent !== null && { parent }),
      ...(takenBack !== null && { takenBack: JSON.parse(takenBack) as TakenBack }),
    };
  });
}

/** An adapter that became a model of its own, and what it was learned from. */
export interface LearnedModel { id: AdapterId; level: 'reranker' | 'embedder'; model: string; base: string }

/** Those that were accepted; refused ones have no model. */
export function learnedModels(db: Db): LearnedModel[] {
  return sql<LearnedModel>(db, `select id, level, json_extract(report, '$.model') model, space base from adapter where level <> 'query' and accepted = 1 order by id`).all();
}

/** The number that the next adapter will have. */
export function nextAdapter(db: Db): AdapterId {
  return ((sql<{ seq: number }>(db, `select seq from sqlite_sequence where name = 'adapter'`).get()?.seq ?? 0) + 1) as AdapterId;
}

/** @throws EngineError 'not-found' */
export function keptComparisons(db: Db, id: AdapterId): KeptComparison[] {
  const row = sql<{ comparisons: string }>(db, 'select comparisons from adapter where id = ?').get(id);
  if (!row) throw new EngineError('not-found', 'That version is gone.');
  return JSON.parse(row.comparisons) as KeptComparison[];
}

/** What search goes back to from a version: what was in use before it, as long as that may still be; as shipped if undefined. */
export function earlier(db: Db, id: AdapterId): AdapterId | undefined {
  return sql<{ id: AdapterId }>(db, `
    select p.id from adapter a join adapter p on p.id = a.parent_id
    where a.id = ? and p.space = a.space and p.accepted = 1 and p.taken_back is null`).get(id)?.id;
}

/** The model that search goes back to from one that was learned: that of the version before it, else what it was learned from. */
export function formerModel(db: Db, { id, base }: LearnedModel): string {
  const before = earlier(db, id);
  return learnedModels(db).find((one) => one.id === before)?.model ?? base;
}

/** From when on what is said under a version is held for or against it: what it was taken back for does not count again. */
export function watchedSince(db: Db, id: AdapterId): number {
  return sql<{ since: number }>(db, `select max(watched_since, coalesce(json_extract(taken_back, '$.at'), 0)) since from adapter where id = ?`).get(id)?.since ?? 0;
}

/** Whether anything was ever learned that may be in use. */
export function isAnyAccepted(db: Db): boolean {
  return sql(db, 'select 1 from adapter where accepted = 1 limit 1').get() !== undefined;
}

const isInUse = (db: Db, id: AdapterId): boolean => sql(db, `select 1 from ${IN_USE} and a.id = ?`).get(id) !== undefined;

/** Brings a version into use in place of the one for the same models; those for others rest as they did. */
function bringIn(db: Db, id: AdapterId): void {
  const others = sql<{ id: AdapterId }>(db, `
    select a.id from ${IN_USE} and not exists (select 1 from adapter n where n.id = ? and n.space = a.space and (
      json_type(n.report, '$.reranker') is null or json_type(a.report, '$.reranker') is null or json_extract(n.report, '$.reranker') is json_extract(a.report, '$.reranker'))) order by u.key`).all(id);
  put(db, ACTIVE, [id, ...others.map((other) => other.id)].join());
}

function takeOut(db: Db, id: AdapterId): void {
  const left = sql<{ id: AdapterId }>(db, `select a.id from ${IN_USE} and a.id <> ? order by u.key`).all(id).map((other) => other.id);
  if (left.length === 0) remove(db, ACTIVE);
  else put(db, ACTIVE, left.join());
}

/**
 * Takes a version for questions out of use for what people said under it, and brings back what was in use before; call within one transaction.
 * Nothing happens where it is not in use any more.
 */
export function takeBack(db: Db, id: AdapterId, watch: Watch): void {
  if (!isInUse(db, id)) return;
  const before = earlier(db, id);
  if (before === undefined) takeOut(db, id);
  else activate(db, before);
  keepTakenBack(db, id, watch);
}

/** Keeps why a version is taken out of use; call within the transaction that does so. */
export function keepTakenBack(db: Db, id: AdapterId, watch: Watch): void {
  sql(db, 'update adapter set taken_back = ? where id = ?').run(JSON.stringify({ ...watch, at: Date.now() } satisfies TakenBack), id);
}

/** A person uses a model: if it was learned and taken back, it has another chance, with what is said from now on. */
export function putBack(db: Db, model: string): void {
  sql(db, `update adapter set taken_back = null, watched_since = ? where taken_back is not null and json_extract(report, '$.model') = ?`).run(Date.now(), model);
}

/**
 * Brings a version for questions into use; one that was taken back has another chance, with what is said from now on. Undefined:
 * as shipped, with whatever models.
 *
 * @throws EngineError 'not-found' or 'invalid' for an adapter that was refused
 */
export function activate(db: Db, id: AdapterId | undefined): void {
  if (id === undefined) return remove(db, ACTIVE);
  const row = sql<{ accepted: number }>(db, 'select accepted from adapter where id = ?').get(id);
  if (!row) throw new EngineError('not-found', 'That version is gone.');
  if (row.accepted === 0) throw new EngineError('invalid', 'That version made search worse and cannot be used.');
  sql(db, 'update adapter set taken_back = null, watched_since = ? where id = ? and taken_back is not null').run(Date.now(), id);
  bringIn(db, id);
}

export function deleteAdapters(db: Db, ids: readonly AdapterId[]): void {
  for (const id of ids) {
    if (isInUse(db, id)) takeOut(db, id);
    sql(db, 'delete from adapter where id = ?').run(id);
  }
}

/** The events an adapter learned from. */
export function eventsOf(db: Db, id: AdapterId): Set<EventId> {
  return new Set(sql<{ event: EventId }>(db, 'select event_id event from adapter_event where adapter_id = ?').all(id).map(({ event }) => event));
}
