import PostalMime, { type Address, type Email } from 'postal-mime';

import { assemble, ParseFailure, type Draft, type ParsedDocument } from './document.ts';
import { detectType } from './detect.ts';
import { pageBlocks } from './html.ts';
import { proseBlocks } from './text.ts';

/** Mails within mails, as forwarded ones are, deeper than this are named and not opened. */
const DEEPEST = 3;

/** A mail (RFC 5322, MIME) or a box of them (mbox, RFC 4155): subject, who wrote to whom and when, text, what is attached. */
export async function parseEmail(bytes: Uint8Array, _name = '', { onSign }: { onSign?: () => void } = {}): Promise<ParsedDocument> {
  const drafts: Draft[] = [];
  for (const mail of mailsIn(bytes)) drafts.push(...(await mailDrafts(mail, 1, onSign)));
  const title = drafts[0]?.text;
  return assemble('email', drafts, title !== undefined ? { title } : {});
}

/** A page with all it shows as browsers save it (RFC 2557): a mail whose text is the page. */
export async function parseWebArchive(bytes: Uint8Array): Promise<ParsedDocument> {
  const { html, subject } = await PostalMime.parse(bytes);
  const { drafts, title = subject } = pageBlocks(html ?? '');
  return assemble('webarchive', drafts.map(({ source: _, ...draft }) => draft), title !== undefined ? { title } : {});
}

/** The mails of a box, which are parted by lines that begin with "From "; a single mail is a box of one. */
function mailsIn(bytes: Uint8Array): Uint8Array[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  if (!text.startsWith('From ')) return [bytes];
  const starts = [...text.matchAll(/(?:^|\r?\n\r?\n)(?=From [^\r\n]*\d{4}[^\r\n]*\r?\n[\w-]+:)/g)].map(({ index, 0: gap }) => index + gap.length);
  return starts.map((start, i) => bytes.subarray(text.indexOf('\n', start) + 1, starts[i + 1] ?? bytes.length));
}

async function mailDrafts(bytes: Uint8Array, depth: number, onSign?: () => void): Promise<Draft[]> {
  const mail = await PostalMime.parse(bytes, { attachmentEncoding: 'arraybuffer', forceRfc822Attachments: true });
  const drafts: Draft[] = [{ kind: 'heading', level: depth, text: mail.subject?.trim() || addressesOf(mail.from ? [mail.from] : []) || 'Mail' }];
  const lines = headLines(mail);
  if (lines.length > 0) drafts.push({ kind: 'paragraph', text: lines.join('\n') });
  drafts.push(...within(bodyOf(mail), depth));
  const names: string[] = [];
  for (const { filename, mimeType, content, disposition } of mail.attachments) {
    const inner = new Uint8Array(content as ArrayBuffer);
    if (mimeType === 'message/rfc822' && depth < DEEPEST) drafts.push(...(await mailDrafts(inner, depth + 1, onSign)));
    else if (filename && disposition !== 'inline') {
      names.push(filename);
      if (depth < DEEPEST) drafts.push(...(await attached(filename, inner, depth + 1, onSign)));
    }
  }
  if (names.length > 0) drafts.splice(lines.length > 0 ? 2 : 1, 0, { kind: 'paragraph', text: `Attachments: ${names.join(', ')}` });
  return drafts;
}

/** What an attached file says, under its name; nothing of one that cannot be read, nor of pictures, most of which are signs and snapshots. */
async function attached(name: string, bytes: Uint8Array, depth: number, onSign?: () => void): Promise<Draft[]> {
  const { parseBytes } = await import('./parsers.ts');
  const read = async (): Promise<ParsedDocument | undefined> =>
    (detectType(name, bytes) === 'picture' ? undefined : parseBytes(name, bytes, onSign ? { onSign } : {}));
  const parsed = await read().catch((error: unknown) => {
    if (error instanceof ParseFailure) return undefined;
    throw error;
  });
  return parsed ? [{ kind: 'heading', level: depth, text: name }, ...within(parsed.blocks.map(({ place: _, ...block }) => block), depth)] : [];
}

/** Blocks of a part of a mail: where they stood in it says nothing of the mail, and their headings stand below the part's. */
const within = (drafts: readonly Draft[], depth: number): Draft[] => drafts.map(({ source: _, ...draft }) => ({ ...draft, ...(draft.kind === 'heading' && { level: Math.min(6, (draft.level ?? 1) + depth) }) }));

/** The text as HTML has it, with its lists and tables, and what the plain text says besides, if it is another. */
function bodyOf({ html, text }: Email): Draft[] {
  const rich = html ? pageBlocks(html).drafts : [];
  const plain = proseBlocks(text ?? '');
  const wordsOf = (drafts: readonly Draft[]): string[] => drafts.flatMap((draft) => draft.text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []);
  const known = new Set(wordsOf(rich));
  const words = wordsOf(plain);
  return words.filter((word) => known.has(word)).length >= words.length * SAME_TEXT ? (rich.length > 0 ? rich : plain) : [...plain, ...rich];
}

/** Share of the plain text's words that stand in the HTML where both say the same. */
const SAME_TEXT = 0.5;

/** The fields a reader sees above a mail. */
function headLines({ from, to, cc, date, headers }: Email): string[] {
  const written = headers.find(({ key }) => key === 'date')?.value ?? date;
  return [['From', addressesOf(from ? [from] : [])], ['To', addressesOf(to ?? [])], ['Cc', addressesOf(cc ?? [])], ['Date', written ?? '']].filter(([, value]) => value !== '').map(([name, value]) => `${name}: ${value}`);
}

const addressesOf = (addresses: readonly Address[]): string => addresses.map(({ name, address, group }) => (group ? `${name}: ${addressesOf(group)}` : name && address && name !== address ? `${name} <${address}>` : name || address || '')).join(', ');
