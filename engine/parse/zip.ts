import { inflateRawSync } from 'node:zlib';

import { ParseFailure } from './document.ts';

/** A file within a zip archive, as its central directory tells (APPNOTE.TXT 4.3.12). */
export interface ZipEntry { name: string; method: number; encrypted: boolean; packed: number; size: number; offset: number }

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
/** The end record is 22 bytes and a comment of at most 65,535. */
const LONGEST_END = 22 + 0xffff;

/** @throws ParseFailure 'damaged' when the archive is cut off or its directory is broken. */
export function zipEntries(bytes: Uint8Array): ZipEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let end = bytes.length - 22;
  while (end >= 0 && end >= bytes.length - LONGEST_END && view.getUint32(end, true) !== END_OF_DIRECTORY) end--;
  if (end < 0 || view.getUint32(end, true) !== END_OF_DIRECTORY) throw damaged();
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  const entries: ZipEntry[] = [];
  for (let i = 0; i < count; i++) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== DIRECTORY_ENTRY) throw damaged();
    const nameLength = view.getUint16(at + 28, true);
    entries.push({
      name: new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength)).replaceAll('\\', '/'),
      method: view.getUint16(at + 10, true),
      encrypted: (view.getUint16(at + 8, true) & 1) === 1,
      packed: view.getUint32(at + 20, true),
      size: view.getUint32(at + 24, true),
      offset: view.getUint32(at + 42, true),
    });
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return entries;
}

/**
 * The text of a file within the archive, in UTF-8.
 * @throws ParseFailure 'damaged' when it cannot be unpacked or is larger than `limit` bytes.
 */
export function zipText(bytes: Uint8Array, entry: ZipEntry, limit: number): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (entry.offset + 30 > bytes.length) throw damaged();
  const start = entry.offset + 30 + view.getUint16(entry.offset + 26, true) + view.getUint16(entry.offset + 28, true);
  const packed = bytes.subarray(start, start + entry.packed);
  if (entry.method === 0) return new TextDecoder().decode(packed.subarray(0, limit));
  try {
    return new TextDecoder().decode(inflateRawSync(packed, { maxOutputLength: limit }));
  } catch {
    throw damaged(); // zlib's own words ("invalid stored block lengths") help nobody.
  }
}

function damaged(): ParseFailure {
  return new ParseFailure('damaged', 'The file is damaged or was not copied completely. Get it again from where it came from, or open it in Word and save a new copy.');
}
