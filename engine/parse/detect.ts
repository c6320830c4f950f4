import type { DocumentType } from '../api.ts';
import { ParseFailure } from './document.ts';
import { decode, looksLikeText } from './encoding.ts';
import { zipEntries, zipText } from './zip.ts';

/** Extensions of the types we read; anything else that holds text is read as text. */
const TYPES: Record<string, DocumentType> = {
  pdf: 'pdf', docx: 'docx', docm: 'docx', dotx: 'docx', dotm: 'docx', pptx: 'pptx', pptm: 'pptx', ppsx: 'pptx', ppsm: 'pptx', potx: 'pptx', xlsx: 'xlsx', xlsm: 'xlsx', xltx: 'xlsx',
  odt: 'opendocument', ott: 'opendocument', odp: 'opendocument', otp: 'opendocument', ods: 'opendocument', ots: 'opendocument', rtf: 'rtf', epub: 'epub', eml: 'email', mbox: 'email', mht: 'webarchive', mhtml: 'webarchive', ipynb: 'notebook',
  md: 'markdown', markdown: 'markdown', mdown: 'markdown', mkd: 'markdown', mdx: 'markdown',
  rmd: 'markdown', qmd: 'markdown', html: 'html', htm: 'html', xhtml: 'html', xht: 'html', shtml: 'html', xml: 'html', rss: 'html', atom: 'html', opml: 'html', fb2: 'html', txt: 'text', text: 'text', csv: 'text', tsv: 'text',
};

/** Pictures whose text is recognised, by extension. */
const PICTURES = new Set('png jpg jpeg tif tiff webp bmp'.split(' '));

/** Types that are ZIP archives. */
const ARCHIVES = new Set<DocumentType>(['docx', 'pptx', 'xlsx', 'opendocument', 'epub']);

/** Types we know and do not read, by extension: what it is and what to do. */
const WORD = 'Open it in Word or LibreOffice and save it as .docx.';
const SLIDES = 'Open it in PowerPoint or LibreOffice and save it as PDF.';
const SHEET = 'Open it in Excel or LibreOffice and save it as CSV or PDF.';
const MAIL = 'Open it in your mail program and print it to PDF, or save its text as .txt.';
const BOOK = 'Convert it to PDF, HTML or DOCX, with Calibre for instance.';
const PICTURE = 'Give it the name it should have and add it again.';
const SOUND = 'Transcribe it and add the transcript as text.';
const ARCHIVE = 'Unpack it and add the files within.';
const PROGRAM = 'It holds no text to read.';

const OTHERS: [name: string, advice: string, extensions: string][] = [
  ['an old Word document (.doc)', WORD, 'doc dot wps'],
  ['an old OpenOffice text', WORD, 'fodt sxw'],
  ['a Pages document', 'Open it in Pages and export it as Word or PDF.', 'pages'],
  ['an old PowerPoint presentation (.ppt)', SLIDES, 'ppt pps pot'],
  ['an old OpenOffice presentation', SLIDES, 'sxi'],
  ['a Keynote presentation', 'Open it in Keynote and export it as PDF.', 'key'],
  ['an Excel workbook in a binary format', SHEET, 'xls xlsb xlt'],
  ['an old OpenOffice spreadsheet', SHEET, 'sxc'],
  ['a Numbers spreadsheet', 'Open it in Numbers and export it as CSV or PDF.', 'numbers'],
  ['an Outlook mail', MAIL, 'msg pst'],
  ['a web archive of Safari', 'Open it in Safari and save it as PDF.', 'webarchive'],
  ['an e-book', BOOK, 'mobi azw azw3 djvu'],
  ['a Windows help file', BOOK, 'chm hlp'],
  ['a picture', PICTURE, 'png jpg jpeg bmp tif tiff webp'],
  ['a GIF, HEIC, PSD or SVG picture', 'Save it as PNG or JPEG and add that.', 'gif heic heif ico psd svg avif'],
  ['a recording', SOUND, 'mp3 wav flac m4a ogg opus aac mp4 mov avi mkv webm'],
  ['an archive', ARCHIVE, 'zip rar 7z tar gz tgz bz2 xz zst'],
  ['a program', PROGRAM, 'exe dll so dylib msi dmg iso class jar wasm o bin'],
  ['a font', PROGRAM, 'ttf otf woff woff2'],
  ['a database', 'Export what you want to read as CSV.', 'db sqlite sqlite3 mdb accdb'],
];
const ADVICE = new Map(OTHERS.flatMap(([name, advice, extensions]) => extensions.split(' ').map((extension) => [extension, { name, advice }] as const)));

