import { assemble } from './document.ts';
import type { Draft, ParsedDocument } from './document.ts';
import { decode } from './encoding.ts';
import { gapBetween } from './phrase.ts';
import { readTable, textOfRows } from './table.ts';

/** Plain text, and what is close to it: delimited tables, subtitles, source code. */
export async function parseText(bytes: Uint8Array, name: string): Promise<ParsedDocument> {
  const { text, encoding } = decode(bytes);
  const extension = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
  const table = extension === 'csv' || extension === 'tsv' || extension === 'tab' ? readTable(text) : undefined;
  if (table) return assemble('text', [table], { encoding });
  if (CODE.has(extension)) return assemble('text', listings(text), { encoding });
  const drafts = prose(text, { org: extension === 'org', titled: true });
  const first = drafts[0];
  const more: Partial<ParsedDocument> = { encoding };
  if (first?.kind === 'heading' && first.level === 1) more.title = first.text;
  return assemble('text', drafts, more);
}

/** Extensions of files whose lines mean what they say; they are kept as listings. */
const CODE = new Set(('c h cc cpp hpp cs css go java js jsx mjs cjs ts tsx mts py rb rs php pl lua r jl kt swift scala sh bash zsh bat ps1 sql json jsonl ndjson '
  + 'yaml yml toml ini cfg conf env properties log diff patch gradle cmake make vue svelte proto graphql tf dockerfile').split(' '));

/** A line without its line end; offsets in the decoded text. */
interface Line { text: string; start: number; end: number }

/** Runs of lines without a blank line between. */
function groupsOf(text: string): Line[][] {
  const groups: Line[][] = [];
  let group: Line[] = [];
  for (const match of text.matchAll(/[^\r\n\f\u2028\u2029]+|\r\n|[\r\n\f\u2028\u2029]/g)) {
    const line = match[0];
    if (line.trim() !== '') group.push({ text: line, start: match.index, end: match.index + line.length });
    else if (/^[\r\n\u2028\u2029]/.test(line) ? lineIsBlank(text, match.index) : line === '\f' || group.length === 0) {
      if (group.length > 0) groups.push(group);
      group = [];
    }
  }
  if (group.length > 0) groups.push(group);
  return groups;
}

/** Whether the line that ends at `end` holds nothing but white space. */
function lineIsBlank(text: string, end: number): boolean {
  for (let i = end - 1; i >= 0; i--) {
    const character = text[i]!;
    if (character === '\n' || character === '\r') return true;
    if (character.trim() !== '') return false;
  }
  return true;
}

/** The blocks of prose that has its title elsewhere. */
export const proseBlocks = (text: string): Draft[] => prose(text, { org: false, titled: false });

