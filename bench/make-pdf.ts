/**
 * Writes small PDFs by hand (ISO 32000-1: header, objects, cross-reference table, trailer), for benches and tests.
 *
 * `makePdf([['First line', 'Second line']])` sets every string of a page on a line of its own; a `SetText` goes exactly
 * where it says. Latin is set in Times, Chinese in an unembedded Song with the predefined CMap UniGB-UCS2-H, so a
 * reader needs pdf.js's CMaps to read it, as with many real Chinese files.
 */

/** Text at a place: `x`, `y` in points from the top left of the page, `y` at the baseline; `turn` counter-clockwise. */
export interface SetText { text: string; x: number; y: number; size?: number; bold?: boolean; turn?: 0 | 90 | 180 | 270 }

export interface PdfPage { content: (string | SetText)[]; rotate?: 0 | 90 | 180 | 270; cropBox?: [number, number, number, number]; annotations?: string[] }

export interface PdfMeta { title?: string }

export const PAGE = { width: 595, height: 842, margin: 72, size: 11, leading: 14 };

/** A PDF of these pages. A page given as a list of strings is set line by line from the top margin. */
export function makePdf(pages: (string[] | PdfPage)[], meta: PdfMeta = {}): Uint8Array {
  const objects: string[] = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '', // the page tree, known once the pages are
    '<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman /Encoding /WinAnsiEncoding >>',
    '<< /Type /Font /Subtype /Type1 /BaseFont /Times-Bold /Encoding /WinAnsiEncoding >>',
    '<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [6 0 R] >>',
    '<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) '
      + '/Supplement 4 >> /DW 1000 /FontDescriptor 7 0 R >>',
    '<< /Type /FontDescriptor /FontName /STSong-Light /Flags 4 /FontBBox [-25 -254 1000 880] /ItalicAngle 0 /Ascent 880 '
      + '/Descent -120 /CapHeight 880 /StemV 93 >>',
    `<< /Producer (Lodestone bench) ${meta.title === undefined ? '' : `/Title ${hexText(meta.title)}`} >>`,
  ];
  const kids: number[] = [];
  for (const given of pages) {
    const page: PdfPage = Array.isArray(given) ? { content: given } : given;
    const stream = contentStream(page.content);
    objects.push(`<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`);
    const content = objects.length;
    const annotations = (page.annotations ?? []).map((annotation) => `${objects.push(annotation)} 0 R`);
    kids.push(objects.push(`<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${PAGE.width} ${PAGE.height}] `
      + (page.cropBox ? `/CropBox [${page.cropBox.join(' ')}] ` : '') + (page.rotate ? `/Rotate ${page.rotate} ` : '')
      + (annotations.length > 0 ? `/Annots [${annotations.join(' ')}] ` : '')
      + `/Contents ${content} 0 R /Resources << /Font << /R 3 0 R /B 4 0 R /C 5 0 R >> >> >>`));
  }
  objects[1] = `<< /Type /Pages /Count ${kids.length} /Kids [${kids.map((kid) => `${kid} 0 R`).join(' ')}] >>`;
  return serialize(objects);
}

/** English prose of `pages` pages, 46 lines each, the same every time: what a long text PDF looks like to a parser. */
export function prosePages(pages: number): string[][] {
  let seed = 7;
  const next = (below: number): number => (seed = (seed * 48271) % 2147483647) % below;
  const sentence = (): string => {
    const words = Array.from({ length: 6 + next(14) }, () => WORDS[next(WORDS.length)]!);
    words[0] = words[0]![0]!.toUpperCase() + words[0]!.slice(1);
    return words.join(' ') + '.';
  };
  return Array.from({ length: pages }, (_, page) => {
    const lines = [`${page + 1} Of ${WORDS[next(WORDS.length)]} and ${WORDS[next(WORDS.length)]}`, ''];
    while (lines.length < 46) {
      let line = '';
      for (const word of Array.from({ length: 3 + next(4) }, sentence).join(' ').split(' ')) {
        if (line.length + word.length > 88) {
          lines.push(line);
          line = '';
        }
        line += (line === '' ? '' : ' ') + word;
      }
      lines.push(line);
    }
    return lines.slice(0, 46);
  });
}

const WORDS = ('the a of and to in that it was for on are with as his they be at one have this from by hot word but what '
  + 'some is you or had water between library magnet harbour compass northern drift voyage captain measured iron needle '
  + 'variation observed latitude survey charts instrument correction weather season evening journal reported distance '
  + 'shoreline merchant parliament experiment philosophy attraction terrestrial declination ordinary remarkable').split(' ');

function contentStream(content: (string | SetText)[]): string {
  let line = PAGE.margin;
  const parts = content.map((item) => {
    if (typeof item !== 'string') return showText(item);
    line += PAGE.leading;
    return item === '' ? '' : showText({ text: item, x: PAGE.margin, y: line });
  });
  return parts.filter((part) => part !== '').join('\n');
}

function showText({ text, x, y, size = PAGE.size, bold = false, turn = 0 }: SetText): string {
  const cos = [1, 0, -1, 0][turn / 90]!;
  const sin = [0, 1, 0, -1][turn / 90]!;
  const shown: string[] = [];
  // Each stretch of one script is set in its font; the text matrix carries the position on.
  for (const stretch of text.match(/[\x20-\x7e\u00a0-\u00ff]+|[^\x20-\x7e\u00a0-\u00ff]+/g) ?? []) {
    const latin = /[\x20-\x7e\u00a0-\u00ff]/.test(stretch);
    shown.push(`/${latin ? (bold ? 'B' : 'R') : 'C'} ${size} Tf ${latin ? literal(stretch) : hex(stretch)} Tj`);
  }
  return `BT ${cos} ${sin} ${-sin} ${cos} ${x} ${PAGE.height - y} Tm ${shown.join(' ')} ET`;
}

/** A string object of Latin-1 text. */
export const literal = (text: string): string => `(${text.replace(/[\\()]/g, '\\$&')})`;

const hex = (text: string): string =>
  `<${Array.from({ length: text.length }, (_, i) => text.charCodeAt(i).toString(16).padStart(4, '0')).join('')}>`;

/** A text string object (UTF-16BE with its mark), for titles, field values and notes. */
export const hexText = (text: string): string => hex('\ufeff' + text);

function serialize(objects: string[]): Uint8Array {
  let file = '%PDF-1.4\n';
  const offsets = objects.map((object, index) => {
    const offset = file.length;
    file += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const table = file.length;
  file += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n`
    + offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')
    + `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R /Info 8 0 R >>\nstartxref\n${table}\n%%EOF\n`;
  return Uint8Array.from(file, (character) => character.charCodeAt(0));
}
