import { analyse } from 'chardet';

import { ParseFailure } from './document.ts';

/** A decoded text and the WHATWG label of the encoding it was in. */
export interface Decoded { text: string; encoding: string }

/** How much of a file is looked at to guess its encoding. */
const SAMPLE_BYTES = 64 * 1024;
/** A decoding whose characters look less like language than this is not believed. */
const ENOUGH = 0.3;
/** Any two Latin letters make a Chinese character in UTF-16, so there more is asked. */
const ENOUGH_OF_UTF16 = 0.55;
/** What chardet's full confidence is worth beside our own score (0…1). */
const CHARDET_WEIGHT = 0.3;
/** Share of undecodable characters and of control characters that a text may hold. */
const BROKEN_SHARE = 0.02;

/**
 * Decodes text of unknown encoding: byte order mark, then UTF-8 if it is valid, then what an HTML or XML head declares
 * if that decodes, then the best of UTF-16, GB18030, Big5, Shift-JIS, EUC-JP and EUC-KR by how many of the decoded
 * characters are frequent in that language, weighed with chardet's opinion, which alone misjudges short Chinese. What is
 * none of them is a single-byte encoding, windows-1252 unless chardet is sure of another. The byte order mark is dropped
 * and NUL becomes a space.
 *
 * @throws ParseFailure 'unsupported' when the bytes are not text.
 */
export function decode(bytes: Uint8Array): Decoded {
  const encoding = encodingOf(bytes);
  const text = new TextDecoder(encoding).decode(bytes).replaceAll('\0', ' ');
  if (share(text, /\uFFFD/g) > BROKEN_SHARE || share(text, /[\x01-\x07\x0E-\x1A\x1C-\x1F]/g) > BROKEN_SHARE) throw notText();
  return { text, encoding };
}

/** Whether `decode` would take these bytes for text. Looks at the beginning only. */
export function looksLikeText(bytes: Uint8Array): boolean {
  try {
    decode(sampleOf(bytes));
    return true;
  } catch (error) {
    if (error instanceof ParseFailure) return false;
    throw error;
  }
}

function notText(): ParseFailure {
  return new ParseFailure('unsupported', 'The file holds binary data, not text. Open it in the program that made it and save it as PDF, DOCX or text.');
}

function encodingOf(bytes: Uint8Array): string {
  const mark = markOf(bytes);
  if (mark) return mark;
  const nuls = countZeros(bytes);
  if (nuls === 0 && isValid('utf-8', bytes)) return has(bytes, 0x1b) && isValid('iso-2022-jp', bytes) && ISO_2022_JP.test(latin1(bytes)) ? 'iso-2022-jp' : 'utf-8';
  const sample = sampleOf(bytes);
  if (nuls === 0) {
    const declared = declaredIn(sample);
    if (declared && share(sampleText(declared, sample), /\uFFFD/g) < BROKEN_SHARE) return declared;
    // A text in UTF-8 with a broken byte or two is still one.
    const utf8 = sampleText('utf-8', sample);
    if (utf8.length < sample.length && share(utf8, /\uFFFD/g) < BROKEN_SHARE / 10) return 'utf-8';
  }
  return guess(sample, nuls > 0);
}

const ISO_2022_JP = /\x1b\$[@B]/;

function markOf(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return undefined;
}

