/** Files as one zip archive, folders included (APPNOTE.TXT 4.3): names in UTF-8, contents deflated. */
export async function zipped(files: readonly { path: string; text: string }[]): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const { path, text } of files) {
    const [name, content] = [new TextEncoder().encode(path), new TextEncoder().encode(text)];
    const packed = await deflated(content);
    const facts = [...[VERSION, UTF8, DEFLATED, 0, DATE].flatMap(short), ...[checksum(content), packed.length, content.length].flatMap(long), ...[name.length, 0].flatMap(short)];
    const local = Uint8Array.of(...long(LOCAL), ...facts, ...name);
    parts.push(local, packed);
    directory.push(Uint8Array.of(...long(ENTRY), ...short(VERSION), ...facts, ...[0, 0, 0].flatMap(short), ...[0, offset].flatMap(long), ...name));
    offset += local.length + packed.length;
  }
  const size = directory.reduce((sum, entry) => sum + entry.length, 0);
  const end = Uint8Array.of(...long(END), ...[0, 0, files.length, files.length].flatMap(short), ...[size, offset].flatMap(long), ...short(0));
  return new Uint8Array(await new Blob([...parts, ...directory, end].map((part) => part.slice())).arrayBuffer());
}

const LOCAL = 0x04034b50;
const ENTRY = 0x02014b50;
const END = 0x06054b50;
/** To read it, version 2.0 is needed. */
const VERSION = 20;
/** Flag: names are in UTF-8. */
const UTF8 = 0x0800;
const DEFLATED = 8;
/** 1 January 1980, the first there is: equal samples make equal archives. */
const DATE = 0x21;

const short = (value: number): number[] => [value & 255, (value >>> 8) & 255];
const long = (value: number): number[] => [...short(value), ...short(value >>> 16)];

async function deflated(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate-raw'))).arrayBuffer());
}

/** CRC-32 of ISO 3309. */
function checksum(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) crc = (crc >>> 8) ^ REMAINDERS[(crc ^ byte) & 255]!;
  return ~crc >>> 0;
}

const REMAINDERS = Int32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = (remainder >>> 1) ^ (remainder & 1 ? 0xedb88320 : 0);
  return remainder;
});
