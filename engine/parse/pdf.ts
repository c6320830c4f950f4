import type { PageViewport, PDFDocumentProxy } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { assemble, ParseFailure } from './document.ts';
import type { Draft, ParsedDocument } from './document.ts';
import { annotationsOf } from './pdf/annotations.ts';
import { columnsOf } from './pdf/columns.ts';
import { headingLevels, headingStyle, opensSection, stylesOf } from './pdf/headings.ts';
import { linesOf, segmentsOf } from './pdf/lines.ts';
import { withoutMargins } from './pdf/margins.ts';
import { damaged, openPdf } from './pdf/open.ts';
import { MARKER, paragraphsOf } from './pdf/paragraphs.ts';
import type { Column, Paragraph } from './pdf/paragraphs.ts';
import { clean, framesOf } from './pdf/spans.ts';
import { joinLines, keepLines, vocabularyOf } from './pdf/text.ts';
import type { Vocabulary } from './pdf/text.ts';

/** What was read of a PDF, page by page, before it is put together. */
interface Reading {
  columns: Column[];
  /** By page index; pages that cannot be read have none. */
  viewports: (PageViewport | undefined)[];
  notes: Draft[];
  /** Annotations are there but cannot be read. */
  notesLost: boolean;
  empty: number;
  unreadable: number;
  reason: string;
}

/**
 * Parses a PDF: text in reading order over columns, with page and boxes of every run in points of the page as it is
 * displayed (crop box and rotation applied). Throws `ParseFailure`: 'encrypted' when the password is missing, 'wrong-password' when it is wrong,
 * 'damaged' when nothing can be read, 'no-text' when the pages are only images.
 */
export async function parsePdf(bytes: Uint8Array, options: { password?: string }): Promise<ParsedDocument> {
  const pdf = await openPdf(bytes, options.password);
  try {
    const reading = await read(pdf);
    const pages = pdf.numPages;
    if (reading.unreadable === pages) throw damaged(reading.reason);
    if (reading.columns.length === 0 && reading.notes.length === 0) throw noText(pages);
    const columns = withoutMargins(reading.columns, reading.viewports);
    const styles = stylesOf(columns);
    const drafts = draftsOf(paragraphsOf(columns, styles), vocabularyOf(columns));
    return assemble('pdf', inPageOrder(drafts, reading.notes), {
      pages, warnings: warningsOf(reading, pages), ...await titleOf(pdf, drafts),
    });
  } finally {
    await pdf.loadingTask.destroy();
  }
}

async function read(pdf: PDFDocumentProxy): Promise<Reading> {
  const reading: Reading = { columns: [], viewports: [], notes: [], notesLost: false, empty: 0, unreadable: 0, reason: '' };
  const withoutText: number[] = [];
  reading.viewports.length = pdf.numPages;
  for (let number = 1; number <= pdf.numPages; number++) {
    try {
      const page = await pdf.getPage(number);
      const viewport = page.getViewport({ scale: 1 });
      const frames = framesOf(await page.getTextContent({ disableNormalization: true }), viewport);
      const readable = isReadable(frames.flatMap((frame) => frame.spans.map((span) => span.text)));
      reading.viewports[number - 1] = viewport;
      if (!readable) withoutText.push(number);
      else {
        for (const [i, { angle, spans }] of frames.entries()) {
          for (const column of columnsOf(segmentsOf(spans))) {
            reading.columns.push({ page: number, angle, aside: i > 0, lines: linesOf(column) });
          }
        }
      }
      page.cleanup();
    } catch (error) {
      // One page that cannot be read leaves the others; the document says how many there were.
      reading.unreadable++;
      reading.reason = error instanceof Error ? error.message : String(error);
    }
  }
  try {
    reading.notes = await annotationsOf(pdf, reading.viewports);
  } catch {
    reading.notesLost = true;
  }
  reading.empty = withoutText.filter((number) => !reading.notes.some((note) => note.page === number)).length;
  return reading;
}

