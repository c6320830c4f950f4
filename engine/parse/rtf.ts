import { assemble, type Draft, type ParsedDocument } from './document.ts';
import { textOfRows } from './table.ts';

/** Windows code pages by the character set of a font (RTF 1.9.1, \fcharset). */
const CHARACTER_SETS: Record<number, string> = {
  0: 'windows-1252', 77: 'macintosh', 128: 'shift_jis', 129: 'euc-kr', 134: 'gb18030', 136: 'big5', 161: 'windows-1253', 162: 'windows-1254', 163: 'windows-1258',
  177: 'windows-1255', 178: 'windows-1256', 186: 'windows-1257', 204: 'windows-1251', 222: 'windows-874', 238: 'windows-1250',
};
/** By the number of \ansicpg. */
const CODE_PAGES: Record<number, string> = { 932: 'shift_jis', 936: 'gb18030', 949: 'euc-kr', 950: 'big5', 10000: 'macintosh', 65001: 'utf-8', 874: 'windows-874' };

/** Groups that are no part of what a reader sees. */
const SILENT = new Set(('fonttbl colortbl stylesheet info pict object objdata themedata colorschememapping datastore latentstyles listtable listoverridetable rsidtbl generator xmlnstbl fldinst '
  + 'filetbl revtbl mmathPr pgptbl bkmkstart bkmkend datafield shpinst sp nonshppict panose falt blipuid wgrffmtfilter pntext pntxta pntxtb pnseclvl').split(' '));
const CHARACTERS: Record<string, string> = {
  tab: '\t', emdash: '—', endash: '–', emspace: ' ', enspace: ' ', qmspace: ' ', bullet: '•', lquote: '‘', rquote: '’', ldblquote: '“', rdblquote: '”', line: '\n', softline: '\n', lbr: '\n',
  '~': '\u00a0', _: '\u2011', '-': '',
};

/** What a group inherits and gives back at its end. */
interface State { silent: boolean; note: boolean; font: number; skip: number; hidden: boolean }

