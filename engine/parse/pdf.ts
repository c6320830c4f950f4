import type { PageViewport, PDFDocumentProxy, PDFPageProxy } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { assemble, ParseFailure } from './document.ts';
import type { Draft, ParsedDocument } from './document.ts';
import { annotationsOf } from './pdf/annotations.ts';
import { columnsOf } from './pdf/columns.ts';
import { headingLevels, headingStyle, opensSection, stylesOf } from './pdf/headings.ts';
import { linesOf, segmentsOf } from './pdf/lines.ts';
import { withoutMargins } from './pdf/margins.ts';
import type { PageSize } from './pdf/margins.ts';
import { damaged, openPdf } from './pdf/open.ts';
import { MARKER, paragraphsOf } from './pdf/paragraphs.ts';
import type { Column, Paragraph } from './pdf/paragraphs.ts';
import { clean, framesOf } from './pdf/spans.ts';
import type { Frame, Span } from './pdf/spans.ts';
import { joinLines, keepLines, vocabularyOf } from './pdf/text.ts';
import type { Vocabulary } from './pdf/text.ts';
import { pictureOf } from './scan/page-picture.ts';
import { openRecogniser } from './scan/recogniser.ts';
import type { Recogniser } from './scan/recogniser.ts';
import { spansOf } from './scan/spans.ts';

/** What was read of a PDF, page by page, before it is put together. */
interface Reading {
  columns: Column[];
  /** By page index; pages that cannot be read have none. */
  viewports: (PageViewport | undefined)[];
  notes: Draft[];
  /** Annotations are there but cannot be read. */
  notesLost: boolean;
  empty: number;
  /** Pages whose text was recognised in what their images show, and pages of images where that failed. */
  recognised: number;
  unrecognised: number;
  unreadable: number;
  reason: string;
}

/** A page with more letters than this says what it says by itself; its images are illustrations. */
const MOST_LETTERS_BESIDE_A_SCAN = 300;

/**
 * Parses a PDF: text in reading order over columns, with page and boxes of every run in points of the page as it is
 * displayed (crop box and rotation applied). The text of scanned pages is recognised; `onSign` is called now and then meanwhile.
 * Throws `ParseFailure`: 'encrypted' when the password is missing, 'wrong-password' when it is wrong, 'damaged' when
 * nothing can be read, 'no-text' when the pages hold no text and none can be recognised in their images.
 */
export async function parsePdf(bytes: Uint8Array, options: { password?: string; onSign?: () => void }): Promise<ParsedDocument> {
  const pdf = await openPdf(bytes, options.password);
  const recogniser = openRecogniser(options.onSign);
  try {
    const reading = await read(pdf, recogniser);
    const pages = pdf.numPages;
    if (reading.unreadable === pages) throw damaged(reading.reason);
    if (reading.columns.length === 0 && reading.notes.length === 0) throw noText(reading, pages);
    const drafts = draftsOfColumns(reading.columns, reading.viewports);
    return assemble('pdf', inPageOrder(drafts, reading.notes), {
      pages, warnings: warningsOf(reading, pages), ...await titleOf(pdf, drafts),
    });
  } finally {
    await recogniser.close();
    await pdf.loadingTask.destroy();
  }
}

/** Columns of lines, in reading order, as blocks: running headers dropped, lines joined, headings found. */
export function draftsOfColumns(found: Column[], sizes: (PageSize | undefined)[]): Draft[] {
  const columns = withoutMargins(found, sizes);
  return draftsOf(paragraphsOf(columns, stylesOf(columns)), vocabularyOf(columns));
}

/** The columns of a page, those of its main direction first. */
export function columnsOfFrames(frames: Frame[], page: number): Column[] {
  return frames.flatMap(({ angle, spans }, i) => columnsOf(segmentsOf(spans)).map((column) => ({ page, angle, aside: i > 0, lines: linesOf(column) })));
}

