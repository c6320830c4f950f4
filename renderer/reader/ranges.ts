import type { Span } from './locate.ts';

/** Elements of the text view in order; each holds one stretch of text and says its offset in `data-start`. */
type Stretches = NodeListOf<HTMLElement>;

const stretchesOf = (root: HTMLElement): Stretches => root.querySelectorAll<HTMLElement>('[data-start]');

/** The place of an offset in the text view, as a range that can be scrolled to. */
export function rangeAt(root: HTMLElement, offset: number): Range | undefined {
  return rangeOf(stretchesOf(root), { start: offset, end: offset + 1 });
}

/**
 * Paints spans over the text without touching its elements (CSS Custom Highlight API; the name is styled in text.css),
 * so that thousands of matches cost nothing to step through. Returns what takes the paint off.
 */
export function paint(root: HTMLElement, name: 'reader-match' | 'reader-current', spans: Span[]): () => void {
  const stretches = stretchesOf(root);
  const highlight = new Highlight();
  highlight.priority = name === 'reader-current' ? 1 : 0;
  for (const span of spans) {
    const range = rangeOf(stretches, span);
    if (range) highlight.add(range);
  }
  CSS.highlights.set(name, highlight);
  return () => { CSS.highlights.delete(name); };
}

function rangeOf(stretches: Stretches, span: Span): Range | undefined {
  const from = stretchAt(stretches, span.start);
  const to = stretchAt(stretches, span.end - 1);
  if (!from || !to) return undefined;
  const range = new Range();
  const [first, firstOffset] = textPoint(from, span.start);
  const [last, lastOffset] = textPoint(to, span.end);
  range.setStart(first, firstOffset);
  range.setEnd(last, lastOffset);
  return range;
}

/** The text node of a stretch and an offset within it, kept inside. */
function textPoint(stretch: HTMLElement, offset: number): [Node, number] {
  let node: Node = stretch;
  while (node.firstChild) node = node.firstChild;
  return [node, Math.min(Math.max(0, offset - Number(stretch.dataset.start)), node.nodeValue?.length ?? 0)];
}

/** The stretch that holds an offset, or the last one before it. */
function stretchAt(stretches: Stretches, offset: number): HTMLElement | undefined {
  let low = 0;
  let high = stretches.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (Number(stretches[middle]!.dataset.start) <= offset) low = middle;
    else high = middle - 1;
  }
  return stretches[low];
}