/** A rich text document, as Word, WordPad and TextEdit write it: paragraphs, headings by outline level, list items, tables, notes. */
export async function parseRtf(bytes: Uint8Array): Promise<ParsedDocument> {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const { fonts, standard, page } = readFonts(source);
  const levels = headingStyles(source);
  const drafts: Draft[] = [];
  const stack: State[] = [];
  let state: State = { silent: false, note: false, font: standard, skip: 1, hidden: false };
  let text = '';
  let note = '';
  let level: number | undefined;
  let item: number | undefined;
  let inTable = false;
  let row: string[] = [];
  let rows: string[][] = [];
  const waiting: number[] = [];

  /** Bytes of a code page are letters only together. */
  const decode = (): void => {
    if (waiting.length === 0) return;
    const label = fonts.get(state.font) ?? page;
    say(new TextDecoder(label).decode(Uint8Array.from(waiting.splice(0))));
  };
  const say = (characters: string): void => {
    if (state.silent || state.hidden) return;
    if (state.note) note += characters;
    else text += characters;
  };
  const endTable = (): void => {
    if (rows.length > 0) drafts.push({ kind: 'table', text: textOfRows(rows), headerRows: rows.length > 2 ? 1 : 0 });
    rows = [];
  };
  const endParagraph = (): void => {
    if (inTable) { text += ' '; return; }
    endTable();
    const said = text.replace(/[ \t]+\n/g, '\n').trim();
    if (said !== '') drafts.push(level !== undefined ? { kind: 'heading', level: level + 1, text: said.replace(/\s+/g, ' ') } : item !== undefined ? { kind: 'list-item', level: item + 1, text: said.replace(/^[•·\u00b7\uf0b7o-]\s+/, '') } : { kind: 'paragraph', text: said });
    text = '';
    if (note.trim() !== '') drafts.push({ kind: 'quote', text: note.trim() });
    note = '';
  };

  const words = /\\([a-zA-Z]+)(-?\d+)? ?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z])|([{}])|([^\\{}\r\n]+)|[\r\n]+/g;
  let unread = 0;
  for (let match = words.exec(source); match; match = words.exec(source)) {
    const [, word, number, hex, sign, brace, plain] = match;
    const value = number === undefined ? undefined : Number(number);
    if (hex !== undefined) {
      // What stands in for a character that was said in Unicode already.
      if (unread > 0) unread--;
      else if (!state.silent) waiting.push(Number.parseInt(hex, 16));
      continue;
    }
    if (plain !== undefined) {
      decode();
      const skipped = Math.min(unread, plain.length);
      unread -= skipped;
      say(plain.slice(skipped));
      continue;
    }
    decode();
    if (brace === '{') stack.push({ ...state });
    else if (brace === '}') state = stack.pop() ?? state;
    else if (sign !== undefined) {
      if (sign === '*') state.silent = true;
      else if (sign === '\n' || sign === '\r') endParagraph();
      else say(CHARACTERS[sign] ?? sign);
    } else if (word !== undefined) {
      if (word === 'bin') { words.lastIndex += Math.max(0, value ?? 0); continue; }
      if (word === 'u') { say(String.fromCharCode((value ?? 0) & 0xffff)); unread = state.skip; continue; }
      if (SILENT.has(word)) state.silent = true;
      else if (word === 'footnote') { state.silent = false; state.note = true; note += note === '' ? '' : '\n'; }
      else if (word === 'fldrslt' || word === 'shptxt') state.silent = false;
      else if (/^(header|footer)[lrf]?$/.test(word)) state.silent = true;
      else if (word === 'uc') state.skip = value ?? 1;
      else if (word === 'f') state.font = value ?? standard;
      else if (word === 'plain') { state.font = standard; state.hidden = false; }
      else if (word === 'v') state.hidden = value !== 0;
      else if (state.silent) continue;
      else if (word === 'pard') { level = item = undefined; inTable = false; }
      else if (word === 's' && value !== undefined && levels.has(value)) level = levels.get(value);
      else if (word === 'outlinelevel' && value !== undefined) level = value < 6 ? value : undefined;
      else if (word === 'ilvl' || word === 'ls') item = word === 'ilvl' ? value ?? 0 : item ?? 0;
      else if (word === 'intbl') inTable = true;
      else if (word === 'cell' || word === 'nestcell') { row.push(text); text = ''; }
      else if (word === 'row' || word === 'nestrow') { if (row.some((cell) => cell.trim() !== '')) rows.push(row); row = []; inTable = false; }
      else if (word === 'par' || word === 'sect' || word === 'page') endParagraph();
      else if (word in CHARACTERS) say(CHARACTERS[word]!);
    }
  }
  decode();
  inTable = false;
  endParagraph();
  endTable();
  const title = drafts.find((draft) => draft.kind === 'heading' && draft.level === 1)?.text;
  return assemble('rtf', drafts, title !== undefined ? { title } : {});
}

/** The encoding of each font, the font a text begins in, and the encoding of all that says nothing. */
function readFonts(source: string): { fonts: Map<number, string>; standard: number; page: string } {
  const head = source.slice(0, 200_000);
  const known = Number(/\\ansicpg(\d+)/.exec(head)?.[1] ?? 1252);
  const page = CODE_PAGES[known] ?? (known >= 1250 && known <= 1258 ? `windows-${known}` : 'windows-1252');
  const table = /\{\\fonttbl[\s\S]*?\}\s*\}/.exec(head)?.[0] ?? '';
  const fonts = new Map<number, string>();
  for (const [, font, set] of table.matchAll(/\\f(\d+)[^;{}]*?\\fcharset(\d+)/g)) {
    const label = CHARACTER_SETS[Number(set)];
    if (label && Number(set) !== 0) fonts.set(Number(font), label);
  }
  return { fonts, standard: Number(/\\deff(\d+)/.exec(head)?.[1] ?? 0), page };
}

/** Levels of the styles that are headings, by number. */
function headingStyles(source: string): Map<number, number> {
  const sheet = /\{\\stylesheet[\s\S]*?\}\s*\}/.exec(source.slice(0, 500_000))?.[0] ?? '';
  return new Map([...sheet.matchAll(/\{(?:\\\*)?\\s(\d+)([^{}]*?)\s([^\\{};]+);\}/g)].flatMap(([, style, how, name]) => {
    const level = /\\outlinelevel(\d)/.exec(how!)?.[1] ?? /^heading ([1-6])$/i.exec(name!.trim())?.[1];
    return level === undefined ? [] : [[Number(style), /outlinelevel/.test(how!) ? Number(level) : Number(level) - 1] as const];
  }));
}
