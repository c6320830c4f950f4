import { parseFragment } from 'parse5';
import type { DefaultTreeAdapterTypes as Tree } from 'parse5';

import type { Mark } from '../api.ts';
import type { Draft } from './document.ts';
import { collapse, Phrase } from './phrase.ts';
import { textOfRows } from './table.ts';

/** Blocks in reading order and what the document calls itself. */
export interface Blocks { drafts: Draft[]; title?: string }

/** The blocks of a piece of HTML that stands at `offset` of its source; without `offset` they have no source. */
export function fragmentBlocks(html: string, offset?: number): Draft[] {
  const drafts = walk(parseFragment(html, { sourceCodeLocationInfo: offset !== undefined }), { drop: false });
  for (const draft of drafts) if (draft.source) draft.source = { start: draft.source.start + offset!, end: draft.source.end + offset! };
  return drafts;
}

/** What a reader of the tag-ridden `html` would read, on one line. */
export function plain(html: string): string {
  return collapse(fragmentBlocks(html).map((draft) => draft.text).join(' ')).trim();
}

// ── Which elements are what ─────────────────────────────────────────────────────────────────────────────────

const SILENT = new Set(['script', 'style', 'template', 'noscript', 'svg', 'iframe', 'object', 'canvas', 'audio', 'video', 'select', 'datalist', 'textarea', 'title', 'annotation', 'rt', 'rp', 'head']);
const INLINE_MARKS: Record<string, Mark['kind']> = { b: 'strong', strong: 'strong', i: 'emphasis', em: 'emphasis', cite: 'emphasis', dfn: 'emphasis', var: 'emphasis', code: 'code', kbd: 'code', samp: 'code', tt: 'code', a: 'link' };
const BLOCKS = new Set(('address article aside blockquote body center dd details dialog dir div dl dt fieldset figcaption figure footer form frameset header hgroup hr html '
  + 'legend li main menu nav ol p search section summary table tbody td tfoot th thead tr ul caption optgroup option').split(' '));
const HEADING = /^h[1-6]$/;

function isElement(node: Tree.Node): node is Tree.Element {
  return 'tagName' in node;
}

/** The value of an attribute, empty if there is none. */
export function attribute(element: Tree.Element, name: string): string {
  return element.attrs.find((attr) => attr.name === name)?.value ?? '';
}

function isMain(element: Tree.Element): boolean {
  return element.tagName === 'main' || attribute(element, 'role') === 'main' || element.tagName === 'article';
}

function isHidden(element: Tree.Element): boolean {
  return element.attrs.some((attr) => attr.name === 'hidden' || (attr.name === 'style' && /display\s*:\s*none/i.test(attr.value)));
}

/** Navigation and the page's own header, footer and margin; `inMain` is said of what stands in the main content. */
function isBoilerplate(element: Tree.Element, inMain: boolean): boolean {
  const role = attribute(element, 'role');
  if (role.startsWith('doc-') && role !== 'doc-toc') return false;
  if (element.tagName === 'nav' || /^(navigation|search|doc-toc)$/.test(role)) return true;
  if (inMain) return false;
  if (element.tagName === 'header' || role === 'banner') return find(element, (inner) => inner.tagName === 'h1') === undefined;
  return element.tagName === 'footer' || element.tagName === 'aside' || /^(complementary|contentinfo)$/.test(role);
}

/** The first element below `node` that is `wanted`, in reading order. */
export function find(node: Tree.ParentNode, wanted: (element: Tree.Element) => boolean): Tree.Element | undefined {
  for (const child of node.childNodes) {
    if (!isElement(child)) continue;
    if (wanted(child)) return child;
    const found = find(child, wanted);
    if (found) return found;
  }
  return undefined;
}

/** All text below a node, as it is written. */
export function textIn(node: Tree.ParentNode): string {
  return node.childNodes.map((child) => ('value' in child ? child.value : isElement(child) && !SILENT.has(child.tagName) ? textIn(child) : '')).join('');
}

// ── From nodes to blocks ────────────────────────────────────────────────────────────────────────────────────

/** What surrounds a node: it decides what its text becomes. */
interface Context { kind: Draft['kind']; level?: number; depth: number; inMain: boolean; marks: Mark['kind'][] }