/** The charset of `<?xml encoding="…"?>` or `<meta charset=…>`, if there is a decoder for it. */
function declaredIn(sample: Uint8Array): string | undefined {
  const head = latin1(sample.subarray(0, 2048));
  const label = /^\s*<\?xml[^>]*\bencoding\s*=\s*["']([\w.:-]+)/i.exec(head)?.[1] ?? /<meta[^>]*\bcharset\s*=\s*["']?([\w.:-]+)/i.exec(head)?.[1];
  if (!label || /^utf-?(8|16)/i.test(label)) return undefined;
  try {
    const { encoding } = new TextDecoder(label);
    return encoding === 'gbk' ? 'gb18030' : encoding;
  } catch {
    return undefined; // An unknown label says nothing.
  }
}

function guess(sample: Uint8Array, nuls: boolean): string {
  const opinions = new Map(analyse(sample).map((match) => [match.name.toLowerCase(), match.confidence / 100]));
  const western = !nuls && looksWestern(sample);
  let best = { encoding: '', score: 0 };
  for (const language of LANGUAGES) {
    if (language.ascii ? western : nuls || western) continue;
    const opinion = opinions.get(language.encoding) ?? 0;
    const text = sampleText(language.encoding, sample);
    if (share(text, /\uFFFD/g) > BROKEN_SHARE) continue;
    const likeness = score(text, language);
    if (likeness < (language.ascii ? ENOUGH_OF_UTF16 : ENOUGH)) continue;
    const total = likeness + language.prior + CHARDET_WEIGHT * opinion;
    if (total > best.score) best = { encoding: language.encoding, score: total };
  }
  if (best.encoding) return best.encoding;
  if (nuls) throw notText();
  const [single, confidence] = [...opinions].find(([name]) => SINGLE_BYTE.test(name)) ?? ['windows-1252', 0];
  const sure = OTHER_SCRIPT.test(single) ? !western : confidence >= 0.7;
  return sure && !/^(iso-8859-1|windows-1252)$/.test(single) ? new TextDecoder(single).encoding : 'windows-1252';
}

const SINGLE_BYTE = /^(windows-125\d|iso-8859-\d|koi8-r)$/;
/** Cyrillic, Greek, Hebrew, Arabic. */
const OTHER_SCRIPT = /^(windows-125[1356]|iso-8859-[5678]|koi8-r)$/;

// ── How much a decoded text looks like its language ─────────────────────────────────────────────────────────

interface Language {
  encoding: string;
  /** Added to the score: what our readers' files are likelier to be in. */
  prior: number;
  /** Frequent characters, each worth 1. */
  frequent: Set<string>;
  /** The first level of the character set, sorted by use when the standard was made; each worth 0.4. */
  ordinary: () => Set<string>;
  /** UTF-16 stores ASCII as well, so there ASCII counts too. */
  ascii?: boolean;
}

const PUNCTUATION = '，。、；：？！“”‘’（）《》「」『』【】—…　·';
const SIMPLIFIED = '的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运';
const TRADITIONAL = '的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日軍者意無力它與長把機十民第公此已工使情明性知全三又關點正業外將兩高間由問很最重並物手應戰向頭文體政美相見被利什二等產或新己制身果加西斯月話合回特代內信表化老給世位次度門任常先海通教兒原東聲提立及比員解水名真論處走義各入幾口認條平系氣題活爾更別打女變四神總何電數安少報才結反受目太量再感建務做接必場件計管期市直德資命山金指克許統區保至隊形社便空決治展馬科司五基眼書非則聽白卻界達光放強即像難且權思王象完設式色路記南品住告類求據程北邊死張該交規萬取拉格望覺術領共確傳師觀清今切院讓識候帶導爭運';
const HIRAGANA = Array.from({ length: 83 }, (_, i) => String.fromCharCode(0x3041 + i)).join('');
const KATAKANA = Array.from({ length: 86 }, (_, i) => String.fromCharCode(0x30a1 + i)).join('') + 'ー・';
const HANGUL = '이다는을의에가하고지로한도사기아대리나서그해인은으어자시라일들보있정만수과부게여스장주전니를와요구면상제것없않년적';

/** The characters of rows `from`…`to` (lead bytes) of a double-byte character set. */
function rows(encoding: string, from: number, to: number, trails: [number, number][]): () => Set<string> {
  let set: Set<string> | undefined;
  return () => {
    if (set) return set;
    const bytes: number[] = [];
    for (let lead = from; lead <= to; lead++) for (const [first, last] of trails) for (let trail = first; trail <= last; trail++) bytes.push(lead, trail);
    return set = new Set(new TextDecoder(encoding).decode(Uint8Array.from(bytes)));
  };
}

const EUC: [number, number][] = [[0xa1, 0xfe]];
const GB = rows('gb18030', 0xb0, 0xd7, EUC);
const BIG5 = rows('big5', 0xa4, 0xc6, [[0x40, 0x7e], [0xa1, 0xfe]]);
const JIS = rows('euc-jp', 0xb0, 0xcf, EUC);
const KS = rows('euc-kr', 0xb0, 0xc8, EUC);
let any: Set<string> | undefined;
const ANY = () => any ??= new Set([...GB(), ...BIG5(), ...JIS(), ...KS()]);
const EVERY = new Set(PUNCTUATION + SIMPLIFIED + TRADITIONAL + HIRAGANA + KATAKANA + HANGUL);

const LANGUAGES: Language[] = [
  { encoding: 'utf-16le', prior: 0, frequent: EVERY, ordinary: ANY, ascii: true },
  { encoding: 'utf-16be', prior: 0, frequent: EVERY, ordinary: ANY, ascii: true },
  { encoding: 'gb18030', prior: 0.1, frequent: new Set(PUNCTUATION + SIMPLIFIED), ordinary: GB },
  { encoding: 'big5', prior: 0.05, frequent: new Set(PUNCTUATION + TRADITIONAL), ordinary: BIG5 },
  { encoding: 'shift_jis', prior: 0, frequent: new Set(PUNCTUATION + HIRAGANA + KATAKANA), ordinary: JIS },
  { encoding: 'euc-jp', prior: 0, frequent: new Set(PUNCTUATION + HIRAGANA + KATAKANA), ordinary: JIS },
  { encoding: 'euc-kr', prior: 0, frequent: new Set(HANGUL), ordinary: KS },
];

/** 0…1: the mean worth of the characters that are not ASCII; what could not be decoded counts against. */
function score(text: string, { frequent, ordinary, ascii }: Language): number {
  const known = ordinary();
  let sum = 0;
  let count = 0;
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (code < 0x80) {
      if (!ascii) continue;
      sum += code >= 0x20 || code === 0x0a || code === 0x0d || code === 0x09 ? 1 : -1;
    } else if (frequent.has(character)) sum += 1;
    else if (known.has(character)) sum += 0.4;
    else if (code === 0xfffd || (code >= 0xe000 && code < 0xf900)) sum -= 2;
    count++;
  }
  return count === 0 ? 0 : sum / count;
}

