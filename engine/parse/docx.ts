import mammoth from 'mammoth';

import { openArchive } from './archive.ts';
import { assemble, ParseFailure } from './document.ts';
import type { ParsedDocument } from './document.ts';
import { fragmentBlocks } from './elements.ts';

/** A Word document: paragraphs, headings, lists, tables, notes, comments and text boxes, through mammoth's HTML. */
export async function parseDocx(bytes: Uint8Array): Promise<ParsedDocument> {
  const archive = openArchive(bytes);
  const { value } = await convert(bytes, headingStyles(archive.text('word/styles.xml') ?? ''));
  const drafts = fragmentBlocks(value);
  const title = drafts.find((draft) => draft.kind === 'heading' && draft.level === 1)?.text;
  return assemble('docx', drafts, title ? { title } : {});
}

async function convert(bytes: Uint8Array, headings: string[]): Promise<{ value: string }> {
  try {
    return await mammoth.convertToHtml({ buffer: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) }, {
      styleMap: [...headings, "p[style-name='Title'] => h1:fresh", 'comment-reference => sup'],
      includeEmbeddedStyleMap: false,
      // Pictures are told by their description; their bytes are never read.
      convertImage: mammoth.images.imgElement(async () => ({ src: '' })),
    });
  } catch (error) {
    if (error instanceof RangeError) throw error; // Out of memory or nested too deeply, which the thread tells apart.
    throw new ParseFailure('damaged', 'Word would not open this document either: a part of it is damaged or missing. Open it in Word, let Word repair it, and save a new copy.');
  }
}

/** Style maps for styles that are headings by their outline level, or that are derived from one (ECMA-376 17.3.1.20). */
function headingStyles(sheet: string): string[] {
  const styles = new Map<string, { name: string; level?: number; basedOn?: string }>();
  for (const [style] of sheet.matchAll(/<w:style\b(?:(?!<\/w:style>)[\s\S])*/g)) {
    const id = /\bw:styleId="([^"]*)"/.exec(style)?.[1];
    const name = /<w:name\s+w:val="([^"]*)"/.exec(style)?.[1];
    if (!id || !name || !/\bw:type="paragraph"/.test(style)) continue;
    const level = /<w:outlineLvl\s+w:val="([0-8])"/.exec(style)?.[1] ?? /^heading ([1-9])$/i.exec(name)?.[1]?.replace(/\d/, (digit) => String(Number(digit) - 1));
    const basedOn = /<w:basedOn\s+w:val="([^"]*)"/.exec(style)?.[1];
    styles.set(id, { name, ...(level !== undefined ? { level: Number(level) } : {}), ...(basedOn ? { basedOn } : {}) });
  }
  const levelOf = (id: string, hops = 0): number | undefined => {
    const style = styles.get(id);
    return style && (style.level ?? (style.basedOn && hops < 10 ? levelOf(style.basedOn, hops + 1) : undefined));
  };
  return [...styles].flatMap(([id, { name }]) => {
    const level = levelOf(id);
    if (level === undefined || /^toc\b/i.test(name)) return [];
    return [`p[style-name='${unescape(name).replace(/[\\']/g, '\\$&')}'] => h${Math.min(6, level + 1)}:fresh`];
  });
}

/** XML entities in an attribute. */
function unescape(text: string): string {
  return text.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&quot;/g, '"').replace(/&apos;/g, "'").replace(/&amp;/g, '&');
}
