import type { Area, Language, Picture, RecognisedLine, Word } from './tesseract.ts';

/** The lines of a page, the language they were read in, and how sure the reader was of its characters, 0 to 100. */
export interface Recognised { lines: RecognisedLine[]; language: Language; confidence: number }

/** Reads a picture, or a part of it, in one language. */
export type Read = (picture: Picture, language: Language, part?: Area) => Promise<RecognisedLine[]>;

/** A page surer than this is in the language it was read in. */
const SURE = 80;
/** Height of the band a language is tried on, and where bands begin, as shares of the page. */
const BAND = 0.12;
const BANDS = [0.4, 0.15, 0.65];
/** Pictures lower than this, in pixels, hold a few lines, of which a band would cut all. */
const LOW = 1000;
/** A band with fewer characters, or where no language is as sure as this, says nothing. */
const LEAST_CHARACTERS = 12;
const LEAST_CONFIDENCE = 50;
/** The traditional model reads simplified characters nearly as surely as the simplified one; not so the other way round. */
const TRADITIONAL_LEAD = 5;

/**
 * Reads a page in its language: that of the page before where it reads this one surely as well, else the one that reads
 * a band of the page, or all of it, most surely.
 */
export async function readInItsLanguage(read: Read, picture: Picture, before: Language | undefined): Promise<Recognised> {
  const pages = new Map<Language, Recognised>();
  const readAll = async (language: Language): Promise<Recognised> => {
    const page = pages.get(language) ?? recognised(await read(picture, language), language);
    pages.set(language, page);
    return page;
  };
  const first = before === undefined ? undefined : await readAll(before);
  if (first && isConvincing(first)) return first;
  const page = await readAll(await languageOfBands(read, picture) ?? await mostSure(async (language) => (await readAll(language)).confidence) ?? before ?? 'eng');
  // A band may show the one paragraph that is in another language.
  if (!isConvincing(page) && page.language !== 'eng') await readAll('eng');
  const worth = ({ language, confidence }: Recognised): number => confidence - (language === 'chi_tra' ? TRADITIONAL_LEAD : 0);
  return [...pages.values()].reduce((best, other) => (worth(other) > worth(best) ? other : best), page);
}

/** The language of the first band that holds text, undefined where none does. */
async function languageOfBands(read: Read, picture: Picture): Promise<Language | undefined> {
  if (picture.height < LOW) return undefined;
  for (const top of BANDS) {
    // Not the whole width: then Tesseract 5 reads the rows of the band askew.
    const band = { x0: 1, x1: picture.width - 1, y0: Math.round(top * picture.height), y1: Math.round((top + BAND) * picture.height) };
    const language = await mostSure(async (tried) => {
      const whole = (await read(picture, tried, band)).filter(({ words }) => words.every(({ bbox }) => bbox.y0 > band.y0 + 1 && bbox.y1 < band.y1 - 1));
      const words = whole.flatMap((line) => line.words);
      return charactersIn(words) < LEAST_CHARACTERS ? 0 : confidenceOf(words);
    });
    if (language) return language;
  }
  return undefined;
}

/** The language that reads most surely, undefined where none does. */
async function mostSure(surenessIn: (language: Language) => Promise<number>): Promise<Language | undefined> {
  const english = await surenessIn('eng');
  const simplified = await surenessIn('chi_sim');
  if (english >= simplified) return english < LEAST_CONFIDENCE ? undefined : 'eng';
  const traditional = simplified < SURE + TRADITIONAL_LEAD ? await surenessIn('chi_tra') : 0;
  if (Math.max(simplified, traditional) < LEAST_CONFIDENCE) return undefined;
  return traditional > simplified + TRADITIONAL_LEAD ? 'chi_tra' : 'chi_sim';
}

/** Lines with the mean confidence of their characters. */
export function recognised(lines: RecognisedLine[], language: Language): Recognised {
  return { lines, language, confidence: confidenceOf(lines.flatMap(({ words }) => words)) };
}

/** Mean over the characters of words, 0 of none. */
export function confidenceOf(words: readonly Word[]): number {
  const characters = charactersIn(words);
  return characters === 0 ? 0 : words.reduce((sum, { text, confidence }) => sum + confidence * text.length, 0) / characters;
}

const charactersIn = (words: readonly Word[]): number => words.reduce((sum, { text }) => sum + text.length, 0);

/** Sure of what was read, and, of what was read as Chinese, that a tenth of the letters are: its models read English too, but worse. */
function isConvincing({ lines, language, confidence }: Recognised): boolean {
  if (confidence < SURE) return false;
  const text = language === 'eng' ? '' : lines.flatMap(({ words }) => words.map((word) => word.text)).join('');
  return (text.match(/\p{Script=Han}/gu)?.length ?? 0) * 10 >= (text.match(/\p{L}/gu)?.length ?? 0);
}
