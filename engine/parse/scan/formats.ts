/** What must be known of a picture file before it is decoded: its pages, their size, and how a camera was held. */
export interface PicturePage {
  bytes: Uint8Array;
  /** As shown, turned upright. */
  width: number;
  height: number;
  /** EXIF orientation that the decoder does not see to itself, 1 where there is nothing to do. */
  exif: number;
}

/** Tags of TIFF 6.0 and EXIF. */
const [WIDTH, HEIGHT, ORIENTATION] = [256, 257, 274];
/** A fax or a scanned book has this many pages at most. */
const MOST_PAGES = 2000;

/** The pages of a PNG, JPEG, TIFF, WebP or BMP file. @throws RangeError where it is cut off or none of these */
export function pagesOf(bytes: Uint8Array): PicturePage[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const head = Buffer.from(bytes.subarray(0, 16)).toString('latin1');
  if (head.startsWith('\x89PNG')) return [{ bytes, width: view.getUint32(16), height: view.getUint32(20), exif: 1 }];
  if (head.startsWith('\xff\xd8')) return [jpeg(bytes, view)];
  if (/^(?:II\*\0|MM\0\*)/.test(head)) return tiff(bytes, view);
  if (head.startsWith('RIFF')) return [webp(bytes, view, head.slice(12))];
  if (head.startsWith('BM')) return [{ bytes, width: Math.abs(view.getInt32(18, true)), height: Math.abs(view.getInt32(22, true)), exif: 1 }];
  throw new RangeError('no picture file');
}

/** Marker segments one after the other: EXIF data is in APP1, the size in the frame header (ITU T.81). */
function jpeg(bytes: Uint8Array, view: DataView): PicturePage {
  let exif = 1;
  for (let at = 2; ;) {
    const marker = view.getUint16(at);
    if (marker === 0xffff) { at++; continue; }
    const isExif = marker === 0xffe1 && view.getUint32(at + 4) === 0x45786966;
    if (isExif) exif = orientationIn(new DataView(view.buffer, view.byteOffset + at + 10, view.getUint16(at + 2) - 8));
    // Frame headers are C0 to CF without the tables C4 and CC, and C8.
    if (marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker)) {
      return { bytes, exif, ...turned(view.getUint16(at + 7), view.getUint16(at + 5), exif) };
    }
    if (marker < 0xff00) throw new RangeError('no marker where one must be');
    at += 2 + view.getUint16(at + 2);
  }
}

function orientationIn(view: DataView): number {
  try {
    const value = entriesOf(view, offsetOfFirst(view)).tags.get(ORIENTATION) ?? 1;
    return value >= 1 && value <= 8 ? value : 1;
  } catch (error) {
    if (error instanceof RangeError) return 1; // Damaged EXIF data: the picture is still one.
    throw error;
  }
}

const isLittle = (view: DataView): boolean => view.getUint8(0) === 0x49;
const offsetOfFirst = (view: DataView): number => view.getUint32(4, isLittle(view));

/** Numbers of one image file directory by tag, and where the next one is, 0 if there is none. */
function entriesOf(view: DataView, offset: number): { tags: Map<number, number>; next: number } {
  const little = isLittle(view);
  const count = view.getUint16(offset, little);
  const tags = new Map<number, number>();
  for (let i = 0; i < count; i++) {
    const at = offset + 2 + 12 * i;
    const short = view.getUint16(at + 2, little) === 3;
    tags.set(view.getUint16(at, little), short ? view.getUint16(at + 8, little) : view.getUint32(at + 8, little));
  }
  return { tags, next: view.getUint32(offset + 2 + 12 * count, little) };
}

/** Each page as a file of its own: the same bytes with the header pointing at that page's directory. */
function tiff(bytes: Uint8Array, view: DataView): PicturePage[] {
  const pages: PicturePage[] = [];
  const seen = new Set<number>();
  for (let offset = offsetOfFirst(view); offset !== 0 && !seen.has(offset) && pages.length < MOST_PAGES;) {
    seen.add(offset);
    const { tags, next } = entriesOf(view, offset);
    const page = bytes.slice();
    new DataView(page.buffer).setUint32(4, offset, isLittle(view));
    // Leptonica turns a TIFF upright by itself.
    pages.push({ bytes: page, exif: 1, ...turned(tags.get(WIDTH) ?? 0, tags.get(HEIGHT) ?? 0, tags.get(ORIENTATION) ?? 1) });
    offset = next;
  }
  return pages;
}

/** Lossy, lossless and extended files (RFC 9649). */
function webp(bytes: Uint8Array, view: DataView, kind: string): PicturePage {
  const wide = (at: number): number => (view.getUint16(at, true) | (view.getUint8(at + 2) << 16)) + 1;
  if (kind === 'VP8X') return { bytes, width: wide(24), height: wide(27), exif: 1 };
  if (kind === 'VP8L') {
    const bits = view.getUint32(21, true);
    return { bytes, width: (bits & 0x3fff) + 1, height: ((bits >> 14) & 0x3fff) + 1, exif: 1 };
  }
  return { bytes, width: view.getUint16(26, true) & 0x3fff, height: view.getUint16(28, true) & 0x3fff, exif: 1 };
}

/** From the fifth orientation on, a picture lies on its side. */
const turned = (width: number, height: number, exif: number): { width: number; height: number } => (exif >= 5 ? { width: height, height: width } : { width, height });
