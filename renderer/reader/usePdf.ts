import { useCallback, useEffect, useState } from 'react';
import type { PDFDocumentProxy } from 'pdfjs-dist';
import type { DocumentId, Engine } from '../../engine/api.ts';
import { openPdf } from './openPdf.ts';

export type Pdf =
  | { kind: 'none' }
  | { kind: 'loading' }
  | { kind: 'locked'; again: boolean; unlock: (password: string) => void }
  | { kind: 'open'; pdf: PDFDocumentProxy }
  | { kind: 'failed'; error: unknown };

/** The PDF behind a document, open while `wanted` and closed with the component. */
export function usePdf(engine: Engine, document: DocumentId, wanted: boolean): [Pdf, retry: () => void] {
  const [pdf, setPdf] = useState<Pdf>({ kind: wanted ? 'loading' : 'none' });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    if (!wanted) return setPdf({ kind: 'none' });
    const closing = new AbortController();
    const show = (next: Pdf) => { if (!closing.signal.aborted) setPdf(next); };
    setPdf({ kind: 'loading' });
    const askPassword = (again: boolean) => new Promise<string>((unlock) => show({ kind: 'locked', again, unlock }));
    openPdf(engine, document, askPassword, closing.signal).then(
      (opened) => show({ kind: 'open', pdf: opened }),
      (error: unknown) => show({ kind: 'failed', error }),
    );
    return () => closing.abort();
  }, [engine, document, wanted, attempt]);
  return [pdf, useCallback(() => setAttempt((n) => n + 1), [])];
}
