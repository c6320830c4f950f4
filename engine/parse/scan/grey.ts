import type { Picture } from './tesseract.ts';

/** A picture of grey dots, 0 black, row by row, as a Netpbm file. */
export function grey(dots: Uint8Array, width: number, height: number): Pick<Picture, 'bytes' | 'exif' | 'width' | 'height'> {
  const head = new TextEncoder().encode(`P5 ${width} ${height} 255\n`);
  const bytes = new Uint8Array(head.length + dots.length);
  bytes.set(head);
  bytes.set(dots, head.length);
  return { bytes, exif: 1, width, height };
}
