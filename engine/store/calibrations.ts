import type { ChunkId, DocumentId, LibraryId } from '../api.ts';
import type { Calibration } from '../answer/found.ts';
import { sql, type Db } from './database.ts';

/** A library that can be calibrated: how large it is now, and what people have said (`SAID`). */
export interface Calibratable { library: LibraryId; chunks: number; said: string }

/** How many signals there are, and the number of the last; numbers only grow, so that what was deleted of them since can be told. */
const SAID = `(select count(*) || ' ' || coalesce(max(number), 0) from event)`;

interface Row { chunks: number; said: string; result: string }

const SIZES = `
  select l.id library, sum(c.chunks) chunks, count(*) documents, sum(h.space_id is null) unfinished, ${SAID} said
  from library l join holding h on h.library_id = l.id join content c on c.id = h.content_id
  where l.removed = 0 group by l.id`;

/**
 * Libraries without a calibration for these models, or which have changed much since: by a quarter of their chunks, or by ten
 * signals; and all whose calibration knows a signal that was deleted. Small ones, and those that are still being read or
 * embedded, wait.
 *
 * @param embedded whether there is an embedder, so that a library is only whole when all of it is embedded
 */
export function uncalibrated(db: Db, models: string, { documents, chunks, embedded }: { documents: number; chunks: number; embedded: boolean }): Calibratable[] {
  const rows = sql<Calibratable & { documents: number; unfinished: number }>(db, SIZES).all();
  return rows.filter((row) => {
    if (row.documents < documents || row.chunks < chunks || (embedded && row.unfinished > 0)) return false;
    const known = sql<Row>(db, 'select chunks, said, result from calibration where library_id = ? and models = ?').get(row.library, models);
    return !known || Math.abs(row.chunks - known.chunks) > known.chunks / 4 || saidSince(db, known) >= 10;
  }).map(({ library, chunks, said }) => ({ library, chunks, said }));
}

/** How many signals came after those a calibration knows; Infinity where one of those was deleted. */
function saidSince(db: Db, { said }: Row): number {
  const [count = 0, last = 0] = said.split(' ').map(Number);
  const now = sql<{ left: number; since: number }>(db, 'select count(*) filter (where number <= @last) "left", count(*) filter (where number > @last) since from event').get({ last })!;
  return now.left < count ? Infinity : now.since;
}

/** The calibrations of libraries for these models, with the number of chunks each was made of. */
export function calibrationsOf(db: Db, libraries: readonly LibraryId[], models: string): { calibration: Calibration; chunks: number }[] {
  return sql<Row>(db, 'select chunks, result from calibration where models = ? and library_id in (select value from json_each(?))').all(models, JSON.stringify(libraries))
    .map(({ chunks, result }) => ({ chunks, calibration: JSON.parse(result) as Calibration }));
}

export function saveCalibration(db: Db, models: string, { library, chunks, said }: Calibratable, calibration: Calibration): void {
  if (!sql(db, 'select 1 from library where id = ?').get(library)) return;
  sql(db, 'insert or replace into calibration (library_id, models, chunks, said, result) values (?, ?, ?, ?, ?)').run(library, models, chunks, said, JSON.stringify(calibration));
}

/** Chunks spread evenly over a library, each with a document that has it. */
export function spreadChunks(db: Db, library: LibraryId, count: number): { chunk: ChunkId; document: DocumentId; text: string }[] {
  return sql<{ chunk: ChunkId; document: DocumentId; text: string }>(db, `
    with own as (
      select k.id chunk, min(d.id) document, row_number() over (order by k.id) number, count(*) over () total
      from document d join chunk k on k.content_id = d.content_id where d.library_id = @library and d.state = 'ready' and d.included = 1 group by k.id)
    select o.chunk, o.document, k.text from own o join chunk k on k.id = o.chunk where (o.number * cast(@count as integer)) / o.total > ((o.number - 1) * cast(@count as integer)) / o.total`).all({ library, count });
}
