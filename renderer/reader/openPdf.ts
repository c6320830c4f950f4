import * as pdfjs from 'pdfjs-dist';
import type { PDFDocumentProxy } from 'pdfjs-dist';
import type { DocumentId, Engine } from '../../engine/api.ts';

/** Where the build puts what pdf.js fetches at run time, relative to the page. */
export const PDF_FILES = {
  worker: './pdf.worker.mjs',
  cmaps: './cmaps/',
  standardFonts: './standard_fonts/',
  wasm: './wasm/',
  iccs: './iccs/',
} as const;

/** One range request: large enough that a page needs few, small enough that the first comes at once. */
const RANGE_BYTES = 1 << 18;
/** A file up to this size is fetched whole. */
const WHOLE_BYTES = 1 << 20;

/** Asked when the file is encrypted; `again` after a wrong password. Rejecting closes the file. */
export type AskPassword = (again: boolean) => Promise<string>;

/**
 * Opens a stored PDF with pdf.js in a worker of its own; a large file is read in ranges as pages need them. It stays
 * open until `signal` aborts.
 * Throws what the engine throws when the bytes cannot be had, and what pdf.js throws when they are no PDF.
 */
export async function openPdf(engine: Engine, document: DocumentId, askPassword: AskPassword, signal: AbortSignal): Promise<PDFDocumentProxy> {
  const size = await engine.fileSize(document);
  const whole = size <= WHOLE_BYTES;
  const first = (await engine.fileBytes(document, 0, whole ? size : RANGE_BYTES)).slice();
  signal.throwIfAborted();
  const port = new Worker(here(PDF_FILES.worker), { type: 'module' });
  const worker = pdfjs.PDFWorker.create({ port });
  let failed: (reason: unknown) => void = () => undefined;
  const task = pdfjs.getDocument({
    worker,
    ...(whole ? { data: first } : { range: new EngineRanges(engine, document, size, first, (reason) => failed(reason)), rangeChunkSize: RANGE_BYTES }),
    disableAutoFetch: true,
    disableStream: true,
    cMapUrl: here(PDF_FILES.cmaps),
    standardFontDataUrl: here(PDF_FILES.standardFonts),
    wasmUrl: here(PDF_FILES.wasm),
    iccUrl: here(PDF_FILES.iccs),
    verbosity: pdfjs.VerbosityLevel.ERRORS,
  });
  const close = () => {
    void task.destroy().finally(() => { worker.destroy(); port.terminate(); });
  };
  signal.addEventListener('abort', close, { once: true });
  task.onPassword = (update: (password: string | Error) => void, reason: number) => {
    askPassword(reason === pdfjs.PasswordResponses.INCORRECT_PASSWORD).then(update, (error: unknown) => update(error as Error));
  };
  try {
    return await new Promise<PDFDocumentProxy>((resolve, reject) => {
      failed = reject;
      port.onerror = (event) => reject(new Error(event.message || 'The PDF worker did not start.'));
      task.promise.then(resolve, reject);
    });
  } catch (error) {
    if (!signal.aborted) close();
    throw error;
  }
}

class EngineRanges extends pdfjs.PDFDataRangeTransport {
  readonly #engine: Engine;
  readonly #document: DocumentId;
  readonly #failed: (reason: unknown) => void;
  #over = false;

  constructor(engine: Engine, document: DocumentId, size: number, first: Uint8Array, failed: (reason: unknown) => void) {
    super(size, first);
    this.#engine = engine;
    this.#document = document;
    this.#failed = failed;
  }

  override requestDataRange(begin: number, end: number): void {
    this.#engine.fileBytes(this.#document, begin, end).then(
      (bytes) => { if (!this.#over) this.onDataRange(begin, bytes); },
      (reason: unknown) => { if (!this.#over) this.#failed(reason); },
    );
  }

  override abort(): void {
    this.#over = true;
  }
}

function here(path: string): string {
  return new URL(path, document.baseURI).href;
}