// ── Bytes ───────────────────────────────────────────────────────────────────────────────────────────────────

function sampleOf(bytes: Uint8Array): Uint8Array {
  return bytes.length > SAMPLE_BYTES ? bytes.subarray(0, SAMPLE_BYTES) : bytes;
}

/** A character cut off by the end of the sample is not an error. */
function sampleText(encoding: string, sample: Uint8Array): string {
  return new TextDecoder(encoding).decode(sample, { stream: true });
}

function isValid(encoding: string, bytes: Uint8Array): boolean {
  try {
    new TextDecoder(encoding, { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false; // The only thing a fatal decoder throws for.
  }
}

function latin1(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes);
}

function countZeros(bytes: Uint8Array): number {
  let zeros = 0;
  for (const byte of bytes) if (byte === 0) zeros++;
  return zeros;
}

/** Accented letters and quotation marks of windows-1252, most alone among ASCII: a double-byte text is not like that. */
function looksWestern(sample: Uint8Array): boolean {
  let high = 0;
  let lone = 0;
  for (let i = 0; i < sample.length; i++) {
    const byte = sample[i]!;
    if (byte < 0x80) continue;
    high++;
    const plausible = byte >= 0xc0 || (byte >= 0x91 && byte <= 0x97) || WESTERN_SIGNS.has(byte);
    if (plausible && (sample[i - 1] ?? 0) < 0x80 && (sample[i + 1] ?? 0) < 0x80) lone++;
  }
  return lone >= high * 0.6;
}

/** € … œ, no-break space, £ § © « ° », as in windows-1252. */
const WESTERN_SIGNS = new Set([0x80, 0x85, 0x9c, 0xa0, 0xa3, 0xa7, 0xa9, 0xab, 0xb0, 0xbb]);

function has(bytes: Uint8Array, byte: number): boolean {
  return bytes.indexOf(byte) >= 0;
}

function share(text: string, what: RegExp): number {
  return text.length === 0 ? 0 : (text.match(what)?.length ?? 0) / text.length;
}