function prose(text: string, { org, titled }: { org: boolean; titled: boolean }): Draft[] {
  const groups = groupsOf(text);
  const width = wrapWidth(groups);
  const underlines: string[] = [];
  const drafts: Draft[] = [];
  for (let group of groups) {
    if (org && /^#\+title:/i.test(group[0]!.text)) drafts.push(draft('heading', [group.shift()!], (line) => line.replace(/^#\+title:\s*/i, ''), 1));
    if (group.length === 0) continue;
    const second = group[1];
    if (second && UNDERLINE.test(second.text.trimEnd()) && second.text.trim().length * 2 >= group[0]!.text.trim().length && !UNDERLINE.test(group[0]!.text)) {
      const sign = second.text[0]!;
      if (!underlines.includes(sign)) underlines.push(sign);
      drafts.push(draft('heading', [group[0]!], trim, Math.min(6, underlines.indexOf(sign) + 1)));
      group = group.slice(2);
    } else if (titled && drafts.length === 0 && isTitle(group[0]!.text) && (second ? SENTENCE_END.test(second.text) && !/[，；,;]/.test(group[0]!.text) && !isWrapped(group, width) : groups.length > 2)) {
      drafts.push(draft('heading', [group[0]!], trim, 1));
      group = group.slice(1);
    }
    for (const part of partTables(group)) for (const block of blocksOf(part, width, org)) drafts.push(block);
  }
  return drafts;
}

const UNDERLINE = /^([=\-~^"*+#])\1{2,}$/;

const SENTENCE_END = /[。.!?！？；：:]\s*$/;

/** A short first line, alone or above a sentence, that is no sentence. */
function isTitle(line: string): boolean {
  const title = line.trim();
  return widthOf(title) <= 80 && !/[。．.!?！？；;，,：:…]$/.test(title) && /\p{L}/u.test(title) && !LIST_ITEM.test(title);
}

function blocksOf(group: Line[], width: number, org: boolean): Draft[] {
  if (group.length === 0) return [];
  if (/-->/.test(group[1]?.text ?? '') && /^\s*\d+\s*$/.test(group[0]!.text)) return cue(group.slice(2));
  if (/^\s*[\d:.,]+\s*-->/.test(group[0]!.text)) return cue(group.slice(1));
  if (group.length > 1) {
    const tabs = group[0]!.text.split('\t').length - 1;
    if (tabs > 0 && group.every((line) => line.text.split('\t').length - 1 === tabs)) {
      return [{ ...draft('table', group, (line) => line.split('\t').map(trim).join('\t')), headerRows: 1 }];
    }
    if (group.every(isBarred)) return [pipeTable(group)];
    const laidOut = group.filter((line) => / {3,}\S|\t|^[|+]/.test(line.text.trim())).length;
    if (laidOut * 2 >= group.length) return [draft('code', group, (line) => line.trimEnd())];
  }
  return paragraphs(group, width, org);
}

function isBarred(line: Line): boolean {
  return /^\|.*\|$/.test(line.text.trim());
}

/** A table drawn with bars is parted from the lines above and below it. */
function partTables(group: Line[]): Line[][] {
  if (!group.some(isBarred)) return [group];
  const parts: Line[][] = [];
  for (const line of group) {
    const open = parts.at(-1);
    if (open && isBarred(open[0]!) === isBarred(line)) open.push(line);
    else parts.push([line]);
  }
  return parts;
}

/** A table drawn with bars, as Org and Markdown have it; lines of dashes only part its header. */
function pipeTable(group: Line[]): Draft {
  const isRule = (line: Line) => /^[|+:=\s-]*$/.test(line.text);
  const rule = group.findIndex(isRule);
  const rows = group.filter((line) => !isRule(line)).map((line) => line.text.trim().slice(1, -1).split('|'));
  const ends = { start: group[0]!.start, end: group.at(-1)!.end };
  return { kind: 'table', text: textOfRows(rows), headerRows: rule > 0 && rule < rows.length ? rule : 0, source: ends };
}

function cue(lines: Line[]): Draft[] {
  return lines.length === 0 ? [] : [draft('paragraph', lines, (line) => line.replace(/<[^<>]*>/g, '').trim(), undefined, ' ')];
}

const LIST_ITEM = /^\s*[-*•·▪◦●○■□–]\s+(?=\S)/;
const NUMBERED = /^\s*(?:\d{1,3}(?:\.\d{1,3})*[.)、．]\s*|[（(]?[一二三四五六七八九十]{1,3}[）)、]\s*|[（(]\d{1,3}[）)]\s*|[①-⑳])(?=\S)/;
/** 第一编 … 第三章 … 第二节, Chapter 4, and an outline's stars. */
const CHAPTERS: [RegExp, number][] = [
  [/^\s*第\s*[一二三四五六七八九十百千零〇两\d]+\s*[编編篇卷部][^。；，,]{0,40}$/, 2],
  [/^\s*第\s*[一二三四五六七八九十百千零〇两\d]+\s*[章回][^。；，,]{0,40}$/, 3],
  [/^\s*第\s*[一二三四五六七八九十百千零〇两\d]+\s*[节節][^。；，,]{0,40}$/, 4],
  [/^\s*(?:chapter|part|book|appendix)\s+(?:[ivxlcdm]+|\d+|[a-z])\b[^;]{0,60}$/i, 2],
];

/** Paragraphs, list items and headings of a run of lines; lines wrapped at the width of the text are joined. */
function paragraphs(group: Line[], width: number, org: boolean): Draft[] {
  const drafts: Draft[] = [];
  const wrapped = isWrapped(group, width);
  const short = group.length > 1 && !wrapped && group.every((line) => widthOf(line.text.trim()) <= SHORT_LINE && !/[。！？]\s*$/.test(line.text));
  let open: Line[] = [];
  const close = () => {
    if (open.length === 0) return;
    const bullet = LIST_ITEM.test(open[0]!.text);
    const first = open[0]!;
    const clean = (line: string) => (bullet && line === first.text ? line.replace(LIST_ITEM, '') : line).trim();
    drafts.push(draft(bullet ? 'list-item' : 'paragraph', open, clean, bullet ? 1 + Math.min(5, Math.floor(/^\s*/.exec(first.text)![0].length / 2)) : undefined, short && !bullet ? '\n' : ''));
    open = [];
  };
  for (const line of group) {
    const stars = org ? /^(\*{1,6}) +(?=\S)/.exec(line.text) : undefined;
    const level = stars ? stars[1]!.length : CHAPTERS.find(([pattern]) => pattern.test(line.text))?.[1];
    if (level !== undefined) {
      close();
      drafts.push(draft('heading', [line], (text) => text.replace(/^\*+ +/, '').trim(), level));
      continue;
    }
    const begins = LIST_ITEM.test(line.text) || NUMBERED.test(line.text) || line.text.startsWith('　');
    const continues = open.length > 0 && !begins && (wrapped || short || (LIST_ITEM.test(open[0]!.text) && /^\s/.test(line.text)));
    if (!continues) close();
    open.push(line);
  }
  close();
  return drafts;
}

/** Lines up to this width that stand together (verse, an address) stay one block, with their line ends. */
const SHORT_LINE = 60;

/** The width a text was hard-wrapped at, or 0 if it was not. */
function wrapWidth(groups: Line[][]): number {
  const widths = groups.flatMap((group) => (group.length > 1 ? group.slice(0, -1).map((line) => widthOf(line.text.trimEnd())) : [])).sort((a, b) => a - b);
  const widest = widths[Math.floor(widths.length * 0.98)] ?? 0;
  return widest >= 50 && widest <= 140 ? widest : 0;
}

/** Whether every line but the last is so full that the next line's first word would not have fitted. */
function isWrapped(group: Line[], width: number): boolean {
  if (width === 0 || group.length < 2) return false;
  const full = group.slice(0, -1).filter((line, i) => {
    const next = /^\s*(\S[^\s\u2E80-\uFFEF]*)/.exec(group[i + 1]!.text)?.[1] ?? '';
    return widthOf(line.text.trimEnd()) + 1 + widthOf(next) > width * 0.85;
  });
  return full.length >= (group.length - 1) * 0.8;
}

/** Columns a text takes in a fixed-width font: two for a Chinese character. */
function widthOf(text: string): number {
  return text.length + (text.match(/[\u2E80-\uFFEF]/g)?.length ?? 0);
}

function trim(text: string): string {
  return text.trim();
}

/** A block of whole lines. `between` joins them; if it is empty they are one flowing text; listings keep their lines. */
function draft(kind: Draft['kind'], lines: Line[], clean: (line: string) => string, level?: number, between = kind === 'code' || kind === 'table' ? '\n' : ''): Draft {
  const texts = lines.map((line) => clean(line.text));
  const text = between ? texts.join(between) : texts.map((line, i) => (i === 0 ? line : gapBetween(texts[i - 1]!, line) + line)).join('');
  const made: Draft = { kind, text, source: { start: lines[0]!.start, end: lines.at(-1)!.end } };
  if (level !== undefined) made.level = level;
  return made;
}

const LISTING_LINES = 30;

/** Listings of some thirty lines, cut at blank lines where there are any. */
function listings(text: string): Draft[] {
  const drafts: Draft[] = [];
  let open: Line[] = [];
  const close = () => {
    const first = open[0];
    if (first) drafts.push({ kind: 'code', text: text.slice(first.start, open.at(-1)!.end).replace(/\r\n?/g, '\n'), source: { start: first.start, end: open.at(-1)!.end } });
    open = [];
  };
  for (const group of groupsOf(text)) {
    for (const line of group) {
      open.push(line);
      if (open.length >= LISTING_LINES * 2) close();
    }
    if (open.length >= LISTING_LINES) close();
  }
  close();
  return drafts;
}