/** Text whose characters mean something: fonts without a mapping give private-use or replacement characters. */
function isReadable(texts: string[]): boolean {
  let good = 0;
  let bad = 0;
  for (const text of texts) {
    bad += text.match(/[\ue000-\uf8ff\ufffd]|[\udb80-\udbff][\udc00-\udfff]/g)?.length ?? 0;
    good += text.match(/[\p{L}\p{N}]/gu)?.length ?? 0;
  }
  return good > 0 && good >= bad;
}

function draftsOf(paragraphs: Paragraph[], words: Vocabulary): Draft[] {
  const drafts: Draft[] = [];
  const headings: { draft: Draft; size: number }[] = [];
  for (const { kind, lines, level } of paragraphs) {
    const { line, page } = lines[0]!;
    const { text, runs } = kind === 'table' || kind === 'code' ? keepLines(lines, kind) : joinLines(lines, words);
    const draft: Draft = { kind: kind === 'text' ? 'paragraph' : kind, text, runs, page };
    if (kind === 'heading' && (lines.length > 4 || text.length > 250)) draft.kind = 'paragraph';
    else if (kind === 'heading') headings.push({ draft, size: line.size });
    if (kind === 'list-item') Object.assign(draft, withoutBullet(draft), { level });
    drafts.push(draft);
  }
  const levels = headingLevels(headings.map(({ draft, size }) => headingStyle(draft.text, size)));
  for (const [i, { draft }] of headings.entries()) draft.level = levels[i]!;
  return drafts;
}

/** A bullet is drawn by whoever shows the list; a number is part of the text. */
function withoutBullet({ text, runs = [] }: Draft): Pick<Draft, 'text' | 'runs'> {
  const marker = MARKER.exec(text)?.[0] ?? '';
  if (/[\p{L}\p{N}]/u.test(marker)) return { text, runs };
  const moved = runs.map((run) => ({ ...run, start: Math.max(0, run.start - marker.length), end: run.end - marker.length }));
  return { text: text.slice(marker.length), runs: moved.filter((run) => run.end > run.start) };
}

/** Fields and notes come after the text of their page. */
function inPageOrder(drafts: Draft[], notes: Draft[]): Draft[] {
  if (notes.length === 0) return drafts;
  return [...drafts, ...notes].sort((a, b) => (a.page ?? 0) - (b.page ?? 0));
}

function warningsOf({ empty, unreadable, notesLost }: Reading, pages: number): string[] {
  const warnings: string[] = [];
  if (empty > 0) warnings.push(`${empty} of ${pages} pages hold no text; they may be scanned images.`);
  if (unreadable > 0) warnings.push(`${unreadable} of ${pages} pages are damaged and could not be read.`);
  if (notesLost) warnings.push('Form fields and notes are damaged and could not be read.');
  return warnings;
}

const noText = (pages: number): ParseFailure => new ParseFailure('no-text',
  `${pages === 1 ? 'The page of this PDF holds' : `The ${pages} pages of this PDF hold`} no text, only images, as scans do. `
  + 'Text in images is not recognised yet: run the file through an OCR program and add the searchable PDF it makes.');

/** The title the file gives itself, unless a program made it up; else the first of the largest headings at the start. */
async function titleOf(pdf: PDFDocumentProxy, drafts: Draft[]): Promise<{ title?: string }> {
  const info = await pdf.getMetadata().then((metadata) => metadata.info as { Title?: unknown }, () => ({ Title: undefined }));
  const own = typeof info.Title === 'string' ? clean(info.Title).trim() : '';
  if (own.length > 2 && own.length < 300 && !MADE_UP.test(own)) return { title: own };
  const first = drafts.slice(0, 12).filter((draft) => draft.kind === 'heading' && !opensSection(draft.text));
  const top = Math.min(...first.map((draft) => draft.level ?? 6));
  const title = first.find((draft) => draft.level === top)?.text;
  return title === undefined ? {} : { title };
}

const MADE_UP = /^(?:untitled|无标题|microsoft (?:word|powerpoint|excel)|powerpoint|slide \d|document\d*$|title$)|\.(?:docx?|pdf|dvi|tex|indd|qxd|pptx?|xlsx?|rtf|txt|wpd|fm|ps|eps|odt)$|^[\d\s._-]+$|\ufffd/i;
