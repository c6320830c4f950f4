import type { Column } from './paragraphs.ts';
import type { Line } from './lines.ts';

/** What most of the document is set in. */
export interface Styles {
  size: number;
  font: string;
  /** Characters by font. */
  fonts: Map<string, number>;
  characters: number;
  /** The document is a typescript: one character width does not tell listings from prose. */
  fixed: boolean;
}

/** Size and font of most characters. */
export function stylesOf(columns: Column[]): Styles {
  const sizes = new Map<number, number>();
  const fonts = new Map<string, number>();
  let characters = 0;
  let fixed = 0;
  for (const { lines } of columns) {
    for (const line of lines) {
      const { size, font, text } = line;
      if (line.fixed) fixed += text.length;
      const rounded = Math.round(size * 2) / 2;
      sizes.set(rounded, (sizes.get(rounded) ?? 0) + text.length);
      fonts.set(font, (fonts.get(font) ?? 0) + text.length);
      characters += text.length;
    }
  }
  return { size: mostOf(sizes) ?? 0, font: mostOf(fonts) ?? '', fonts, characters, fixed: fixed > characters / 2 };
}

function mostOf<K>(counts: Map<K, number>): K | undefined {
  return [...counts].reduce<[K, number] | undefined>((best, entry) => (!best || entry[1] > best[1] ? entry : best), undefined)?.[0];
}

const NUMBERED = /^(?:(?:\d{1,2}(?:\.\d{1,2}){0,4}\.?|[A-Z](?:\.\d{1,2}){1,4}|[A-Z]\.)\s+\p{L}|[IVX]{1,5}\.\s+\p{Lu}|第[一二三四五六七八九十百零\d]{1,4}[章节節条條篇部编]|[一二三四五六七八九十]{1,3}、|(?:Chapter|Section|Appendix|Part)\s+[\dA-Z]{1,4}\b)/u;
const CHINESE_NUMBER = /^(?:第[一二三四五六七八九十百零\d]{1,4}[章节節篇部编]|[一二三四五六七八九十]{1,3}、)/;
const UNNUMBERED = /^(?:abstract|introduction|conclusions?|references|bibliography|acknowledge?ments?|appendix|contents|summary|摘\s*要|引\s*言|结\s*论|结\s*语|参考文献|目\s*录|前\s*言|附\s*录)[.:：]?$/i;
const DEEP_NUMBER = /^\d{1,2}(?:\.\d{1,2}){1,4}\.?\s+[\p{Lu}\p{Lo}]/u;
const CAPITALS = /^(?=.*\p{Lu}{3})[^\p{Ll}\p{Lo}]{6,}$/u;
const CAPTION = /^(?:figure|fig\.|table|图|圖|表)\s*\d/i;
const BULLET = /^[•●▪◦‣■□◆○➢✓]/;
const LONGEST = 120;

/**
 * Whether a line is (part of) a heading: set larger than the body; or short, wholly in another font than the body, and
 * numbered, well known, or standing off from its surroundings.
 */
export function looksLikeHeading(line: Line, before: Line | undefined, after: Line | undefined, styles: Styles): boolean {
  const { text, size } = line;
  if (text.length > LONGEST || !/\p{L}{2}|[\u4e00-\u9fff]/u.test(text) || line.cells.length > 2 || BULLET.test(text) || CAPTION.test(text)) return false;
  if (before && CAPTION.test(before.text) && line.base - before.base < 1.5 * size && size < before.size * 1.1) return false;
  if (/[,;，；、]$/.test(text) || (/[.。]$/.test(text) && !NUMBERED.test(text))) return size > styles.size * 1.4 && text.length < 80;
  if (size > styles.size * 1.12 && size > styles.size + 0.8) return true;
  if (CAPITALS.test(text) && text.length <= 90 && (opensSection(text) || (before && CAPITALS.test(before.text) && opensSection(before.text)))) return true;
  if (size < styles.size * 0.95 || /[=<>≤≥∈∑{}|]/.test(text)) return false;
  const starts = /^[\p{Lu}\p{Lo}\d(（【]/u.test(text);
  const ofBody = line.fonts.get(styles.font) ?? 0;
  const otherFont = ofBody < 0.15 * text.length && (styles.fonts.get(line.font) ?? 0) < 0.25 * styles.characters;
  const alone = !before || line.base - before.base > 1.5 * size || before.size > size * 1.1;
  if (CHINESE_NUMBER.test(text) && text.length <= 30 && alone) return true;
  if (DEEP_NUMBER.test(text) && text.length <= 60 && endsShort(line, before, after)) return true;
  if (!starts || !otherFont || text.length > 90) return false;
  if (UNNUMBERED.test(text) || NUMBERED.test(text)) return true;
  return alone && text.length <= 60 && after !== undefined && after.font === styles.font && after.base - line.base < 3 * size;
}

/** Clearly shorter than its neighbours, and the text above it is over. */
function endsShort(line: Line, before: Line | undefined, after: Line | undefined): boolean {
  return after !== undefined && line.cells.length === 1 && line.x1 < after.x1 - 6 * line.size && !DEEP_NUMBER.test(after.text)
    && (before === undefined || !/[\p{L},，、-]$/u.test(before.text) || before.base < line.base - 1.5 * line.size);
}

/** Whether a heading begins here even where one stands right above: it has a number or a well-known name. */
export const opensSection = (text: string): boolean => NUMBERED.test(text) || UNNUMBERED.test(text);

/** What the rank of a heading goes by: its size, then how deep its number goes. */
export interface HeadingStyle { size: number; depth: number }

/** Depth of a heading's number: "2.3.1 …" is 3, one without a number counts as 1. */
export function headingStyle(text: string, size: number): HeadingStyle {
  const number = /^(\d{1,2}(?:\.\d{1,2}){0,5})\.?\s/.exec(text)?.[1];
  const depth = number ? number.split('.').length : /^[（(][一二三四五六七八九十\d]{1,3}[)）]/.test(text) ? 2 : /^第.{1,4}[节節条條]/.test(text) ? 2 : 1;
  return { size: Math.round(size * 2) / 2, depth };
}

/** Gives every heading its level 1…6: larger before smaller, shallower numbers before deeper ones. */
export function headingLevels(styles: HeadingStyle[]): number[] {
  const key = (style: HeadingStyle): number => style.size * 10 - style.depth;
  const ranks = [...new Set(styles.map(key))].sort((a, b) => b - a);
  return styles.map((style) => Math.min(6, ranks.indexOf(key(style)) + 1));
}
