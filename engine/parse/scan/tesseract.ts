import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

/** Where something stands in a picture, in pixels from its top left. */
export interface Area { x0: number; y0: number; x1: number; y1: number }

/** A word as it was recognised; `confidence` from 0 to 100. */
export interface Word { text: string; confidence: number; bbox: Area }

/** A line of words with its base line and the height of its row from the lowest descender to the highest ascender, in pixels. */
export interface RecognisedLine { words: Word[]; baseline: Area; height: number }

/** A picture as a file that Leptonica reads, `exif` being the orientation its EXIF data tells (1: upright). */
export interface Picture { bytes: Uint8Array; exif: number; dpi: number; width: number; height: number }

export type Language = 'eng' | 'chi_sim' | 'chi_tra';

/** What is used of tesseract.js-core, the WebAssembly build of Tesseract 5. */
interface Core {
  FS: { writeFile(path: string, bytes: Uint8Array): void };
  TessBaseAPI: new () => Tesseract;
}
interface Tesseract {
  Init(folder: string, language: Language, engine: number): number;
  SetVariable(name: string, value: string): boolean;
  SetPageSegMode(mode: number): void;
  SetImageFile(exif: number, angle: number): number;
  SetSourceResolution(dpi: number): void;
  SetRectangle(x: number, y: number, width: number, height: number): void;
  Recognize(monitor: null): number;
  GetJSONText(): string;
  Clear(): void;
}
interface Told {
  blocks: { paragraphs?: { lines?: { words: Word[]; baseline: Area; rowAttributes: { rowHeight: number } }[] }[] }[];
}

const LSTM_ONLY = 1;
/** What is ink is told by how light it is round about (Sauvola): one threshold for a page fails where light falls from a side. */
const BY_SURROUNDINGS = '2';
/** Page segmentation: by the layout of the page, and as one block of text. */
const BY_LAYOUT = 3;
const ONE_BLOCK = 6;

/**
 * Reads pictures with Tesseract on the calling thread. Everything comes from files of the installation: the program from
 * tesseract.js-core, the languages from resources/scans.
 */
export class Reader {
  readonly #core: Core;
  readonly #languages = new Map<Language, Tesseract>();

  private constructor(core: Core) {
    this.#core = core;
  }

  static async open(): Promise<Reader> {
    const require = createRequire(import.meta.url);
    const name = 'tesseract.js-core/tesseract-core-simd-lstm';
    const start = require(`${name}.js`) as (options: object) => Promise<Core>;
    const silent = (): void => undefined;
    const wasmBinary = await readFile(require.resolve(`${name}.wasm`));
    return new Reader(await start({ wasmBinary, TesseractProgress: silent, print: silent, printErr: silent }));
  }

  /** The lines of a picture, or of a part of it. @throws Error where the picture cannot be decoded. */
  async read(picture: Picture, language: Language, part?: Area): Promise<RecognisedLine[]> {
    const tesseract = await this.#languageOf(language);
    this.#core.FS.writeFile('/input', picture.bytes);
    if (tesseract.SetImageFile(picture.exif, 0) !== 0) throw new Error('the picture cannot be decoded');
    try {
      tesseract.SetSourceResolution(Math.round(picture.dpi));
      tesseract.SetPageSegMode(part ? ONE_BLOCK : BY_LAYOUT);
      if (part) tesseract.SetRectangle(part.x0, part.y0, part.x1 - part.x0, part.y1 - part.y0);
      tesseract.Recognize(null);
      const told = JSON.parse(tesseract.GetJSONText()) as Told;
      return told.blocks.flatMap(({ paragraphs = [] }) => paragraphs).flatMap(({ lines = [] }) => lines)
        .map(({ words, baseline, rowAttributes }) => ({
          baseline, height: rowAttributes.rowHeight, words: words.map(({ text, confidence, bbox }) => ({ text, confidence, bbox })),
        }));
    } finally {
      tesseract.Clear();
    }
  }

  async #languageOf(language: Language): Promise<Tesseract> {
    let tesseract = this.#languages.get(language);
    if (tesseract) return tesseract;
    const packed = await readFile(new URL(`../../../resources/scans/${language}.traineddata.gz`, import.meta.url));
    this.#core.FS.writeFile(`/${language}.traineddata`, await promisify(gunzip)(packed));
    tesseract = new this.#core.TessBaseAPI();
    if (tesseract.Init('/', language, LSTM_ONLY) !== 0) throw new Error(`the language data ${language} cannot be read`);
    // Vertical Chinese needs models of its own; without them, tables of Chinese are taken for it.
    tesseract.SetVariable('textord_tabfind_vertical_text', '0');
    tesseract.SetVariable('thresholding_method', BY_SURROUNDINGS);
    this.#languages.set(language, tesseract);
    return tesseract;
  }
}
