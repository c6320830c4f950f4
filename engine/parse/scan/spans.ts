import type { Span } from '../pdf/spans.ts';
import { clean, CJK } from '../pdf/spans.ts';
import type { RecognisedLine } from './tesseract.ts';

/** Sizes of lines that differ by less are one size: they are measured from ink, of which a short line has little. */
const ONE_SIZE = 1.22;
/** How far a row reaches above and below its base line, in sizes. */
const ABOVE = 0.85;
const BELOW = 0.22;

/**
 * The words of recognised lines as spans of their page, `points` being those of a pixel: as a PDF with text would set
 * them, on base lines made level, in one font.
 */
export function spansOf(lines: readonly RecognisedLine[], points: number): Span[] {
  const usual = usualHeight(lines);
  const slope = slopeOf(lines);
  return lines.flatMap(({ words, baseline, height }) => {
    const size = sizeOf(height, usual) * points;
    const incline = (baseline.y1 - baseline.y0) / Math.max(1, baseline.x1 - baseline.x0);
    const heightAt = (x: number): number => (baseline.y0 + (x - baseline.x0) * incline) * points;
    const middle = (baseline.x0 + baseline.x1) / 2;
    const base = heightAt(middle) - slope * middle * points;
    return besideEachOther(words.flatMap(({ text: raw, bbox }, i): Span[] => {
      const text = clean(raw).trim();
      if (text === '') return [];
      const y = heightAt((bbox.x0 + bbox.x1) / 2);
      return [{
        text, x0: bbox.x0 * points, x1: bbox.x1 * points, base, top: y - ABOVE * size, bottom: y + BELOW * size, size,
        font: 'scan', fixed: false, spaced: i > 0 && !WIDE_END.test(words[i - 1]!.text) && !WIDE_START.test(text),
      }];
    }), size);
  });
}

/** Words narrower apart than this, in sizes, are of one line and not cells of a table. */
const CELL_GAP = 1.3;

/**
 * Words of a line so that each ends where the next begins: Tesseract tells their order surely, but where Chinese
 * characters begin and end only roughly, so that their boxes overlap or stand apart.
 */
function besideEachOther(line: Span[], size: number): Span[] {
  for (const [i, next] of line.entries()) {
    const last = line[i - 1];
    if (!last || next.x0 - last.x1 > CELL_GAP * size) continue;
    const overlap = next.x0 < last.x1;
    const edge = overlap ? Math.max((last.x0 + last.x1) / 2, (next.x0 + last.x1) / 2) : next.x0;
    last.x1 = edge;
    next.x0 = edge;
    next.x1 = Math.max(next.x1, edge + 0.1 * size);
  }
  return line;
}

const WIDE_START = new RegExp(`^[${CJK}]`);
const WIDE_END = new RegExp(`[${CJK}]$`);

/** The height of most characters' lines. */
function usualHeight(lines: readonly RecognisedLine[]): number {
  const heights = lines.map(({ words, height }) => ({ height, characters: words.reduce((sum, { text }) => sum + text.length, 0) }))
    .sort((a, b) => a.height - b.height);
  let left = heights.reduce((sum, { characters }) => sum + characters, 0) / 2;
  return heights.find(({ characters }) => (left -= characters) <= 0)?.height ?? 1;
}

/** The usual height, or so many steps above or below it. */
function sizeOf(height: number, usual: number): number {
  const steps = Math.log(Math.max(1, height) / Math.max(1, usual)) / Math.log(ONE_SIZE);
  return usual * ONE_SIZE ** Math.trunc(steps);
}

/** How much the lines of the page go down to the right: that of the median of its longer lines. */
function slopeOf(lines: readonly RecognisedLine[]): number {
  const long = lines.filter(({ words }) => words.length > 4)
    .map(({ baseline }) => (baseline.y1 - baseline.y0) / Math.max(1, baseline.x1 - baseline.x0)).sort((a, b) => a - b);
  return long[long.length >> 1] ?? 0;
}
