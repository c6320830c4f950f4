import type { Statement } from '../extract/statements.ts';
import { BACKGROUND, inOtherLanguage, unspacedShare, type Background } from '../rank.ts';
import { inverseDocumentFrequency, questionWords, wordTokens } from '../words.ts';
import { isStopWord } from '../words/stop.ts';
import { denies, figuresAgree, figuresOf, namesOf, opposites, type Figure } from './facts.ts';

/**
 * Finds for a sentence that a language model wrote the statements that say so. What the model claims to lean on is a hint
 * and no more: a sentence is supported when a statement shares its words or its meaning, and nothing in it that can be
 * checked to the letter (figures, names, opposites, denial) is otherwise there.
 */

export interface AlignOptions {
  /** Number of chunks a token occurs in, and number of chunks; without them every word weighs the same. */
  statistics?: { df: (token: string) => number; total: number };
  /** Unit vectors of texts; without them words decide alone, and nothing is found across languages. */
  embed?: (texts: string[]) => Promise<readonly Float32Array[]>;
  /** Of the embedder. */
  background?: Background;
}

/** `statements`, those that say the most of it first, are empty where nothing supports it. */
export interface Support { statements: Statement[]; probability: number; /** It claims nothing that could be right or wrong ("Here is what I found:"). */ empty: boolean; /** What the decision was made from. */ features?: Features }

export interface Aligner {
  /** @param hinted passages the model named, as indexes of hits */
  align(sentence: string, hinted?: ReadonlySet<number>): Promise<Support>;
  /**
   * By how much each passage, by its hit's index, makes a sentence more probable than one that says nothing of it: nearly 1 where it
   * says so, nearly 0 where it is about something else, down to -1 where it says otherwise, by how probable it would make the sentence
   * but for that. Undefined for a sentence that claims nothing.
   */
  gains(sentence: string): Promise<Map<number, number> | undefined>;
}

/** What is known of a sentence and the statements that are to support it. */
export interface Features {
  /** Statements in another language than the sentence: words tell little. */
  across: boolean;
  /** Share of the sentence's information whose words they have, 0…1; what only stands above them counts half. */
  coverage: number;
  /** The same of the clause of which they have least. */
  weakest: number;
  /** Deviations of similarity above the background, of the nearest. */
  meaning: number;
  /** By how much the nearest is nearer than statements are on the whole. */
  margin: number;
  /** Share of the sentence's information that they lack and another statement has: a name or a thing in the wrong place. */
  misplaced: number;
  /** Figures in the sentence, all of which they have. */
  figures: number;
  /** Figures, names or opposites that are otherwise in the statements, or denied on one side only. */
  conflicts: number;
  /** Of these, what they say otherwise rather than not at all. */
  against: number;
  /** The model itself named their passage. */
  hinted: boolean;
}

/** Log-odds; set on one half of the sentences of `testing/citations.json`, see `bench/citations.ts`. */
export const WEIGHTS = {
  same: { constant: -5.3, coverage: 5.2, weakest: 4.6, meaning: 0.16, margin: 0, misplaced: -6, figures: 0.3, hinted: 0.3 },
  across: { constant: -3.4, coverage: 1.5, weakest: 0, meaning: 0.45, margin: 0.35, misplaced: 0, figures: 1, hinted: 0.3 },
};
const CONFLICT = -7;

/** From this probability on a sentence counts as supported. */
export const SUPPORTED = 0.5;
/** Several statements are cited where together they cover so much more of the sentence than one. */
const JOINS = 0.1;
const MOST_STATEMENTS = 3;
const IMAGINED = 100;
/** A clause of a source is used where it has this share of a clause's information. */
const USED = 0.1;

interface Known { statement: Statement; tokens: ReadonlySet<string>; around: ReadonlySet<string>; clauses: SourceClause[]; figures: Figure[]; contextFigures: Figure[]; unspaced: number; vector?: Float32Array | undefined }
interface SourceClause { text: string; tokens: ReadonlySet<string>; figures: Figure[] }
interface Clause { text: string; terms: string[]; figures: Figure[] }
interface Asked { text: string; idf: Map<string, number>; clauses: Clause[]; figures: Figure[]; names: string[]; unspaced: number; hinted: ReadonlySet<number> | undefined }

