import { assemble, ParseFailure } from './document.ts';
import type { ParsedDocument } from './document.ts';
import { columnsOfFrames, draftsOfColumns } from './pdf.ts';
import type { Column } from './pdf/paragraphs.ts';
import { pagesOf } from './scan/formats.ts';
import type { PicturePage } from './scan/formats.ts';
import { openRecogniser } from './scan/recogniser.ts';
import { spansOf } from './scan/spans.ts';

/** A page as long as this, in points, is what a picture is taken to show: A4. */
const LONG_SIDE = 842;
/** A part of a page has fewer dots than this to the inch of A4, and is still drawn as finely as one. */
const LEAST_DPI = 150;
/** Larger pictures would take gigabytes to decode. */
const MOST_PIXELS = 120e6;
/** No letter that a person could read is smaller than this many pixels in all. */
const LEAST_SIDE = 8;

/**
 * A photograph or a scan of text: its text as recognised, with page and boxes in points of a page that is as long as A4.
 * `onSign` is called now and then meanwhile. Throws `ParseFailure` 'damaged' where it cannot be decoded, 'too-large', and
 * 'no-text' where no text can be recognised.
 */
export async function parsePicture(bytes: Uint8Array, options: { onSign?: () => void }): Promise<ParsedDocument> {
  const pages = pagesIn(bytes);
  const recogniser = openRecogniser(options.onSign);
  const columns: Column[] = [];
  const sizes: { width: number; height: number }[] = [];
  const reasons: string[] = [];
  try {
    for (const [i, page] of pages.entries()) {
      const points = LONG_SIDE / Math.max(page.width, page.height);
      sizes.push({ width: page.width * points, height: page.height * points });
      try {
        const { lines } = await recogniser.recognise({ ...page, dpi: Math.max(LEAST_DPI, 72 / points) });
        columns.push(...columnsOfFrames([{ angle: 0, spans: spansOf(lines, points) }], i + 1));
      } catch (error) {
        reasons.push(error instanceof Error ? error.message : String(error));
      }
    }
  } finally {
    await recogniser.close();
  }
  if (reasons.length === pages.length) throw damaged(reasons[0]!);
  if (columns.length === 0) throw new ParseFailure('no-text', 'No text could be recognised in this picture. If it shows text, take it again: upright, sharp, near and evenly lit.');
  const warnings = ['The text of this picture was recognised and may have mistakes.'];
  if (reasons.length > 0) warnings.push(`${reasons.length} of ${pages.length} pages could not be read (${reasons[0]!}).`);
  return assemble('text', draftsOfColumns(columns, sizes), { pages: pages.length, warnings });
}

function pagesIn(bytes: Uint8Array): PicturePage[] {
  let pages: PicturePage[];
  try {
    pages = pagesOf(bytes);
  } catch (error) {
    throw error instanceof RangeError ? damaged('it is cut off') : error;
  }
  if (pages.length === 0 || pages.some(({ width, height }) => Math.min(width, height) < 1)) throw damaged('it has no size');
  if (pages.some(({ width, height }) => width * height > MOST_PIXELS)) {
    throw new ParseFailure('too-large', `This picture has more than ${MOST_PIXELS / 1e6} million dots, too many to look for text in. Save it smaller and add it again.`);
  }
  return pages.filter(({ width, height }) => Math.min(width, height) >= LEAST_SIDE);
}

const damaged = (detail: string): ParseFailure => new ParseFailure('damaged', `This picture is damaged and cannot be read (${detail}). Open it in a picture viewer, save it again, and add the new copy.`);
