/** Where a floating thing stands: below its anchor if there is room, else above; never out of the window. */
export type Side = 'below' | 'above';

const GAP = 6;
const EDGE = 8;

/** Moves `floating` (fixed, in the top layer) to `anchor`. `align` says which edges meet. */
export function float(floating: HTMLElement, anchor: Element, { side = 'below', align = 'start' }: { side?: Side; align?: 'start' | 'middle' | 'end' } = {}): void {
  // A mark that is broken over two lines has two rectangles; its first is where the eye is.
  const at = anchor.getClientRects()[0] ?? anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = floating;
  const below = at.bottom + GAP;
  const above = at.top - GAP - height;
  const fitsBelow = below + height <= innerHeight - EDGE;
  const fitsAbove = above >= EDGE;
  const top = side === 'below' ? (fitsBelow || !fitsAbove ? below : above) : fitsAbove || !fitsBelow ? above : below;
  const left = align === 'start' ? at.left : align === 'end' ? at.right - width : at.left + (at.width - width) / 2;
  floating.style.top = `${clamp(top, EDGE, innerHeight - height - EDGE)}px`;
  floating.style.left = `${clamp(left, EDGE, innerWidth - width - EDGE)}px`;
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(value, high));
}