/** Takes in the statements of what the model was given; each is read and embedded once. */
export async function openAligner(statements: readonly Statement[], options: AlignOptions = {}): Promise<Aligner> {
  const { mean, deviation } = options.background ?? BACKGROUND;
  const vectors = statements.length > 0 ? await options.embed?.(statements.map(({ text }) => text)) : undefined;
  const known = statements.map((statement, i): Known => ({
    statement, tokens: stems(statement.text), around: stems(statement.context), unspaced: unspacedShare(statement.text), vector: vectors?.[i],
    clauses: statement.text.split(CLAUSE).map((text) => ({ text, tokens: stems(text), figures: figuresOf(text) })),
    figures: figuresOf(statement.text), contextFigures: figuresOf(statement.context.replace(SECTION_NUMBERS, '')),
  }));
  const everywhere = new Set(known.flatMap(({ tokens }) => [...tokens]));
  const rows = known.filter(({ statement }) => statement.kind === 'row');
  const names = properNames(statements);
  const all = known.map((_, i) => i);

  const claimsNothing = (asked: Asked): boolean => asked.idf.size === 0 || /[:：]$/.test(asked.text);

  /** Of the statements at some indexes, those that together say the most of a sentence. */
  async function bestOf(asked: Asked): Promise<(among: readonly number[]) => { chosen: readonly number[]; features: Features; score: number } | undefined> {
    const [vector] = (await options.embed?.([asked.text])) ?? [];
    const above = known.map((one) => (vector && one.vector ? (dot(vector, one.vector) - mean) / deviation : 0));
    const usual = above.length > 1 ? median(above) : 0;
    const judge = (chosen: readonly number[]): { chosen: readonly number[]; features: Features; score: number } => {
      const features = featuresOf(asked, chosen.map((i) => known[i]!), everywhere, rows, Math.max(...chosen.map((i) => above[i]!)), usual);
      return { chosen, features, score: scoreOf(features) };
    };
    return (among) => {
      const [one] = among.map((i) => judge([i])).sort((a, b) => b.score - a.score);
      if (!one) return undefined;
      // A sentence may be made of several statements, each of which says a clause of it.
      const parts = asked.clauses.map(({ terms }) => among.map((i) => ({ i, coverage: ownRow(asked, known[i]!) && !isAcross(asked, known[i]!) ? coverageOf(asked, terms, [known[i]!]) : 0 }))
        .reduce((a, b) => (b.coverage > a.coverage || (b.coverage === a.coverage && one.chosen.includes(b.i)) ? b : a)));
      const several = [...new Set(parts.filter(({ coverage }) => coverage > 0).map(({ i }) => i))];
      const joined = several.length > 1 && several.length <= MOST_STATEMENTS && !one.features.across ? judge(several) : one;
      return joined.score > one.score && joined.features.coverage >= one.features.coverage + JOINS ? joined : one;
    };
  }

  return {
    async align(sentence, hinted) {
      const asked = askedOf(sentence, names, hinted, options);
      if (claimsNothing(asked)) return { statements: [], probability: 0, empty: asked.figures.length === 0 };
      const top = (await bestOf(asked))(all);
      if (!top) return { statements: [], probability: 0, empty: false };
      const probability = probabilityOf(top.score);
      return { statements: probability >= SUPPORTED ? top.chosen.map((i) => known[i]!.statement) : [], probability, empty: false, features: top.features };
    },
    async gains(sentence) {
      const asked = askedOf(sentence, names, undefined, options);
      if (claimsNothing(asked)) return undefined;
      const best = await bestOf(asked);
      const passages = Map.groupBy(all, (i) => known[i]!.statement.hit);
      return new Map([...passages].map(([hit, among]) => {
        const { score, features } = best(among)!;
        if (features.against > 0) return [hit, -probabilityOf(score - CONFLICT * features.conflicts)];
        return [hit, probabilityOf(score) - probabilityOf((features.across ? WEIGHTS.across : WEIGHTS.same).constant)];
      }));
    },
  };
}

const probabilityOf = (logOdds: number): number => 1 / (1 + Math.exp(-logOdds));

/** Where one thing ends and another is said; a comma within a figure is none. */
const CLAUSE = /(?<!\d)[,，]|[,，](?!\d)|[;；、。\n]|\b(?:and|but|while|whereas|because|which|so that)\b|但是?|并且?|而且?|因为|所以/;

/** 第三条, "3. Rent": the number of a section is no figure. */
const SECTION_NUMBERS = /第[零一二三四五六七八九十百\d]+[条章节款部编]|^\s*[\d.]+\s/gm;