/** First bytes, in latin-1, of types we do not read, and the extension that names them. ZIP and OLE are opened below. */
const SIGNATURES: [string, string][] = [
  ['\x89PNG\r\n', 'png'], ['\xff\xd8\xff', 'jpg'], ['GIF8', 'gif'], ['II*\0', 'tiff'], ['MM\0*', 'tiff'], ['8BPS', 'psd'], ['ITSF', 'chm'], ['AT&TFORM', 'djvu'],
  ['Rar!\x1a', 'rar'], ['7z\xbc\xaf\x27\x1c', '7z'], ['\x1f\x8b', 'gz'], ['BZh', 'bz2'], ['\xfd7zXZ', 'xz'], ['\x28\xb5\x2f\xfd', 'zst'], ['MZ', 'exe'], ['\x7fELF', 'so'], ['\xcf\xfa\xed\xfe', 'dylib'],
  ['\xca\xfe\xba\xbe', 'class'], ['\0asm', 'wasm'], ['ID3', 'mp3'], ['fLaC', 'flac'], ['OggS', 'ogg'], ['\x1a\x45\xdf\xa3', 'mkv'], ['SQLite format 3', 'sqlite'], ['wOFF', 'woff'], ['wOF2', 'woff2'],
  ['!BDN', 'pst'], ['\0\x01\0\0', 'ttf'], ['OTTO', 'otf'],
];

/** What a file is read as: the type its document will have, or a picture of text. */
export type Readable = DocumentType | 'picture';

/**
 * The type of a file: by its content where that says, by its extension where the content is text.
 *
 * @throws ParseFailure 'unsupported' for a type we do not read, 'mismatched' when the content is none of what the name
 * says and nothing we read either, 'encrypted' and 'damaged' for Office files that are.
 */
export function detectType(name: string, bytes: Uint8Array): Readable {
  const extension = extensionOf(name);
  const head = Buffer.from(bytes.subarray(0, 1024)).toString('latin1');
  if (head.includes('%PDF-')) return 'pdf';
  if (head.startsWith('PK\x03\x04') || head.startsWith('PK\x05\x06')) return inArchive(bytes, extension);
  if (head.startsWith('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1')) return inOle(bytes, extension);
  if (head.startsWith('{\\rtf')) return 'rtf';
  if ((TYPES[extension] === 'email' || extension === '') && looksLikeMail(head)) return 'email';
  if (TYPES[extension] === 'webarchive' && looksLikeMail(head)) return 'webarchive';
  const found = signatureIn(head, bytes);
  if (found && PICTURES.has(found) && TYPES[extension] === undefined) return 'picture';
  if (found) throw refusal(found, extension);
  const promised = TYPES[extension];
  if (promised === 'pdf' && /\bobj\b|startxref/.test(new TextDecoder('latin1').decode(bytes.subarray(0, 65_536)))) return 'pdf';
  if (!looksLikeText(bytes)) {
    const { name: other, advice } = ADVICE.get(extension) ?? {};
    if (promised || PICTURES.has(extension)) throw new ParseFailure('mismatched', `The name says ${sayType(extension)}, but the content is nothing of the kind, or it is badly damaged. Get the file again from where it came from.`);
    throw new ParseFailure('unsupported', other ? `This is ${other}, which Lodestone does not read. ${advice}` : 'This type of file is not one that Lodestone reads. Save it as PDF, DOCX, PPTX, XLSX, Markdown, HTML or text.');
  }
  const html = looksLikeHtml(bytes);
  if (promised === 'email' || promised === 'webarchive') return html ? 'html' : 'text';
  if (promised === 'pdf' || ARCHIVES.has(promised!)) {
    if (html) return 'html';
    throw new ParseFailure('mismatched', `The name says ${sayType(extension)}, but the content is plain text. Rename it to .txt and add it again, or get the right file.`);
  }
  if (PICTURES.has(extension)) throw new ParseFailure('mismatched', 'The name says a picture, but the content is text. Rename it to .txt and add it again, or get the right file.');
  if (ADVICE.has(extension)) {
    // Word and Excel open web pages named .doc and .xls, and so many are.
    if (html && /^(doc|xls|dot)$/.test(extension)) return 'html';
    throw refusal(extension, extension);
  }
  return promised ?? (html ? 'html' : 'text');
}

