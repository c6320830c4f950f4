import type { AdapterId, Run, RunFailure, RunId, RunProgress } from '../api.ts';
import { sql, type Db } from './database.ts';

interface Row { id: RunId; level: Run['level']; started: number; finished: number | null; state: Run['state']; progress: string; adapter: AdapterId | null; reason: string | null }

const SELECT = 'select id, level, started, finished, state, progress, adapter_id adapter, reason from run';

export function beginRun(db: Db, level: Run['level']): RunId {
  const progress: RunProgress = { phase: 'preparing', done: 0, curve: [] };
  return Number(sql(db, `insert into run (level, started, state, progress) values (?, ?, 'running', ?)`).run(level, Date.now(), JSON.stringify(progress)).lastInsertRowid) as RunId;
}

/** Runs, newest first. */
export function runs(db: Db, limit = 100): Run[] {
  return sql<Row>(db, `${SELECT} order by id desc limit ?`).all(limit).map(fromRow);
}

/** When somebody last asked or said something, in milliseconds since 1970, and whether documents wait to be read. */
export function lastUse(db: Db): { at: number; reading: boolean } {
  return {
    at: sql<{ at: number }>(db, 'select max(coalesce((select max(asked) from turn), 0), coalesce((select max(at) from event), 0)) at').get()!.at,
    reading: sql(db, `select 1 from document where state = 'waiting' limit 1`).get() !== undefined,
  };
}

/** The run that is neither over nor cancelled; there is at most one. */
export function openRun(db: Db): Run | undefined {
  const row = sql<Row>(db, `${SELECT} where state in ('running', 'paused') order by id desc limit 1`).get();
  return row && fromRow(row);
}

/** Failures that are told by their code; any other text is what the engine said of one that should not be. */
const FAILURES: readonly string[] = ['too-little', 'no-model', 'untrainable', 'no-index'] satisfies RunFailure[];

function fromRow({ finished, adapter, reason, progress, state, ...row }: Row): Run {
  const told = reason === null ? {} : FAILURES.includes(reason) ? { failure: reason as RunFailure } : { reason };
  return {
    state, ...(state === 'failed' && { failure: 'broken' as const }), ...told,
    ...row, progress: JSON.parse(progress) as RunProgress,
    ...(finished !== null && { finished }), ...(adapter !== null && { adapter }),
  };
}

/** Keeps how far a run is; nothing when it was cancelled meanwhile. */
export function keepCourse(db: Db, run: RunId, progress: RunProgress, snapshot: string, course: Buffer): void {
  sql(db, `update run set progress = ?, snapshot = ?, course = ? where id = ? and state in ('running', 'paused')`).run(JSON.stringify(progress), snapshot, course, run);
}

export function keepProgress(db: Db, run: RunId, progress: RunProgress): void {
  sql(db, `update run set progress = ? where id = ? and state in ('running', 'paused')`).run(JSON.stringify(progress), run);
}

/** How far a run was when it was last kept, if it learns from the same. */
export function courseOf(db: Db, run: RunId, snapshot: string): Buffer | undefined {
  return sql<{ course: Buffer | null }>(db, 'select course from run where id = ? and snapshot = ?').get(run, snapshot)?.course ?? undefined;
}

export function setRunState(db: Db, run: RunId, state: 'running' | 'paused'): void {
  sql(db, `update run set state = ? where id = ? and state in ('running', 'paused')`).run(state, run);
}

/** Ends a run; what it had kept to go on with goes. */
export function endRun(db: Db, run: RunId, state: 'done' | 'cancelled' | 'failed', made: { adapter?: AdapterId; reason?: string } = {}): void {
  sql(db, `update run set state = ?, finished = ?, adapter_id = ?, reason = ?, course = null where id = ? and state in ('running', 'paused')`)
    .run(state, Date.now(), made.adapter ?? null, made.reason ?? null, run);
}
