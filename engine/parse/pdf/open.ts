import { readFile } from 'node:fs/promises';
import { getDocument, PasswordResponses } from 'pdfjs-dist/legacy/build/pdf.mjs';
import type { PDFDocumentProxy } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { ParseFailure } from '../document.ts';

/** pdf.js keeps its CMaps and the metrics of the 14 standard fonts in folders beside its code. */
const FOLDERS: Record<string, URL> = {
  cMapUrl: new URL('../../cmaps/', import.meta.resolve('pdfjs-dist/legacy/build/pdf.mjs')),
  standardFontDataUrl: new URL('../../standard_fonts/', import.meta.resolve('pdfjs-dist/legacy/build/pdf.mjs')),
  wasmUrl: new URL('../../wasm/', import.meta.resolve('pdfjs-dist/legacy/build/pdf.mjs')),
};

/**
 * Reads pdf.js's own data files. Its built-in reader goes by whether it believes to be in Node, and in a utility
 * process of Electron it believes to be in a browser and would fetch.
 */
class FilesBesidePdfjs {
  async fetch({ kind, filename }: { kind: string; filename: string }): Promise<Uint8Array> {
    return new Uint8Array(await readFile(new URL(filename, FOLDERS[kind])));
  }
}

/** Opens a PDF with pdf.js on this very thread; the caller destroys it. Fails as 'encrypted', 'wrong-password' or 'damaged'. */
export async function openPdf(bytes: Uint8Array, password: string | undefined): Promise<PDFDocumentProxy> {
  holdStrayRejections();
  // With its message handler at hand pdf.js starts no worker thread: a parser already has a thread of its own.
  const scope = globalThis as { pdfjsWorker?: unknown };
  scope.pdfjsWorker ??= await import('pdfjs-dist/legacy/build/pdf.worker.mjs' as string);
  const task = getDocument({
    data: bytes.slice(), // pdf.js takes the buffer away from whoever gave it
    ...(password === undefined ? {} : { password }),
    cMapUrl: FOLDERS['cMapUrl']!.href,
    cMapPacked: true,
    standardFontDataUrl: FOLDERS['standardFontDataUrl']!.href,
    wasmUrl: FOLDERS['wasmUrl']!.href,
    BinaryDataFactory: FilesBesidePdfjs,
    useWorkerFetch: false,
    useSystemFonts: false, // text only: no font is ever shown
    disableFontFace: true,
    isOffscreenCanvasSupported: false,
    isImageDecoderSupported: false,
    enableXfa: false,
    stopAtErrors: false,
    verbosity: 0,
  });
  try {
    return await task.promise;
  } catch (error) {
    await task.destroy();
    throw asFailure(error, password);
  }
}

let holding = false;

/**
 * In damaged files pdf.js lets promises of its own be rejected with nobody listening, which would end this thread though
 * the failure is also reported where we await it. Rejections that are not its own go on as if this were not here.
 */
function holdStrayRejections(): void {
  if (holding) return;
  holding = true;
  process.on('unhandledRejection', (reason) => {
    if (!(reason instanceof Error && /pdf(?:\.worker)?\.mjs/.test(reason.stack ?? ''))) throw reason;
  });
}

function asFailure(error: unknown, password: string | undefined): ParseFailure {
  const { name, code, message } = error as { name?: string; code?: number; message?: string };
  if (name === 'PasswordException') {
    return code === PasswordResponses.INCORRECT_PASSWORD && password !== undefined
      ? new ParseFailure('wrong-password', 'The password does not open this PDF. Check it and try again.')
      : new ParseFailure('encrypted', 'This PDF is protected by a password. Give the password and try again.');
  }
  if (/password|encrypt/i.test(message ?? '')) {
    return new ParseFailure('encrypted', 'This PDF is encrypted in a way that cannot be opened here. Save a copy without protection and add that.');
  }
  return damaged(message ?? String(error));
}

/** The failure of a file that pdf.js cannot make sense of, `detail` being what it said. */
export const damaged = (detail: string): ParseFailure => new ParseFailure('damaged',
  `This PDF is damaged and cannot be read (${detail.replace(/\.$/, '')}). Open it in a PDF viewer, save it again, and add the new copy.`);
