import { readFileSync } from 'node:fs';
import { inflateSync } from 'node:zlib';

/** A picture of two colours: rows of whole bytes, a set bit is white. */
export interface Dots { width: number; height: number; rows: Buffer }

export const fileOf = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`./testing/${name}`, import.meta.url)));

/** The dots of a test picture: a PNG of one bit a dot whose rows are stored as they are. */
export function dotsOf(name: string): Dots {
  const png = Buffer.from(fileOf(name));
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  const parts: Buffer[] = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    if (png.toString('latin1', at + 4, at + 8) === 'IDAT') parts.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
  }
  const row = (width + 7) >> 3;
  const filtered = inflateSync(Buffer.concat(parts));
  return { width, height, rows: Buffer.concat(Array.from({ length: height }, (_, y) => filtered.subarray(y * (row + 1) + 1, (y + 1) * (row + 1)))) };
}

/** A bitmap of 24 bits a dot, lit from the left: paper at the right edge is nearly as dark as ink at the left one. */
export function litFromTheLeft({ width, height, rows }: Dots): Uint8Array {
  const row = (width * 3 + 3) & ~3;
  const file = Buffer.alloc(54 + row * height);
  file.write('BM', 0, 'latin1');
  file.writeUInt32LE(file.length, 2);
  file.writeUInt32LE(54, 10);
  file.writeUInt32LE(40, 14);
  file.writeInt32LE(width, 18);
  file.writeInt32LE(height, 22);
  file.writeUInt16LE(1, 26);
  file.writeUInt16LE(24, 28);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const white = (rows[y * ((width + 7) >> 3) + (x >> 3)]! & (0x80 >> (x & 7))) !== 0;
      file.fill((white ? 250 : 60) * (1 - (0.65 * x) / width), 54 + (height - 1 - y) * row + x * 3, 54 + (height - 1 - y) * row + x * 3 + 3);
    }
  }
  return new Uint8Array(file);
}

/** A page of a PDF: images in strips of `strips`, placed by a matrix of PDF, and lines of text. */
export interface ScanPage { dots?: Dots; at?: number[]; strips?: number; text?: string[]; rotate?: 0 | 90 | 180 | 270 }

/** A PDF of pages of 400 × 240 points whose images cover most of them unless `at` says otherwise. */
export function scannedPdf(pages: ScanPage[]): Uint8Array {
  const objects = ['<< /Type /Catalog /Pages 2 0 R >>', '', '<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman /Encoding /WinAnsiEncoding >>'];
  const stream = (head: string, data: string): number => objects.push(`<< ${head} /Length ${data.length} >>\nstream\n${data}\nendstream`);
  const kids = pages.map(({ dots, at = [360, 0, 0, 150, 20, 60], strips = 1, text = [], rotate = 0 }) => {
    const images = dots ? Array.from({ length: strips }, (_, i) => {
      const [from, to] = [Math.round((i * dots.height) / strips), Math.round(((i + 1) * dots.height) / strips)];
      const row = dots.rows.length / dots.height;
      const number = stream(`/Type /XObject /Subtype /Image /Width ${dots.width} /Height ${to - from} /ColorSpace /DeviceGray /BitsPerComponent 1 /Filter /ASCIIHexDecode`,
        `${dots.rows.subarray(from * row, to * row).toString('hex')}>`);
      return { number, draw: `q ${at.join(' ')} cm 1 0 0 ${(to - from) / dots.height} 0 ${1 - to / dots.height} cm /I${i} Do Q` };
    }) : [];
    const lines = text.map((line, i) => `BT /R 10 Tf 20 ${220 - 12 * i} Td (${line}) Tj ET`);
    const content = stream('', [...images.map(({ draw }) => draw), ...lines].join('\n'));
    return objects.push(`<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 240] /Rotate ${rotate} /Contents ${content} 0 R `
      + `/Resources << /Font << /R 3 0 R >> /XObject << ${images.map(({ number }, i) => `/I${i} ${number} 0 R`).join(' ')} >> >> >>`);
  });
  objects[1] = `<< /Type /Pages /Count ${kids.length} /Kids [${kids.map((kid) => `${kid} 0 R`).join(' ')}] >>`;
  let file = '%PDF-1.4\n';
  const offsets = objects.map((object, i) => {
    const offset = file.length;
    file += `${i + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const table = file.length;
  file += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')}`
    + `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${table}\n%%EOF\n`;
  return new Uint8Array(Buffer.from(file, 'latin1'));
}

/** A TIFF 6.0 of uncompressed pages. */
export function tiff(pages: Dots[]): Uint8Array {
  const parts: Buffer[] = [Buffer.from('II*\0\0\0\0\0', 'latin1')];
  let end = 8;
  let pointer = { buffer: parts[0]!, at: 4 };
  for (const { width, height, rows } of pages) {
    const data = rows.length % 2 ? Buffer.concat([rows, Buffer.alloc(1)]) : rows;
    const entries = [[256, width], [257, height], [258, 1], [259, 1], [262, 1], [273, end], [277, 1], [278, height], [279, rows.length]] as const;
    const directory = Buffer.alloc(2 + 12 * entries.length + 4);
    directory.writeUInt16LE(entries.length, 0);
    for (const [i, [tag, value]] of entries.entries()) {
      directory.writeUInt16LE(tag, 2 + 12 * i);
      directory.writeUInt16LE(4, 4 + 12 * i);
      directory.writeUInt32LE(1, 6 + 12 * i);
      directory.writeUInt32LE(value, 10 + 12 * i);
    }
    pointer.buffer.writeUInt32LE(end + data.length, pointer.at);
    pointer = { buffer: directory, at: directory.length - 4 };
    parts.push(data, directory);
    end += data.length + directory.length;
  }
  return new Uint8Array(Buffer.concat(parts));
}
