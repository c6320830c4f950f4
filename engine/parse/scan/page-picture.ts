import { OPS } from 'pdfjs-dist/legacy/build/pdf.mjs';
import type { PageViewport, PDFPageProxy } from 'pdfjs-dist/legacy/build/pdf.mjs';
import { grey } from './grey.ts';
import type { Picture } from './tesseract.ts';

/** a, b, c, d, e, f of PDF: x' = ax + cy + e, y' = bx + dy + f. */
type Matrix = [number, number, number, number, number, number];

/** Pixels as pdf.js hands them out; masks have no kind. */
interface Pixels { width: number; height: number; kind?: number; data: Uint8Array | Uint8ClampedArray }

/** An image and where the page shows it: `place` takes the unit square to points of the displayed page. `ink` is the grey of a mask. */
interface Shown { pixels: Pixels; place: Matrix; ink?: number }

/** Coarser images are drawn larger than they are; finer ones smaller, for they cost time and read no better. */
const LEAST_DPI = 200;
const MOST_DPI = 300;
/** Pages are read at this many pixels at most, drawings of any size as well. */
const MOST_PIXELS = 40e6;
/** From this share of the page on, what images show may be all that the page says. */
const COVERING = 0.3;
/** Milliseconds that an image may take to be decoded. */
const LONGEST_WAIT = 60_000;
/** The raster that coverage is counted on has this many points along each side. */
const RASTER = 40;

/**
 * What the images of a page show, in grey, as the page is displayed; undefined where they cover too little of it to be a
 * scan. Text and drawings of the page are left out.
 */
export async function pictureOf(page: PDFPageProxy, viewport: PageViewport): Promise<Picture | undefined> {
  const shown = await imagesOf(page, viewport);
  if (coverage(shown, viewport) < COVERING) return undefined;
  const own = Math.max(...shown.map(({ pixels, place }) => (72 * pixels.width) / Math.hypot(place[0], place[1])));
  const scale = Math.min(Math.min(MOST_DPI, Math.max(LEAST_DPI, own)) / 72, Math.sqrt(MOST_PIXELS / (viewport.width * viewport.height)));
  const [width, height] = [Math.ceil(viewport.width * scale), Math.ceil(viewport.height * scale)];
  const paper = new Uint8Array(width * height).fill(255);
  for (const image of shown) draw(image, scale, paper, width, height);
  return { ...grey(paper, width, height), dpi: scale * 72 };
}

async function imagesOf(page: PDFPageProxy, viewport: PageViewport): Promise<Shown[]> {
  const { fnArray, argsArray } = await page.getOperatorList();
  const shown: Shown[] = [];
  const stack: { place: Matrix; ink: number }[] = [];
  let state = { place: viewport.transform as Matrix, ink: 0 };
  const show = async (data: unknown, mask: boolean, place: Matrix = state.place): Promise<void> => {
    const pixels = await pixelsOf(page, data);
    if (pixels) shown.push({ pixels, place, ...(mask && { ink: state.ink }) });
  };
  for (const [i, operator] of fnArray.entries()) {
    const args = (argsArray[i] ?? []) as unknown[];
    switch (operator) {
      case OPS.save: stack.push(state); break;
      case OPS.restore: case OPS.paintFormXObjectEnd: state = stack.pop() ?? state; break;
      case OPS.transform: state = { ...state, place: times(state.place, args as unknown as Matrix) }; break;
      case OPS.paintFormXObjectBegin:
        stack.push(state);
        if (args[0]) state = { ...state, place: times(state.place, args[0] as Matrix) };
        break;
      case OPS.setFillRGBColor: state = { ...state, ink: lightness(args[0]) }; break;
      case OPS.paintImageXObject: case OPS.paintInlineImageXObject: await show(args[0], false); break;
      case OPS.paintImageMaskXObject: await show(args[0], true); break;
      case OPS.paintImageXObjectRepeat: case OPS.paintImageMaskXObjectRepeat: {
        // Images: name, width, height, corners. Masks: name, a, b, c, d, corners.
        const mask = operator === OPS.paintImageMaskXObjectRepeat;
        const [a, b, c, d] = mask ? args.slice(1, 5) as number[] : [args[1] as number, 0, 0, args[2] as number];
        const corners = args[mask ? 5 : 3] as ArrayLike<number>;
        for (let at = 0; at + 1 < corners.length; at += 2) await show(args[0], mask, times(state.place, [a!, b!, c!, d!, corners[at]!, corners[at + 1]!]));
        break;
      }
      case OPS.paintImageMaskXObjectGroup:
        for (const one of args[0] as { transform: Matrix }[]) await show(one, true, times(state.place, one.transform));
        break;
      case OPS.paintInlineImageXObjectGroup: {
        const [strip, parts] = args as [Pixels, (Area & { transform: Matrix })[]];
        for (const part of parts) await show(cut(strip, part), false, times(state.place, part.transform));
        break;
      }
    }
  }
  return shown;
}

interface Area { x: number; y: number; w: number; h: number }

/** A part of an image whose pixels are four bytes each, as pdf.js packs many small ones together. */
function cut({ width, kind, data }: Pixels, { x, y, w, h }: Area): Pixels {
  const part = new Uint8Array(w * h * 4);
  for (let row = 0; row < h; row++) part.set(data.subarray(((y + row) * width + x) * 4, ((y + row) * width + x + w) * 4), row * w * 4);
  return { width: w, height: h, data: part, ...(kind !== undefined && { kind }) };
}

