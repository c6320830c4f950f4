import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Block, Hit } from '../../api.ts';
import { statementsOf } from '../../extract/statements.ts';
import { prepare } from '../../reading.ts';
import type { Embedder } from '../../models/embedder.ts';
import { parseBytes } from '../../parse/parsers.ts';
import { search } from '../../search.ts';
import { bodyOf, saveReading } from '../../store/contents.ts';
import { useSpace } from '../../store/spaces.ts';
import { memoryDatabase, queue } from '../../store/testing.ts';
import { saveVectors, unembedded } from '../../store/vectors.ts';
import { documentFrequency, wordStatistics } from '../../store/words.ts';
import { inContext } from '../../context.ts';
import { openAligner, type Support } from '../align.ts';

/**
 * Sentences as a language model might write them for questions to the bundled samples, with the words of the source that
 * support each, or none: right paraphrases, across languages, of two sources; wrong figures, names, opposites, denials,
 * half right, invented. The halves have no document in common; weights are fitted on `dev` only.
 */
export interface Triples { half: 'dev' | 'test'; source: string; question: string; sentences: { kind: string; text: string; supports: string[] }[] }

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export function readTriples(): Triples[] {
  return JSON.parse(readFileSync(here('./citations.json'), 'utf8')) as Triples[];
}

export interface Judged { half: Triples['half']; kind: string; text: string; supports: string[]; support: Support; /** Of the statements cited, those that hold words of the source that support it. */ right: number; milliseconds: number; /** What each passage found gives to the sentence, with its text. */ gains: { gain: number; text: string }[] }

/** Asks each question of a library of all the samples, and aligns its sentences with what was found. */
export async function alignTriples(triples: readonly Triples[], embedder: Embedder): Promise<Judged[]> {
  const { db, library } = memoryDatabase();
  for (const source of new Set(readTriples().map((triple) => triple.source))) {
    const parsed = await parseBytes(basename(source), readFileSync(here(`../../../resources/samples/${source}`)));
    saveReading(db, queue(db, library, source), prepare({ hash: source, parsed }, (text) => embedder.countTokens(text)));
  }
  const space = useSpace(db, embedder.space, embedder.dimensions);
  for (let left = unembedded(db, space, 256); left.length > 0; left = unembedded(db, space, 256)) {
    const vectors = await embedder.embed(left.map((chunk) => inContext(chunk, chunk.title)), 'document');
    saveVectors(db, space, left[0]!.library, left[0]!.content, new Map(left.map(({ chunk }, i) => [chunk, vectors[i]!])));
  }
  const blocks = (hit: Hit): readonly Block[] => bodyOf(db, hit.document).blocks;
  const judged: Judged[] = [];
  for (const { half, question, sentences } of triples) {
    const { hits } = await search({ db, embedder }, { question });
    const aligner = await openAligner(hits.flatMap((hit, i) => statementsOf(hit, i, blocks(hit))), {
      statistics: { df: (token) => documentFrequency(db, token), total: wordStatistics(db).total },
      embed: (texts) => embedder.embed(texts, 'document'), ...(embedder.background && { background: embedder.background }),
    });
    for (const { kind, text, supports } of sentences) {
      const start = performance.now();
      const support = await aligner.align(text);
      const milliseconds = performance.now() - start;
      const gains = [...((await aligner.gains(text)) ?? [])].map(([hit, gain]) => ({ gain, text: hits[hit]!.text }));
      const right = support.statements.filter(({ quote }) => supports.some((words) => quote.includes(words) || words.includes(quote))).length;
      judged.push({ half, kind, text, supports, support, right, milliseconds, gains });
    }
  }
  db.close();
  return judged;
}

/** Precision: of the places cited, those that are right. Coverage: of the sentences the sources support, those with a right place. */
export function citationQuality(judged: readonly Judged[]): { precision: number; coverage: number; flagged: number } {
  const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
  const supported = judged.filter(({ supports }) => supports.length > 0);
  const unsupported = judged.filter(({ supports }) => supports.length === 0);
  return {
    precision: sum(judged.map(({ right }) => right)) / Math.max(1, sum(judged.map(({ support }) => support.statements.length))),
    coverage: supported.filter(({ right }) => right > 0).length / Math.max(1, supported.length),
    flagged: unsupported.filter(({ support }) => support.statements.length === 0).length / Math.max(1, unsupported.length),
  };
}