async function read(pdf: PDFDocumentProxy, recogniser: Recogniser): Promise<Reading> {
  const reading: Reading = { columns: [], viewports: [], notes: [], notesLost: false, empty: 0, recognised: 0, unrecognised: 0, unreadable: 0, reason: '' };
  const withoutText: number[] = [];
  reading.viewports.length = pdf.numPages;
  for (let number = 1; number <= pdf.numPages; number++) {
    try {
      const page = await pdf.getPage(number);
      const viewport = page.getViewport({ scale: 1 });
      const written = framesOf(await page.getTextContent({ disableNormalization: true }), viewport);
      const texts = written.flatMap((frame) => frame.spans.map((span) => span.text));
      const frames = isReadable(texts) ? written : [];
      reading.viewports[number - 1] = viewport;
      if (frames.length === 0 || lettersIn(texts) <= MOST_LETTERS_BESIDE_A_SCAN) await recogniseInto(frames, page, viewport, recogniser, reading);
      if (frames.length === 0) withoutText.push(number);
      else reading.columns.push(...columnsOfFrames(frames, number));
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

/** Adds to the text of a page what can be recognised in its images where they cover it, unless the page says it already. */
async function recogniseInto(frames: Frame[], page: PDFPageProxy, viewport: PageViewport, recogniser: Recogniser, reading: Reading): Promise<void> {
  try {
    const picture = await pictureOf(page, viewport);
    if (!picture) return;
    const { lines } = await recogniser.recognise(picture);
    const written = frames.find(({ angle }) => angle === 0)?.spans ?? [];
    const spans = spansOf(lines, 72 / picture.dpi);
    if (spans.length === 0 || saysAgain(spans, written)) {
      // Beside text an image may well be a picture of something.
      if (frames.length === 0) reading.unrecognised++;
      return;
    }
    reading.recognised++;
    if (written.length > 0) written.push(...spans);
    else frames.unshift({ angle: 0, spans });
  } catch (error) {
    // What the page says by itself stays.
    reading.unrecognised++;
    reading.reason = error instanceof Error ? error.message : String(error);
  }
}

/** Whether most of what was recognised is written on the page already: scanners of offices lay the text under its picture. */
function saysAgain(recognised: Span[], written: Span[]): boolean {
  const wordsOf = (spans: Span[]): string[] => spans.flatMap(({ text }) => text.toLowerCase().match(/\p{Script=Han}|[\p{L}\p{N}]+/gu) ?? []);
  const known = new Set(wordsOf(written));
  const words = wordsOf(recognised);
  return words.filter((word) => known.has(word)).length > words.length / 2;
}

const lettersIn = (texts: string[]): number => texts.reduce((sum, text) => sum + (text.match(/[\p{L}\p{N}]/gu)?.length ?? 0), 0);

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

function warningsOf({ empty, recognised, unrecognised, unreadable, notesLost }: Reading, pages: number): string[] {
  const warnings: string[] = [];
  if (recognised > 0) warnings.push(`${recognised} of ${pages} pages are scans: their text was recognised and may have mistakes.`);
  if (unrecognised > 0) warnings.push(`${unrecognised} of ${pages} pages are images in which no text could be recognised.`);
  if (empty > unrecognised) warnings.push(`${empty - unrecognised} of ${pages} pages hold no text.`);
  if (unreadable > 0) warnings.push(`${unreadable} of ${pages} pages are damaged and could not be read.`);
  if (notesLost) warnings.push('Form fields and notes are damaged and could not be read.');
  return warnings;
}

function noText({ unrecognised, reason }: Reading, pages: number): ParseFailure {
  const these = pages === 1 ? 'The page of this PDF holds' : `The ${pages} pages of this PDF hold`;
  if (unrecognised === 0) return new ParseFailure('no-text', `${these} no text. If you see text on ${pages === 1 ? 'it' : 'them'}, run the file through an OCR program and add the searchable PDF it makes.`);
  return new ParseFailure('no-text', `${these} only images, and no text could be recognised in them${reason === '' ? '' : ` (${reason})`}. `
    + 'If they are scans, scan them again: upright, sharp, at 300 dpi.');
}

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
