import { attributeOf, below, childOf, childrenOf, openArchive, type Archive } from './archive.ts';
import { assemble, ParseFailure, type Draft, type ParsedDocument } from './document.ts';
import { sheetDrafts } from './xlsx.ts';
import { textOfRows } from './table.ts';

/** Repeated cells and rows beyond so many are the rest of an empty sheet. */
const MOST_REPEATED = 200;

/** A text, a sheet or a presentation of LibreOffice and its kin (OpenDocument 1.3, part 3). A slide is a page. */
export async function parseOdf(bytes: Uint8Array): Promise<ParsedDocument> {
  const archive = openArchive(bytes);
  if (/encryption-data/.test(archive.text('META-INF/manifest.xml') ?? '')) throw new ParseFailure('encrypted', 'This document is protected with a password. Open it in LibreOffice, save it without one and add it again.');
  const root = archive.xml('content.xml');
  const body = root && below(root, 'body')[0];
  if (!body) throw new ParseFailure('damaged', 'This file is an archive without a document in it. Open it in LibreOffice, let it repair the file, and save a new copy.');
  const slides = below(body, 'page').filter(({ prefix }) => prefix === 'draw');
  const drafts = [
    ...(slides.length > 0 ? slides.flatMap((slide, i) => slideDrafts(slide, i + 1)) : childrenOf(body).flatMap((content) => drafted(content))),
    ...footers(archive),
  ];
  const named = titleOf(archive) ?? drafts.find(({ kind, level }) => kind === 'heading' && level === 1)?.text;
  return assemble('opendocument', drafts, { ...(slides.length > 0 && { pages: slides.length }), ...(named !== undefined && { title: named }) });
}

function titleOf(archive: Archive): string | undefined {
  const meta = archive.xml('meta.xml');
  return (meta && below(meta, 'title')[0]?.textContent?.trim()) || undefined;
}

/** What stands at the head and the foot of every page, once. */
function footers(archive: Archive): Draft[] {
  const styles = archive.xml('styles.xml');
  const pages = styles ? below(styles, 'master-page') : [];
  const texts = pages.flatMap((page) => below(page, 'p')).map((paragraph) => textOf(paragraph)).filter((text) => /\p{L}{2}/u.test(text) && !/^[<[]/.test(text) && !/^(page|sheet|seite|第)\s*\d/i.test(text));
  return [...new Set(texts)].map((text) => ({ kind: 'paragraph', text }));
}

function slideDrafts(slide: Element, page: number): Draft[] {
  const frames = childrenOf(slide).filter(({ localName }) => localName !== 'notes');
  const isTitle = (frame: Element): boolean => attributeOf(frame, 'class') === 'title';
  const title = frames.filter(isTitle).flatMap((frame) => below(frame, 'p').map((paragraph) => textOf(paragraph))).join(' ').trim();
  const notes = childrenOf(slide).filter(({ localName }) => localName === 'notes').flatMap((note) => below(note, 'p')).map((paragraph): Draft => ({ kind: 'quote', text: textOf(paragraph) }));
  const drafts = [...frames.filter((frame) => !isTitle(frame)).flatMap((frame) => drafted(frame)), ...notes].filter(({ text }) => text.trim() !== '');
  if (title === '' && drafts.length === 0) return [];
  const heading: Draft = { kind: 'heading', level: 1, text: title === '' ? `Slide ${page}` : title };
  return [heading, ...drafts].map((draft) => ({ ...draft, page }));
}

/** The blocks of an element and of all within. */
function drafted(element: Element, depth = 0): Draft[] {
  switch (element.localName) {
    case 'h': return [{ kind: 'heading', level: Math.min(6, Number(attributeOf(element, 'outline-level')) || 1), text: textOf(element) }, ...aside(element)];
    case 'p': return [{ kind: depth > 0 ? 'list-item' : 'paragraph', ...(depth > 0 && { level: depth }), text: textOf(element) }, ...aside(element)];
    case 'list': return childrenOf(element).flatMap((item) => childrenOf(item).flatMap((content) => drafted(content, depth + 1)));
    case 'table': return tableDrafts(element);
    // What was deleted while changes were tracked, and what forms and scripts say of themselves.
    case 'tracked-changes': case 'forms': case 'scripts': case 'sequence-decls': case 'variable-decls': case 'calculation-settings': return [];
    case 'title': case 'desc': return [{ kind: 'paragraph', text: textOf(element) }];
    default: return childrenOf(element).flatMap((content) => drafted(content, depth));
  }
}

/** Notes, comments and frames that hang on a paragraph; they are said after it. */
function aside(paragraph: Element): Draft[] {
  return childrenOf(paragraph).flatMap((element): Draft[] => {
    if (element.localName === 'note' || element.localName === 'annotation') return below(element, 'p').map((text) => ({ kind: 'quote', text: textOf(text) }));
    if (element.prefix === 'draw') return drafted(element);
    return aside(element);
  });
}

const OWN_BLOCKS = new Set(['note', 'annotation', 'frame', 'custom-shape', 'rect', 'g']);

/** The text of a paragraph, without what hangs on it. */
function textOf(element: Element): string {
  let text = '';
  for (let child = element.firstChild; child; child = child.nextSibling) {
    if (child.nodeType === 3 || child.nodeType === 4) text += (child.nodeValue ?? '').replace(/\s+/g, ' ');
    else if (child.nodeType === 1) {
      const inner = child as Element;
      if (inner.localName === 's') text += ' '.repeat(Math.min(100, Number(attributeOf(inner, 'c')) || 1));
      else if (inner.localName === 'tab') text += '\t';
      else if (inner.localName === 'line-break') text += '\n';
      else if (!OWN_BLOCKS.has(inner.localName) && !inner.localName.startsWith('ruby-text')) text += textOf(inner);
    }
  }
  return element.localName === 'p' || element.localName === 'h' ? text.trim() : text;
}

/** A table of a text, or a sheet with its name. */
function tableDrafts(table: Element): Draft[] {
  const rows = below(table, 'table-row').filter((row) => nearestTable(row) === table).flatMap((row) => {
    const cells = childrenOf(row).flatMap((cell) => repeated(cell, 'number-columns-repeated', below(cell, 'p').map((text) => textOf(text)).join(' ')));
    return repeated(row, 'number-rows-repeated', cells);
  });
  const inSheet = (table.parentNode as Element | null)?.localName === 'spreadsheet';
  const name = attributeOf(table, 'name');
  if (inSheet) {
    const drafts = sheetDrafts(rows);
    return drafts.length === 0 ? [] : [{ kind: 'heading', level: 1, text: name }, ...drafts];
  }
  const filled = rows.filter((row) => row.some((cell) => cell !== ''));
  const headed = childOf(table, 'table-header-rows') !== undefined || filled.length > 2;
  return filled.length === 0 ? [] : [{ kind: 'table', text: textOfRows(filled), headerRows: headed && filled.length > 1 ? 1 : 0 }];
}

function nearestTable(row: Element): Node | null {
  let at: Node | null = row.parentNode;
  while (at && (at as Element).localName !== 'table') at = at.parentNode;
  return at;
}

/** Cells and rows that repeat stand once with a number; empty ones that fill a sheet are left out. */
function repeated<Item extends string | string[]>(element: Element, attribute: string, item: Item): Item[] {
  const times = Number(attributeOf(element, attribute)) || 1;
  return times > MOST_REPEATED ? [item] : Array.from({ length: times }, () => item);
}
