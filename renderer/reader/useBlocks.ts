import { useCallback, useEffect, useState } from 'react';
import type { Block, DocumentId, Engine } from '../../engine/api.ts';

export type Blocks = { kind: 'unasked' } | { kind: 'loading' } | { kind: 'ready'; blocks: Block[] } | { kind: 'failed'; error: unknown };

/** The blocks of a document, asked for when `wanted` first becomes true, and again by `retry`. */
export function useBlocks(engine: Engine, document: DocumentId, wanted: boolean): [Blocks, retry: () => void] {
  const [blocks, setBlocks] = useState<Blocks>({ kind: 'unasked' });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    if (!wanted) return;
    let over = false;
    setBlocks({ kind: 'loading' });
    engine.blocks(document).then(
      (loaded) => { if (!over) setBlocks({ kind: 'ready', blocks: loaded }); },
      (error: unknown) => { if (!over) setBlocks({ kind: 'failed', error }); },
    );
    return () => { over = true; };
  }, [engine, document, wanted, attempt]);
  return [blocks, useCallback(() => setAttempt((n) => n + 1), [])];
}
