import type { PageViewport } from 'pdfjs-dist/legacy/build/pdf.mjs';
import type { TextContent, TextItem, TextStyle } from 'pdfjs-dist/types/src/display/api.js';
import type { Box } from '../../api.ts';

/**
 * A stretch of text as the file sets it, in a frame of its own direction: `x0`…`x1` along the line, `base` the distance
 * of the base line, growing from line to line. All in points.
 */
export interface Span {
  text: string;
  x0: number;
  x1: number;
  base: number;
  top: number;
  bottom: number;
  size: number;
  font: string;
  /** All characters of its font are of one width, as in listings. */
  fixed: boolean;
  /** The file has a space before it. */
  spaced: boolean;
}

/** All text of a page that runs in one direction: `angle` clockwise on the page as displayed, in degrees. */
export interface Frame { angle: number; spans: Span[] }

const isText = (item: TextContent['items'][number]): item is TextItem => 'str' in item;

/**
 * The text of a page by direction, the direction with the most text first. Vertical CJK text is a frame turned by 90°
 * in which lines go downwards and follow one another to the left.
 */
export function framesOf(content: TextContent, viewport: PageViewport): Frame[] {
  const [a, b, c, d, e, f] = viewport.transform as [number, number, number, number, number, number];
  const scale = Math.hypot(a, b);
  const frames = new Map<number, Frame>();
  const seen = new Set<string>();
  let spaced = false;
  for (const item of content.items) {
    if (!isText(item)) continue;
    const text = clean(item.str);
    if (text.trim() === '') {
      spaced ||= text !== '' || item.hasEOL;
      continue;
    }
    const [ta, tb, tc, td, te, tf] = item.transform as [number, number, number, number, number, number];
    const style = content.styles[item.fontName];
    const along: [number, number] = style?.vertical ? [-(a * tc + c * td), -(b * tc + d * td)] : [a * ta + c * tb, b * ta + d * tb];
    const size = scale * (Math.hypot(tc, td) || Math.hypot(ta, tb));
    const length = scale * (style?.vertical ? item.height : item.width);
    const x = a * te + c * tf + e;
    const y = b * te + d * tf + f;
    if (!(size > 0.5) || ![x, y, length, ...along].every(Number.isFinite)) continue;
    const angle = quantized((Math.atan2(along[1], along[0]) * 180) / Math.PI);
    let frame = frames.get(angle);
    if (!frame) frames.set(angle, frame = { angle, spans: [] });
    const [u, v] = turned(x, y, angle);
    // Shadows and poor man's bold set the same text twice.
    const key = `${angle} ${Math.round(u)} ${Math.round(v)} ${text}`;
    if (!seen.has(key)) {
      seen.add(key);
      const [ascent, descent] = extentOf(style);
      frame.spans.push({
        text: text.trim(), x0: u, x1: u + length, base: v, top: v - ascent * size, bottom: v + descent * size, size,
        font: item.fontName, fixed: style?.fontFamily === 'monospace', spaced: spaced || text.startsWith(' '),
      });
    }
    spaced = item.hasEOL || text.endsWith(' ');
  }
  const amount = (frame: Frame): number => frame.spans.reduce((sum, span) => sum + span.text.length, 0);
  return [...frames.values()].sort((one, two) => amount(two) - amount(one));
}

/** A rectangle of a frame as a box of the displayed page. */
export function boxOf(page: number, angle: number, area: { x0: number; x1: number; top: number; bottom: number }): Box {
  const corners = [[area.x0, area.top], [area.x1, area.top], [area.x0, area.bottom], [area.x1, area.bottom]]
    .map(([u, v]) => turned(u!, v!, -angle));
  const x = Math.min(...corners.map((corner) => corner[0]));
  const y = Math.min(...corners.map((corner) => corner[1]));
  return { page, x, y, width: Math.max(...corners.map((corner) => corner[0])) - x, height: Math.max(...corners.map((corner) => corner[1])) - y };
}

/** A point seen by someone who turned by `angle` degrees clockwise (y grows downwards). */
function turned(x: number, y: number, angle: number): [number, number] {
  if (angle === 0) return [x, y];
  const cos = Math.cos((angle * Math.PI) / 180);
  const sin = Math.sin((angle * Math.PI) / 180);
  return [x * cos + y * sin, -x * sin + y * cos];
}

/** Slightly skewed scans count as straight; what is really oblique, as stamps are, keeps its direction to 5°. */
function quantized(degrees: number): number {
  const right = Math.round(degrees / 90) * 90;
  const angle = Math.abs(degrees - right) < 10 ? right : Math.round(degrees / 5) * 5;
  return ((angle % 360) + 360) % 360;
}

/** How far glyphs reach above and below their base line, in font sizes; fonts often say nothing or nonsense. */
function extentOf(style: TextStyle | undefined): [number, number] {
  if (style?.vertical) return [0.5, 0.5];
  const within = (value: number | undefined, low: number, high: number, otherwise: number): number =>
    value !== undefined && Number.isFinite(value) && value !== 0 ? Math.min(high, Math.max(low, value)) : otherwise;
  return [within(style?.ascent, 0.7, 1, 0.8), within(style && -style.descent, 0.15, 0.35, 0.22)];
}

const INVISIBLE = /[\u0000-\u0008\u000e-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;
/** Kangxi and other radicals stand for ordinary characters, CJK compatibility forms and Latin ligatures likewise. */
const DISGUISED = /[\u2e80-\u2fdf\uf900-\ufaff\ufb00-\ufb06]+/g;
const SPACES = /[\s\u00a0\u2000-\u200a\u202f\u3000]+/g;

export const CJK = '\\u2e80-\\u312f\\u31a0-\\ua4cf\\uf900-\\ufaff\\ufe30-\\ufe4f\\uff00-\\uffef\\ud840-\\ud888';
const SPACE_IN_CJK = new RegExp(`(?<=[${CJK}\\udc00-\\udfff]) (?=[${CJK}])`, 'g');

/** Text as a person reads it: no control characters, ligatures undone, one space where there is any, none inside CJK. */
export function clean(text: string): string {
  let result = text;
  if (/[^\x20-\x7e]/.test(text)) {
    result = text.toWellFormed().replace(SPACES, ' ').replace(INVISIBLE, '').replace(DISGUISED, (found) => found.normalize('NFKC'))
      .replace(SPACE_IN_CJK, '').replace(/[\uf0b7\uf0a7\uf0a8\uf076\uf0d8\uf06e\uf06c]/g, '•');
  } else if (text.includes('  ')) result = text.replace(/ +/g, ' ');
  return result;
}
