import type { Adapter, AdapterId, EventId } from '../api.ts';
import { EngineError } from '../api.ts';
import type { ChunkName } from '../learn/judgements.ts';
import { sql, type Db } from './database.ts';
import { get, put } from './settings.ts';

/** What is kept of an adapter beside its weights: enough to make it again, and what it was judged by. */
export interface AdapterReport extends Pick<Adapter, 'signals' | 'questions' | 'mine' | 'guard' | 'bound' | 'alpha' | 'refusals' | 'seconds'> {
  recipe: Record<string, unknown>;
  snapshot: string;
}

/** A judged question's first hits before and after, by name: texts are looked up where they stand when it is shown. */
export interface KeptComparison { question: string; heldOut: boolean; ndcgBefore: number; ndcgAfter: number; answers: ChunkName[]; before: ChunkName[]; after: ChunkName[] }

export interface NewAdapter {
  space: string;
  bytes: Uint8Array;
  report: AdapterReport;
  comparisons: KeptComparison[];
  events: readonly EventId[];
  contents: readonly string[];
}

const ACTIVE = 'adapter.query';

/** The adapter in use in a space. */
export function activeAdapter(db: Db, space: string): AdapterId | undefined {
  return sql<{ id: AdapterId }>(db, 'select a.id from setting s join adapter a on a.id = cast(s.value as integer) where s.key = ? and a.space = ?').get(ACTIVE, space)?.id;
}

/** The weights of an adapter, if it is of that space. */
export function adapterBytes(db: Db, id: AdapterId, space?: string): Uint8Array | undefined {
  const row = sql<{ bytes: Buffer; space: string }>(db, 'select bytes, space from adapter where id = ?').get(id);
  return row && (space === undefined || row.space === space) ? new Uint8Array(row.bytes) : undefined;
}

/** Stores a candidate and, where nothing speaks against it, brings it into use; call within one transaction. */
export function saveAdapter(db: Db, { space, bytes, report, comparisons, events, contents }: NewAdapter): AdapterId {
  const accepted = report.refusals.length === 0;
  const id = Number(sql(db, `insert into adapter (level, space, made, accepted, parent_id, bytes, report, comparisons) values ('query', ?, ?, ?, ?, ?, ?, ?)`)
    .run(space, Date.now(), accepted ? 1 : 0, activeAdapter(db, space) ?? null, Buffer.from(bytes), JSON.stringify(report), JSON.stringify(comparisons)).lastInsertRowid) as AdapterId;
  for (const event of new Set(events)) sql(db, 'insert into adapter_event values (?, ?)').run(id, event);
  for (const content of new Set(contents)) sql(db, 'insert into adapter_content values (?, ?)').run(id, content);
  if (accepted) put(db, ACTIVE, String(id));
  return id;
}

interface Row { id: AdapterId; space: string; made: number; accepted: number; parent: AdapterId | null; report: string; stale: number }

/** All adapters, newest first. `space`: of the embedder in use. */
export function adapters(db: Db, space: string | undefined): Adapter[] {
  const active = space === undefined ? undefined : activeAdapter(db, space);
  return sql<Row>(db, `
    select id, space, made, accepted, parent_id parent, report,
      exists (select 1 from adapter_event e where e.adapter_id = a.id and not exists (select 1 from event where id = e.event_id)) or
      exists (select 1 from adapter_content c where c.adapter_id = a.id and not exists (
        select 1 from content k join document d on d.content_id = k.id and d.state <> 'removed' where k.hash = c.hash)) stale
    from adapter a order by id desc`).all().map(({ id, space: own, made, accepted, parent, report, stale }) => {
    const { recipe: _, snapshot: __, ...told } = JSON.parse(report) as AdapterReport;
    const state = own !== space ? 'foreign' : id === active ? 'active' : accepted ? 'accepted' : 'rejected';
    return { id, level: 'query', made, state, stale: stale === 1, ...told, ...(parent !== null && { parent }) };
  });
}

/** @throws EngineError 'not-found' */
export function keptComparisons(db: Db, id: AdapterId): KeptComparison[] {
  const row = sql<{ comparisons: string }>(db, 'select comparisons from adapter where id = ?').get(id);
  if (!row) throw new EngineError('not-found', 'That version is gone.');
  return JSON.parse(row.comparisons) as KeptComparison[];
}

/** @throws EngineError 'not-found' or 'invalid' for an adapter that was refused */
export function activate(db: Db, id: AdapterId | undefined): void {
  if (id === undefined) return void sql(db, 'delete from setting where key = ?').run(ACTIVE);
  const row = sql<{ accepted: number }>(db, 'select accepted from adapter where id = ?').get(id);
  if (!row) throw new EngineError('not-found', 'That version is gone.');
  if (row.accepted === 0) throw new EngineError('invalid', 'That version made search worse and cannot be used.');
  put(db, ACTIVE, String(id));
}

export function deleteAdapters(db: Db, ids: readonly AdapterId[]): void {
  for (const id of ids) {
    if (get(db, ACTIVE) === String(id)) activate(db, undefined);
    sql(db, 'delete from adapter where id = ?').run(id);
  }
}

/** The events an adapter learned from. */
export function eventsOf(db: Db, id: AdapterId): Set<EventId> {
  return new Set(sql<{ event: EventId }>(db, 'select event_id event from adapter_event where adapter_id = ?').all(id).map(({ event }) => event));
}
