import { detectType } from './detect.ts';
import type { Readable } from './detect.ts';
import { ParseFailure } from './document.ts';
import type { ParsedDocument } from './document.ts';

export { detectType };

export interface ParseOptions {
  /** Opens an encrypted file. */
  password?: string;
  /** Called now and then while text is recognised, which takes seconds a page: it gets on. */
  onSign?: () => void;
}

type Parser = (bytes: Uint8Array, name: string, options: ParseOptions) => Promise<ParsedDocument>;

/** One parser per type, loaded when the first file of that type comes. */
const PARSERS: Record<Readable, () => Promise<Parser>> = {
  pdf: async () => {
    const { parsePdf } = await import('./pdf.ts');
    return (bytes, _name, options) => parsePdf(bytes, options);
  },
  docx: async () => (await import('./docx.ts')).parseDocx,
  pptx: async () => (await import('./pptx.ts')).parsePptx,
  xlsx: async () => (await import('./xlsx.ts')).parseXlsx,
  opendocument: async () => (await import('./odf.ts')).parseOdf,
  rtf: async () => (await import('./rtf.ts')).parseRtf,
  epub: async () => (await import('./epub.ts')).parseEpub,
  email: async () => (await import('./email.ts')).parseEmail,
  webarchive: async () => (await import('./email.ts')).parseWebArchive,
  notebook: async () => (await import('./notebook.ts')).parseNotebook,
  markdown: async () => (await import('./markdown.ts')).parseMarkdown,
  html: async () => (await import('./html.ts')).parseHtml,
  text: async () => (await import('./text.ts')).parseText,
  picture: async () => {
    const { parsePicture } = await import('./picture.ts');
    return (bytes, _name, options) => parsePicture(bytes, options);
  },
};

/**
 * A file's content as a document. `name` tells the type where the content does not.
 *
 * @throws ParseFailure with the reason a person can act on.
 */
export async function parseBytes(name: string, bytes: Uint8Array, options: ParseOptions = {}): Promise<ParsedDocument> {
  if (isBlank(bytes)) throw new ParseFailure('empty', 'The file is empty. If it should not be, get it again from where it came from.');
  const parse = await PARSERS[detectType(name, bytes)]();
  const document = await parse(bytes, name, options);
  if (!VISIBLE.test(document.text)) throw new ParseFailure('no-text', 'No text was found in this file. If it is made of pictures, recognise their text with an OCR program and add what that makes.');
  return document;
}

/** A letter, a digit or a sign in any script. */
const VISIBLE = /[\p{L}\p{N}\p{S}\p{P}]/u;

/** Nothing but white space, zeros and byte order marks. */
function isBlank(bytes: Uint8Array): boolean {
  const blank = new Set([0x00, 0x09, 0x0a, 0x0c, 0x0d, 0x20, 0xef, 0xbb, 0xbf, 0xfe, 0xff]);
  return bytes.every((byte) => blank.has(byte));
}
