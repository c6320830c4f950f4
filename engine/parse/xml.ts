import type { Draft } from './document.ts';
import { fragmentBlocks, plain } from './elements.ts';
import type { Blocks } from './elements.ts';

/** Whether a text is XML other than XHTML: a feed, DocBook, a configuration. */
export function isXml(text: string): boolean {
  const head = text.slice(0, 4096).trimStart();
  const body = head.replace(/<!--[\s\S]*?-->|<\?[\s\S]*?\?>/g, '').trimStart().replace(/^<!DOCTYPE[^>[]*(?:\[[^\]]*\])?\s*>/i, '').trimStart();
  const root = /^<(?:[\w.-]+:)?([\w.-]+)/.exec(body)?.[1]?.toLowerCase();
  if (root === undefined || root === 'html') return false;
  return head.startsWith('<?xml') || /^(rss|feed|rdf|opml|urlset)$/.test(root);
}

/** An element with its text; offsets are those of its content in the source. */
interface Element { name: string; parent?: Element; children: Element[]; pieces: Piece[]; start: number; end: number; said: boolean }
/** Text of an element: as written, or CDATA. */
interface Piece { start: number; end: number; cdata: boolean }

/**
 * The blocks of an XML text. An element with text of its own is a paragraph with all that is in it; one without is a
 * container; HTML that is carried as text or CDATA, as feeds do, is read as HTML; a `title` is a heading.
 */
export function xmlBlocks(source: string): Blocks {
  const drafts: Draft[] = [];
  const root = tree(source);
  let title: string | undefined;
  const visit = (element: Element, depth: number): void => {
    if (!element.said) {
      for (const child of element.children) visit(child, depth + 1);
      return;
    }
    const span = { start: element.start, end: element.end };
    const html = contentOf(source, element);
    if (html.trim() === '' || METADATA.has(element.name) || isBase64(html)) return;
    if (/^(title|name|headline|h[1-6])$/.test(element.name) && html.length < 500) {
      const text = plain(html);
      title ??= text;
      const first = drafts.length === 0;
      drafts.push({ kind: 'heading', level: first ? 1 : Math.min(6, Math.max(2, depth - 1)), text, source: span });
    } else for (const draft of fragmentBlocks(html)) drafts.push({ ...draft, source: span });
  };
  visit(root, 0);
  return title ? { drafts, title } : { drafts };
}

/** What feeds say of themselves to machines. */
const METADATA = new Set('link guid id docs ttl width height language generator url comments commentrss webmaster managingeditor cloud rating'.split(' '));

/** Pictures and fonts carried within. */
function isBase64(text: string): boolean {
  return text.length > 200 && /\S{60}/.test(text) && !/[^A-Za-z0-9+/=\s]/.test(text);
}

/** A forgiving reader: an end tag closes the nearest element of its name, or nothing. */
function tree(source: string): Element {
  const root: Element = { name: '', children: [], pieces: [], start: 0, end: source.length, said: false };
  let open = root;
  const say = (start: number, end: number, cdata: boolean) => {
    if (source.slice(start, end).trim() === '') return;
    open.pieces.push({ start, end, cdata });
    if (open !== root) open.said = true;
  };
  let at = 0;
  while (at < source.length) {
    const found = source.indexOf('<', at);
    const bracket = found < 0 ? source.length : found;
    if (bracket > at) say(at, bracket, false);
    if (found < 0) break;
    const close = closeOf(source, bracket);
    if (source.startsWith('<![CDATA[', bracket)) say(bracket + 9, Math.max(bracket + 9, close - 3), true);
    else if (source[bracket + 1] === '/') {
      const name = localName(source.slice(bracket + 2, close - 1));
      let found: Element | undefined = open;
      while (found && found.name !== name) found = found.parent;
      if (found && found !== root) {
        for (let inner: Element = open; ; inner = inner.parent!) {
          inner.end = bracket;
          if (inner === found) break;
        }
        open = found.parent!;
      }
    } else if (!/[!?]/.test(source[bracket + 1] ?? '')) {
      const element: Element = { name: localName(source.slice(bracket + 1, close - 1)), parent: open, children: [], pieces: [], start: close, end: source.length, said: false };
      open.children.push(element);
      if (source[close - 2] === '/') element.end = close;
      else open = element;
    }
    at = close;
  }
  return root;
}

/** Offset after the markup that begins at `at`. */
function closeOf(source: string, at: number): number {
  const [end, length] = source.startsWith('<![CDATA[', at) ? [']]>', 3] as const : source.startsWith('<!--', at) ? ['-->', 3] as const : source.startsWith('<?', at) ? ['?>', 2] as const : ['>', 1] as const;
  if (length === 1 && /^<!DOCTYPE[^>]*\[/i.test(source.slice(at, at + 2000))) {
    const subset = source.indexOf(']>', at);
    if (subset >= 0) return subset + 2;
  }
  const found = source.indexOf(end, at);
  return found < 0 ? source.length : found + length;
}

function localName(tag: string): string {
  return /^\s*(?:[^\s:>/]+:)?([^\s>/]*)/.exec(tag)![1]!.toLowerCase();
}

/** The content of an element as HTML: text is unescaped once, where that makes it markup; tags within stay as they are. */
function contentOf(source: string, element: Element): string {
  if (element.children.length > 0) return source.slice(element.start, element.end).replace(/<!\[CDATA\[([\s\S]*?)\]\]>/g, '$1');
  return element.pieces.map(({ start, end, cdata }) => (cdata ? source.slice(start, end) : unescapeMarkup(source.slice(start, end)))).join('');
}

/** `&lt;p&gt;AT&amp;amp;T` → `<p>AT&amp;T`; other entities are left to the HTML reader. */
function unescapeMarkup(text: string): string {
  if (!/&(lt|#60|#x3c);/i.test(text)) return text;
  return text.replace(/&(?:lt|#60|#x3c);/gi, '<').replace(/&(?:gt|#62|#x3e);/gi, '>').replace(/&(?:quot|#34);/gi, '"').replace(/&(?:apos|#39);/gi, "'").replace(/&amp;/g, '&');
}