/** Pixels that stand in the operator itself, or under a name in what belongs to the page or to the whole file. */
async function pixelsOf(page: PDFPageProxy, data: unknown): Promise<Pixels | undefined> {
  const held = typeof data === 'string' ? await named(page, data) : data as Partial<Pixels> | null;
  const pixels = typeof held?.data === 'string' ? { ...await named(page, held.data) as object, width: held.width, height: held.height } : held;
  const { width, height, data: bytes } = (pixels ?? {}) as Partial<Pixels>;
  return width && height && bytes instanceof Object ? pixels as Pixels : undefined;
}

/** Images come after the operators that show them; of damaged files, some never do. */
function named(page: PDFPageProxy, name: string): Promise<Partial<Pixels> | null> {
  const { objs, commonObjs } = page as unknown as Record<'objs' | 'commonObjs', { get(name: string, then: (data: Partial<Pixels> | null) => void, otherwise: () => void): void }>;
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, LONGEST_WAIT, null);
    const done = (data: Partial<Pixels> | null): void => {
      clearTimeout(timer);
      resolve(data);
    };
    (name.startsWith('g_') ? commonObjs : objs).get(name, done, () => done(null));
  });
}

function times([a, b, c, d, e, f]: Matrix, [g, h, i, j, k, l]: Matrix): Matrix {
  return [a * g + c * h, b * g + d * h, a * i + c * j, b * i + d * j, a * k + c * l + e, b * k + d * l + f];
}

/** Takes points of the displayed page to the unit square of an image; undefined of one without area. */
function inverse([a, b, c, d, e, f]: Matrix): Matrix | undefined {
  const area = a * d - b * c;
  return Math.abs(area) < 1e-6 ? undefined : [d / area, -b / area, -c / area, a / area, (c * f - d * e) / area, (b * e - a * f) / area];
}

/** Which share of the page its images cover. */
function coverage(shown: Shown[], { width, height }: PageViewport): number {
  const squares = shown.map(({ place }) => inverse(place)).filter((square) => square !== undefined);
  let covered = 0;
  for (let i = 0; i < RASTER * RASTER; i++) {
    const x = ((i % RASTER) + 0.5) / RASTER * width;
    const y = (Math.floor(i / RASTER) + 0.5) / RASTER * height;
    if (squares.some(([a, b, c, d, e, f]) => within(a * x + c * y + e) && within(b * x + d * y + f))) covered++;
  }
  return covered / (RASTER * RASTER);
}

const within = (share: number): boolean => share >= 0 && share < 1;

/** Draws an image on the paper: every dot of paper is the mean of the image's pixels that fall on it. */
function draw({ pixels, place, ink }: Shown, scale: number, paper: Uint8Array, width: number, height: number): void {
  const square = inverse(place.map((value) => value * scale) as Matrix);
  if (!square) return;
  const [a, b, c, d, e, f] = square;
  const xs = [0, 1, 0, 1].map((u, i) => scale * (place[0] * u + place[2] * (i >> 1) + place[4]));
  const ys = [0, 1, 0, 1].map((u, i) => scale * (place[1] * u + place[3] * (i >> 1) + place[5]));
  const [left, right] = [Math.max(0, Math.floor(Math.min(...xs))), Math.min(width, Math.ceil(Math.max(...xs)))];
  const [top, bottom] = [Math.max(0, Math.floor(Math.min(...ys))), Math.min(height, Math.ceil(Math.max(...ys)))];
  // Pixels of the image along a step to the next dot; so many are looked at each way.
  const fine = Math.max(Math.hypot(a * pixels.width, b * pixels.height), Math.hypot(c * pixels.width, d * pixels.height));
  // Twice at least, or edges of what is drawn larger than it is would be jagged.
  const looks = Math.min(4, Math.max(2, Math.round(fine)));
  const toneAt = tones(pixels, ink);
  for (let y = top; y < bottom; y++) {
    for (let x = left; x < right; x++) {
      let sum = 0;
      for (let look = 0; look < looks * looks; look++) {
        const px = x + ((look % looks) + 0.5) / looks;
        const py = y + (Math.floor(look / looks) + 0.5) / looks;
        const u = a * px + c * py + e;
        const v = b * px + d * py + f;
        const under = paper[y * width + x]!;
        sum += within(u) && within(v) ? toneAt(Math.floor(u * pixels.width), Math.min(pixels.height - 1, Math.floor((1 - v) * pixels.height)), under) : under;
      }
      paper[y * width + x] = sum / (looks * looks);
    }
  }
}

/** pdf.js's ImageKind. */
const [ONE_BIT, RGB, RGBA] = [1, 2, 3];

/** The grey of a pixel of an image over the grey beneath it. */
function tones({ width, kind, data }: Pixels, ink: number | undefined): (x: number, y: number, under: number) => number {
  const row = (width + 7) >> 3;
  const isSet = (x: number, y: number): boolean => (data[y * row + (x >> 3)]! & (0x80 >> (x & 7))) !== 0;
  if (ink !== undefined) return (x, y, under) => (isSet(x, y) ? under : ink);
  if (kind === ONE_BIT) return (x, y) => (isSet(x, y) ? 255 : 0);
  const step = kind === RGB ? 3 : 4;
  return (x, y, under) => {
    const at = (y * width + x) * step;
    const tone = 0.3 * data[at]! + 0.59 * data[at + 1]! + 0.11 * data[at + 2]!;
    return kind === RGBA ? under + ((tone - under) * data[at + 3]!) / 255 : tone;
  };
}

/** The grey of a colour as pdf.js writes it, `#rrggbb`; black where it is a pattern. */
function lightness(colour: unknown): number {
  const [, r = '0', g = '0', b = '0'] = /^#(..)(..)(..)/.exec(String(colour)) ?? [];
  return 0.3 * parseInt(r, 16) + 0.59 * parseInt(g, 16) + 0.11 * parseInt(b, 16);
}