/** The blocks below a node in reading order; `drop` leaves out what is not content. */
export function walk(root: Tree.ParentNode, { drop }: { drop: boolean }): Draft[] {
  const drafts: Draft[] = [];
  let phrase = new Phrase();
  let open: Omit<Draft, 'text'> = { kind: 'paragraph' };

  const flush = () => {
    const said = phrase.finish();
    if (said.text !== '') drafts.push({ ...open, ...said });
    phrase = new Phrase();
    open = { kind: 'paragraph' };
  };

  const say = (value: string, context: Context, source?: { start: number; end: number }) => {
    if (phrase.endsLine && INDENTED.test(value)) flush();
    const start = phrase.length;
    phrase.say(value);
    if (phrase.length === start) return;
    if (start === 0) open = { kind: context.kind, ...(context.level !== undefined ? { level: context.level } : {}) };
    for (const kind of new Set(context.marks)) phrase.mark(start, kind);
    if (source) open.source = { start: open.source?.start ?? source.start, end: source.end };
  };

  const visit = (node: Tree.Node, context: Context): void => {
    if (node.nodeName === '#text' && 'value' in node) {
      const location = node.sourceCodeLocation;
      const lead = /^\s*/.exec(node.value)![0].length;
      say(node.value, context, location ? { start: Math.min(location.startOffset + lead, location.endOffset), end: location.endOffset } : undefined);
      return;
    }
    if (!isElement(node)) {
      if ('childNodes' in node) for (const child of node.childNodes) visit(child, context);
      return;
    }
    const tag = node.tagName;
    if (SILENT.has(tag) || isHidden(node)) return;
    const inMain = context.inMain || isMain(node);
    if (drop && isBoilerplate(node, context.inMain)) return;
    const within = (change: Partial<Context>) => {
      for (const child of node.childNodes) visit(child, { ...context, inMain, ...change });
    };
    const block = (change: Partial<Context>) => {
      flush();
      within({ marks: [], ...change });
      flush();
    };
    if (tag === 'br') {
      if (open.kind === 'heading') say(' ', context);
      else if (phrase.endsLine) flush();
      else phrase.breakLine();
    } else if (tag === 'wbr') return;
    else if (tag === 'img') {
      const alt = collapse(attribute(node, 'alt')).trim();
      const location = node.sourceCodeLocation;
      if (alt.length > 1) say(` ${alt} `, context, location ? { start: location.startOffset, end: location.endOffset } : undefined);
    } else if (HEADING.test(tag)) block({ kind: 'heading', level: Number(tag[1]) });
    else if (tag === 'pre' || tag === 'listing' || tag === 'xmp') {
      flush();
      drafts.push(listing(node));
    } else if (tag === 'table') {
      flush();
      const table = tableOf(node);
      if (table) drafts.push(...table);
      else block({});
    } else if (tag === 'ul' || tag === 'ol' || tag === 'menu' || tag === 'dir') block({ depth: context.depth + 1 });
    else if (tag === 'li') {
      const before = drafts.length;
      block({ kind: 'list-item', level: Math.max(1, context.depth) });
      // Further paragraphs of an item are no items of their own.
      for (let i = before + 1; i < drafts.length; i++) {
        const draft = drafts[i]!;
        if (draft.kind !== 'list-item' || draft.level !== Math.max(1, context.depth)) continue;
        draft.kind = 'paragraph';
        delete draft.level;
      }
    } else if (tag === 'blockquote') block({ kind: 'quote' });
    else if (BLOCKS.has(tag)) block({});
    else if (tag === 'a' && /^#(footnote|endnote|comment)-ref-/.test(attribute(node, 'href'))) return;
    else {
      const kind = INLINE_MARKS[tag];
      within(kind && (kind !== 'link' || attribute(node, 'href')) ? { marks: [...context.marks, kind] } : {});
    }
  };

  for (const child of root.childNodes) visit(child, { kind: 'paragraph', depth: 0, inMain: isElement(root) && isMain(root), marks: [] });
  flush();
  return drafts;
}

/** Chinese pages often part paragraphs by a line end and two wide spaces, others by two line ends. */
const INDENTED = /^[\s\u00A0]*\u3000/;

function listing(element: Tree.Element): Draft {
  const text = textWithBreaks(element).replace(/\u00A0/g, ' ').trimEnd().replace(/^\n+/, '');
  const location = element.sourceCodeLocation;
  return { kind: 'code', text, ...(location ? { source: { start: location.startOffset, end: location.endOffset } } : {}) };
}

function textWithBreaks(node: Tree.ParentNode): string {
  return node.childNodes.map((child) => {
    if ('value' in child) return child.value;
    if (!isElement(child) || SILENT.has(child.tagName)) return '';
    return child.tagName === 'br' ? '\n' : textWithBreaks(child);
  }).join('');
}

// ── Tables ──────────────────────────────────────────────────────────────────────────────────────────────────

interface Cell { text: string; header: boolean; columns: number; rows: number }

/** A table of data with its caption; undefined if it only lays out the page. */
function tableOf(table: Tree.Element): Draft[] | undefined {
  if (/^(presentation|none)$/.test(attribute(table, 'role'))) return undefined;
  if (find(table, (element) => element.tagName === 'table' || /^h[1-4]$/.test(element.tagName))) return undefined;
  const caption = find(table, (element) => element.tagName === 'caption');
  const { rows, heads } = grid(rowsIn(table, false));
  const filled = rows.flat().filter((cell) => cell !== '');
  if (!rows.some((row) => row.filter((cell) => cell !== '').length > 1)) return undefined;
  if (heads === 0 && filled.reduce((sum, cell) => sum + cell.length, 0) > filled.length * LONG_CELL) return undefined;
  const location = table.sourceCodeLocation;
  const source = location ? { source: { start: location.startOffset, end: location.endOffset } } : {};
  const first = rows[0]!;
  const looksHeaded = rows.length > 2 && first.every((cell) => cell !== '' && cell.length <= 40 && !/^[\d.,%\s-]+$/.test(cell));
  const drafts: Draft[] = caption ? [{ kind: 'paragraph', text: cellText(caption), ...source }] : [];
  drafts.push({ kind: 'table', text: textOfRows(rows), headerRows: heads > 0 ? Math.min(heads, rows.length - 1) : looksHeaded ? 1 : 0, ...source });
  return drafts;
}

/** Cells longer than this on average are not data but columns of a page. */
const LONG_CELL = 300;

function rowsIn(node: Tree.Element, head: boolean): Cell[][] {
  return node.childNodes.flatMap((child) => {
    if (!isElement(child) || isHidden(child)) return [];
    if (child.tagName !== 'tr') return rowsIn(child, child.tagName === 'thead');
    const cells = child.childNodes.filter((cell): cell is Tree.Element => isElement(cell) && (cell.tagName === 'td' || cell.tagName === 'th'));
    return [cells.map((cell) => ({ text: cellText(cell), header: head || cell.tagName === 'th', columns: span(cell, 'colspan'), rows: span(cell, 'rowspan') }))];
  });
}

function span(cell: Tree.Element, name: string): number {
  return Math.min(100, Math.max(1, Number.parseInt(attribute(cell, name), 10) || 1));
}

function cellText(cell: Tree.Element): string {
  return walk(cell, { drop: false }).map((draft) => draft.text.replace(/\s+/g, ' ')).join(' ');
}

/** Cells in their columns: what a cell spans further is empty. Rows without text are left out. */
function grid(table: Cell[][]): { rows: string[][]; heads: number } {
  const rows: string[][] = [];
  let heads = 0;
  let spanned: number[] = [];
  for (const cells of table) {
    const row: string[] = [];
    const next: number[] = [];
    const skip = () => {
      while ((spanned[row.length] ?? 0) > 0) {
        next[row.length] = spanned[row.length]! - 1;
        row.push('');
      }
    };
    for (const cell of cells) {
      skip();
      for (let column = 0; column < cell.columns; column++) {
        next[row.length] = cell.rows - 1;
        row.push(column === 0 ? cell.text : '');
      }
    }
    skip();
    spanned = next;
    if (row.every((cell) => cell === '')) continue;
    if (heads === rows.length && cells.every((cell) => cell.header || cell.text === '')) heads++;
    rows.push(row);
  }
  return { rows, heads };
}
