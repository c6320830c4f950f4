import type { Document, DocumentId, DocumentState, Engine, LibraryId } from '../../engine/api.ts';
import { useLive } from '../useLive.ts';

/** Documents are asked for in pages of this many rows. */
const PAGE = 100;

export interface DocumentFilter { library: LibraryId; name: string; state: DocumentState['kind'] | 'all' }

/** The rows in view and their neighbours, by their place in the list; the others are absent. */
export interface Documents { total: number | undefined; rows: ReadonlyMap<number, Document> }

const NONE: Documents = { total: undefined, rows: new Map() };

/**
 * A library's documents, however many: only the pages that hold the rows `first` to `last` are asked for, and again when
 * documents change. Others are not kept: they would stay as they were, whatever is done to all at once.
 */
export function useDocuments({ library, name, state }: DocumentFilter, first: number, last: number): Documents {
  const filter = JSON.stringify([library, name, state]);
  const offset = Math.floor(first / PAGE) * PAGE;
  const limit = Math.ceil((last + 1) / PAGE) * PAGE - offset;

  const { value } = useLive(['documents', 'feedback'], `${filter} ${offset} ${limit}`, async (engine) => {
    const page = await engine.documents({ library, offset, limit, ...(name !== '' && { name }), ...(state !== 'all' && { state }) });
    return { filter, documents: { total: page.total, rows: new Map(page.documents.map((document, i) => [offset + i, document])) } };
  });
  return value?.filter === filter ? value.documents : NONE;
}

/** The identities of all documents that pass the filter. */
export async function everyId(engine: Engine, { library, name, state }: DocumentFilter): Promise<DocumentId[]> {
  const ids: DocumentId[] = [];
  for (;;) {
    const page = await engine.documents({ library, offset: ids.length, limit: 2_000, ...(name !== '' && { name }), ...(state !== 'all' && { state }) });
    ids.push(...page.documents.map((document) => document.id));
    if (page.documents.length === 0 || ids.length >= page.total) return ids;
  }
}
