import type { PageSelection, Span } from './locate.ts';

/** What is selected inside a reader, and the rectangle to put a button at. */
export interface Selected { range: Range; text: string; rect: DOMRect }

/** The live selection if it is not empty and lies inside `root`. */
export function selectedIn(root: HTMLElement): Selected | undefined {
  const selection = root.ownerDocument.getSelection();
  if (!selection || selection.isCollapsed || selection.rangeCount === 0) return undefined;
  const range = selection.getRangeAt(0);
  if (!root.contains(range.startContainer) || !root.contains(range.endContainer)) return undefined;
  const text = selection.toString();
  if (text.trim() === '') return undefined;
  const rects = range.getClientRects();
  return { range, text, rect: rects[rects.length - 1] ?? range.getBoundingClientRect() };
}

/**
 * The span of the document behind a selection in the text view. Every stretch of text there is the only text of an
 * element that says its offset in `data-start`.
 */
export function spanOfRange(root: HTMLElement, range: Range): Span | undefined {
  const walker = root.ownerDocument.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  let span: Span | undefined;
  walker.currentNode = range.startContainer;
  for (let node: Node | null = range.startContainer.nodeType === Node.TEXT_NODE ? range.startContainer : walker.nextNode(); node; node = walker.nextNode()) {
    if (range.comparePoint(node, 0) > 0) break;
    const holder = node.parentElement?.closest<HTMLElement>('[data-start]');
    if (!holder || !range.intersectsNode(node)) continue;
    const origin = Number(holder.dataset.start);
    const from = origin + (node === range.startContainer ? range.startOffset : 0);
    const to = origin + (node === range.endContainer ? range.endOffset : node.textContent!.length);
    if (to > from) span = { start: span?.start ?? from, end: to };
  }
  return span;
}

/** How far around a selection to read, to tell equal stretches of a page apart. */
const CONTEXT = 120;

/** A selection over the text layers of PDF pages (elements with `data-page`) and its surroundings. */
export function pageSelection({ range, text }: Selected): PageSelection | undefined {
  const first = pageOf(range.startContainer);
  const last = pageOf(range.endContainer) ?? first;
  if (!first || !last) return undefined;
  const before = range.cloneRange();
  before.setStart(first, 0);
  before.setEnd(range.startContainer, range.startOffset);
  const after = range.cloneRange();
  after.setStart(range.endContainer, range.endOffset);
  after.setEnd(last, last.childNodes.length);
  return {
    text,
    before: before.toString().slice(-CONTEXT),
    after: after.toString().slice(0, CONTEXT),
    firstPage: Number(first.dataset.page),
    lastPage: Number(last.dataset.page),
  };
}

function pageOf(node: Node): HTMLElement | undefined {
  const element = node instanceof Element ? node : node.parentElement;
  return element?.closest<HTMLElement>('[data-page]') ?? undefined;
}