function askedOf(text: string, names: ReadonlySet<string>, hinted: ReadonlySet<number> | undefined, options: AlignOptions): Asked {
  const termsOf = (part: string): string[] => [...new Set(questionWords(part).filter(({ stop }) => !stop).map(({ token }) => stem(token)))];
  const clauses: Clause[] = [];
  for (const part of text.split(CLAUSE)) {
    const [terms, figures] = [termsOf(part), figuresOf(part)];
    const last = clauses.at(-1);
    // "in the booth" after "and": too little to stand alone.
    if (last && terms.length < 2) { last.text += ` ${part}`; last.terms.push(...terms); last.figures.push(...figures); }
    else clauses.push({ text: part, terms, figures });
  }
  const idf = new Map(clauses.flatMap(({ terms }) => terms).map((term) => [term, idfOf(term, options)]));
  const [opening] = /^[A-Z]\w+/.exec(text) ?? [];
  return {
    text, idf, clauses, figures: figuresOf(text), unspaced: unspacedShare(text), hinted,
    names: [...namesOf(text), ...(opening !== undefined && names.has(opening.toLowerCase()) ? [opening.toLowerCase()] : [])],
  };
}

/** Words that the statements never write without a capital. */
function properNames(statements: readonly Statement[]): Set<string> {
  const all = statements.flatMap(({ text }) => [...text.matchAll(/[A-Za-z][\w'’]+/g)].map(([word]) => word));
  const small = new Set(all.filter((word) => /^[a-z]/.test(word)));
  return new Set(all.filter((word) => /^[A-Z]/.test(word)).map((word) => word.toLowerCase()).filter((word) => !small.has(word) && !isStopWord(word)));
}

function coverageOf({ idf }: Asked, terms: readonly string[], chosen: readonly Known[]): number {
  let [all, covered] = [0, 0];
  for (const term of terms) {
    const weight = idf.get(term)!;
    all += weight;
    covered += weight * (chosen.some(({ tokens }) => tokens.has(term)) ? 1 : chosen.some(({ around }) => around.has(term)) ? 0.5 : 0);
  }
  return all > 0 ? covered / all : 1;
}

function featuresOf(asked: Asked, chosen: readonly Known[], everywhere: ReadonlySet<string>, rivals: readonly Known[], meaning: number, usual: number): Features {
  const across = isAcross(asked, chosen[0]!);
  const terms = [...asked.idf.keys()];
  const information = [...asked.idf.values()].reduce((sum, value) => sum + value, 0);
  const misplaced = terms.filter((term) => everywhere.has(term) && !chosen.some(({ tokens, around }) => tokens.has(term) || around.has(term)));
  const figures = asked.clauses.every((clause) => clauseFiguresAgree(asked, clause, chosen, across));
  const lower = chosen.map(({ statement }) => `${statement.text}\n${statement.context}`).join('\n').toLowerCase();
  const strangers = across && asked.unspaced < 0.05 ? 0 : asked.names.filter((name) => !lower.includes(name)).length;
  const used = asked.clauses.map((clause) => ({ clause, by: across ? chosen.flatMap((one) => one.clauses) : usedFor(asked, clause, chosen) }));
  const denied = used.filter(({ clause, by }) => by.length > 0 && (denies(clause.text) ? !by.some(({ text }) => denies(text)) : across ? by.every(({ text }) => denies(text)) : by.some(({ text }) => denies(text))));
  const opposed = opposites(asked.text, used.flatMap(({ by }) => by.map(({ text }) => text)).join('\n'));
  return {
    across, meaning, margin: meaning - usual, coverage: coverageOf(asked, terms, chosen),
    weakest: Math.min(...asked.clauses.map((clause) => coverageOf(asked, clause.terms, chosen))),
    misplaced: information > 0 ? misplaced.reduce((sum, term) => sum + asked.idf.get(term)!, 0) / information : 0,
    figures: figures ? Math.min(2, asked.figures.length) : 0,
    conflicts: (figures ? 0 : 1) + strangers + opposed + denied.length + wrongRows(asked, chosen, rivals),
    against: opposed + denied.length + (figures ? 0 : otherFigures(asked, chosen)),
    hinted: chosen.some(({ statement }) => asked.hinted?.has(statement.hit) ?? false),
  };
}

/** How many figures of the sentence stand in the statements with the same unit and another value. */
function otherFigures({ figures }: Asked, chosen: readonly Known[]): number {
  const source = chosen.flatMap((one) => one.figures);
  return figures.filter((figure) => figure.unit !== undefined && source.some(({ unit }) => unit === figure.unit) && !figuresAgree([figure], source)).length;
}

const isAcross = (asked: Asked, one: Known): boolean => inOtherLanguage(asked.unspaced, one.unspaced);

/** The clauses of the statements that say a clause: the one with most of its words, and those that have words that one lacks. */
function usedFor({ idf }: Asked, { terms }: Clause, chosen: readonly Known[]): SourceClause[] {
  const clauses = chosen.flatMap((one) => one.clauses);
  const used: SourceClause[] = [];
  let left = new Set(terms);
  const all = terms.reduce((sum, term) => sum + idf.get(term)!, 0);
  for (;;) {
    const gain = ({ tokens }: SourceClause): number => [...left].filter((term) => tokens.has(term)).reduce((sum, term) => sum + idf.get(term)!, 0);
    const [best] = clauses.map((clause) => ({ clause, gain: gain(clause) })).sort((a, b) => b.gain - a.gain);
    if (!best || best.gain < USED * all || best.gain === 0) return used;
    used.push(best.clause);
    left = new Set([...left].filter((term) => !best.clause.tokens.has(term)));
  }
}

/** What the first cell of a row says, as far as the sentence says it too, 0…1. */
function rowNamed({ idf }: Asked, { statement }: Known): number {
  const tokens = stems(statement.quote.split('\t')[0]!);
  return tokens.size === 0 ? 0 : [...tokens].filter((token) => idf.has(token)).length / tokens.size;
}

/** A row joins others only where the sentence names it: its first cell is what the row is about. */
const ownRow = (asked: Asked, one: Known): boolean => one.statement.kind !== 'row' || isAcross(asked, one) || rowNamed(asked, one) > 0;

/** How many of the rows chosen are not what the sentence is about, since it names another row of the table in full. */
function wrongRows(asked: Asked, chosen: readonly Known[], rows: readonly Known[]): number {
  const named = rows.filter((row) => rowNamed(asked, row) === 1);
  return chosen.filter((one) => one.statement.kind === 'row' && rowNamed(asked, one) < 1 && !isAcross(asked, one)
    && named.some(({ statement }) => statement.block === one.statement.block && statement.document === one.statement.document && !chosen.some((other) => other.statement === statement))).length;
}

/**
 * Whether the figures of a clause stand in the statement that says it; where one clause of that says it best and has figures
 * of its own, in that: "the survival rate of mint is 97 %, that of tomatoes 71 %" does not give tomatoes 97 %.
 */
function clauseFiguresAgree(asked: Asked, { terms, figures }: Clause, chosen: readonly Known[], across: boolean): boolean {
  if (figures.length === 0) return true;
  const [by] = chosen.map((one) => ({ one, coverage: across ? 0 : coverageOf(asked, terms, [one]) })).sort((a, b) => b.coverage - a.coverage);
  if (across) return chosen.some((one) => figuresAgree(figures, [...one.figures, ...one.contextFigures]));
  const { one } = by!;
  if (!figuresAgree(figures, [...one.figures, ...one.contextFigures])) return false;
  // By its words: the figure itself must not decide which clause is asked for it.
  const inClause = ({ tokens }: SourceClause): number => terms.filter((term) => tokens.has(term) && !/\d/.test(term)).reduce((sum, term) => sum + asked.idf.get(term)!, 0);
  const nearest = one.clauses.toSorted((a, b) => inClause(b) - inClause(a))[0]!;
  const competing = nearest.figures.filter((figure) => figure.unit !== undefined && figures.some(({ unit }) => unit === figure.unit));
  return competing.length === 0 || figures.filter(({ unit }) => competing.some((figure) => figure.unit === unit)).every((figure) => figuresAgree([figure], nearest.figures));
}

/** Log-odds that the statements say what the sentence says. */
export function scoreOf({ across, coverage, weakest, meaning, margin, misplaced, figures, conflicts, hinted }: Features): number {
  const by = across ? WEIGHTS.across : WEIGHTS.same;
  return by.constant + by.coverage * coverage + by.weakest * weakest + by.meaning * meaning + by.margin * margin + by.misplaced * misplaced + by.figures * figures
    + by.hinted * Number(hinted) + CONFLICT * conflicts;
}

function stems(text: string): Set<string> {
  return new Set(wordTokens(text).map(stem));
}

/** An English word without its ending, so that "scatters" and "scattered" meet; for nothing but comparing two sentences. */
function stem(token: string): string {
  if (!/^[a-z]{5,}$/.test(token)) return token;
  const cut = token.replace(/(?:ations?|ments?|ings?|ed|ers?|ly|es|e|s)$/, '');
  return cut.length >= 4 ? cut.replace(/(.)\1$/, '$1') : token;
}

function idfOf(term: string, { statistics }: AlignOptions): number {
  return statistics ? inverseDocumentFrequency(Math.max(1, statistics.df(term)), statistics.total + IMAGINED) : 1;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
