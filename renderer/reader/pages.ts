/** The geometry of a column of pages, apart from any DOM. Sizes are PDF points, everything else CSS pixels. */
export interface PageSize { width: number; height: number }

/** Space above, below and between pages. */
export const PAGE_GAP = 16;
/** Space to the left and right of pages that fit the width. */
export const PAGE_MARGIN = 20;
const FIT_MOST = 2.2;
export const ZOOM_STEPS = [0.25, 0.5, 0.75, 1, 1.25, 1.5, 2, 2.5, 3, 4, 5];
/** 1 zoom is one PDF point shown at its size of print: 96 pixels to 72 points. */
const POINT = 96 / 72;

/** `fit`: every page fills the width. Otherwise a zoom where 1 is the size of print. */
export type Zoom = 'fit' | number;

export interface PageLayout { tops: number[]; scales: number[]; heights: number[]; widths: number[]; total: number; widest: number }

/** CSS pixels per PDF point of one page. */
export function scaleOf(size: PageSize, zoom: Zoom, columnWidth: number): number {
  if (zoom !== 'fit') return zoom * POINT;
  return Math.min(FIT_MOST, Math.max(50, columnWidth - 2 * PAGE_MARGIN) / size.width);
}

/** Stacks the pages. Sizes are of the pages as displayed, rotation applied. */
export function layoutPages(sizes: PageSize[], zoom: Zoom, columnWidth: number): PageLayout {
  const layout: PageLayout = { tops: [], scales: [], heights: [], widths: [], total: PAGE_GAP, widest: 0 };
  for (const size of sizes) {
    const scale = scaleOf(size, zoom, columnWidth);
    const width = Math.floor(size.width * scale);
    const height = Math.floor(size.height * scale);
    layout.tops.push(layout.total);
    layout.scales.push(scale);
    layout.widths.push(width);
    layout.heights.push(height);
    layout.widest = Math.max(layout.widest, width);
    layout.total += height + PAGE_GAP;
  }
  return layout;
}

/** Index of the last page that begins at or above `y`. */
export function pageAt(layout: PageLayout, y: number): number {
  let low = 0;
  let high = layout.tops.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (layout.tops[middle]! <= y) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Indexes of the pages within a margin of the window that shows `top`…`top + height`: the ones worth rendering. */
export function visiblePages(layout: PageLayout, top: number, height: number, margin: number): number[] {
  const pages: number[] = [];
  if (layout.tops.length === 0) return pages;
  for (let i = pageAt(layout, top - margin); i < layout.tops.length && layout.tops[i]! < top + height + margin; i++) pages.push(i);
  return pages;
}

/** A point of the document that stays put while sizes change: a page and how far down it. */
export interface Anchor { page: number; share: number }

export function anchorAt(layout: PageLayout, y: number): Anchor {
  const page = pageAt(layout, y);
  return { page, share: (y - (layout.tops[page] ?? 0)) / (layout.heights[page] ?? 1) };
}

export function anchorTop(layout: PageLayout, { page, share }: Anchor): number {
  return (layout.tops[page] ?? 0) + share * (layout.heights[page] ?? 0);
}

/** The scroll position that shows a box a third down the window, or the top of the page where there is none. */
export function scrollTo(layout: PageLayout, page: number, boxTop: number | undefined, windowHeight: number): number {
  const top = layout.tops[page] ?? 0;
  if (boxTop === undefined) return Math.max(0, top - PAGE_GAP / 2);
  return Math.max(0, top + boxTop * (layout.scales[page] ?? 1) - windowHeight / 3);
}

/** The next zoom up or down from the scale that is showing. */
export function zoomed(scale: number, direction: 1 | -1): number {
  const now = scale / POINT;
  const steps = direction > 0 ? ZOOM_STEPS : ZOOM_STEPS.toReversed();
  return steps.find((step) => (step - now) * direction > 0.02) ?? steps.at(-1)!;
}

/** The zoom after a pinch, or a turn of the wheel with Ctrl held. */
export function pinched(scale: number, wheelDelta: number): number {
  const zoom = (scale / POINT) * Math.exp(-Math.max(-100, Math.min(100, wheelDelta)) / 250);
  return Math.min(ZOOM_STEPS.at(-1)!, Math.max(ZOOM_STEPS[0]!, zoom));
}