function extensionOf(name: string): string {
  return /\.([^./\\]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
}

function refusal(found: string, extension: string): ParseFailure {
  const { name, advice } = ADVICE.get(found)!;
  const promised = TYPES[extension] ?? ADVICE.get(extension)?.name;
  const lies = promised !== undefined && ADVICE.get(extension)?.name !== name;
  if (lies) return new ParseFailure('mismatched', `The name says ${sayType(extension)}, but this is ${name}. ${advice}`);
  return new ParseFailure('unsupported', `This is ${name}, which Lodestone does not read. ${advice}`);
}

function sayType(extension: string): string {
  return ADVICE.get(extension)?.name ?? `.${extension}`;
}

/** A text may begin with "MZ" or "RIFF"; a signature with bytes that no text has is believed. */
function signatureIn(head: string, bytes: Uint8Array): string | undefined {
  const found = signatureOf(head);
  return found && /^[ -~]{2,4}/.test(head) && looksLikeText(bytes) ? undefined : found;
}

function signatureOf(head: string): string | undefined {
  if (head.slice(4, 8) === 'ftyp') return /^(heic|heix|mif1|avif)/.test(head.slice(8, 12)) ? 'heic' : 'mp4';
  if (head.startsWith('RIFF')) return head.slice(8, 12) === 'WEBP' ? 'webp' : head.slice(8, 12) === 'WAVE' ? 'wav' : 'avi';
  if (head.startsWith('BM') && head.slice(6, 10) === '\0\0\0\0') return 'bmp';
  return SIGNATURES.find(([signature]) => head.startsWith(signature))?.[1];
}

function looksLikeHtml(bytes: Uint8Array): boolean {
  const text = decode(bytes.subarray(0, 4096)).text.replace(/<!--[\s\S]*?-->/g, '');
  return /^\s*(?:<\?xml[^>]*\?>\s*)?<(?:!doctype\s+html|html|head|body|rss|feed)\b/i.test(text);
}

/** Whether a text begins like a mail: several header fields, one of them of those every mail has. */
function looksLikeMail(head: string): boolean {
  const fields = /^(?:From [^\n]*\n)?((?:[\w-]+:[^\n]*\n(?:[ \t][^\n]*\n)*){2,})/.exec(head.replace(/\r\n?/g, '\n'))?.[1];
  return fields !== undefined && /^(from|received|return-path|message-id|mime-version):/im.test(fields) && /^(subject|to|date|content-type|delivered-to):/im.test(fields);
}

/** Office files are ZIP archives with parts of well-known names. */
function inArchive(bytes: Uint8Array, extension: string): DocumentType {
  let entries;
  try {
    entries = zipEntries(bytes);
  } catch (error) {
    if (ARCHIVES.has(TYPES[extension]!) || !(error instanceof ParseFailure)) throw error;
    throw refusal(ADVICE.has(extension) ? extension : 'zip', extension);
  }
  const has = (start: string) => entries.some((entry) => entry.name.startsWith(start) || entry.name.startsWith(`/${start}`));
  if (has('[Content_Types].xml') || has('_rels/.rels')) {
    if (has('word/')) return 'docx';
    if (has('ppt/')) return 'pptx';
    if (has('xl/workbook.xml')) return 'xlsx';
    if (has('xl/')) throw refusal('xlsb', extension);
  }
  const mime = entries.find((entry) => entry.name === 'mimetype');
  const kind = mime ? zipText(bytes, mime, 1024) : '';
  if (kind.includes('epub')) return 'epub';
  if (/opendocument\.(text|spreadsheet|presentation)/.test(kind)) return 'opendocument';
  if (has('Index/') || has('Index.zip')) throw refusal(/^(pages|key|numbers)$/.test(extension) ? extension : 'pages', extension);
  if (ARCHIVES.has(TYPES[extension]!)) throw new ParseFailure('damaged', 'This file is an archive without a document in it. Open it in the program it was made with, let that repair it, and save a new copy.');
  throw refusal(ADVICE.has(extension) ? extension : 'zip', extension);
}

/** Old Office files, mails and encrypted new ones are compound files whose streams have well-known names in UTF-16. */
function inOle(bytes: Uint8Array, extension: string): DocumentType {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const has = (stream: string) => file.includes(Buffer.from(stream, 'utf16le'));
  if (has('EncryptedPackage')) throw new ParseFailure('encrypted', 'This document is protected with a password. Open it in Word, Excel or PowerPoint, remove the password under File, Info, Protect, save it and add it again.');
  if (has('__properties_version1.0')) throw refusal('msg', extension);
  if (has('WordDocument')) throw refusal('doc', extension);
  if (has('PowerPoint Document')) throw refusal('ppt', extension);
  if (has('Workbook') || has('Book')) throw refusal('xls', extension);
  throw refusal(ADVICE.has(extension) ? extension : 'doc', extension);
}
