import type { KeptRewards } from '../store/rewards.ts';
import { keyOf, type ChunkName, type Judgement } from './judgements.ts';
import { clashes, hardNegatives } from './negatives.ts';
import type { Lesson } from './prepare.ts';
import { teaches, withLabels, type Label } from './reward.ts';

/** A text of a sample, the chunk's name, and how far its place is trusted. */
export interface Candidate { text: string; name: string; weight: number }

export interface Candidates {
  right: Candidate[];
  wrong: Candidate[];
  /** What a teacher thinks of them, right ones first, the person's word above it. */
  scored?: { teacher: string; scores: number[]; /** With no text at all. */ base?: number };
}

/** Of what a teacher scored and nobody said anything of. */
const UNSAID = 0.5;

/**
 * The texts of a judged question's sample. Where a language model scored them when a deep level last learned: what was judged
 * and what it scored beside that, with its scores. Else what was judged wrong, then what the present ranking would have shown
 * next; where a reranker is in use with the log-odds that it gives.
 *
 * None where everything that answers was right only by inference, and the language model says that the answer does not need it.
 *
 * @param reranker its name; without one nothing is scored by it
 */
export function candidatesOf({ positives, negatives, ranked, answers, served }: Lesson, reranker?: string, kept?: KeptRewards): Candidates | undefined {
  const needed = ({ chunk, judgement: { inferred } }: Lesson['positives'][number]): boolean =>
    !inferred || kept === undefined || (kept.scores.get(nameOf(chunk)) ?? Infinity) - kept.none >= kept.margin;
  const judged = [...positives.filter(needed).map(of(1)), ...negatives.map(of(0))];
  const right = judged.filter(({ label }) => label === 1);
  if (right.length === 0) return undefined;
  const standing = positives.filter(needed).map(({ chunk }) => ({ ...chunk, relevance: 1 }));
  const said = new Set(judged.map(({ id }) => id));
  const wrong = judged.filter(({ label }) => label === 0);
  if (kept && teaches({ scores: [...kept.scores.values()], none: kept.none }, kept.margin)) {
    const beside = ranked.filter((chunk) => kept.scores.has(nameOf(chunk)) && !said.has(chunk.chunk) && !clashes(chunk, standing, []));
    const others = [...wrong, ...beside.map((chunk) => ({ text: chunk.text, name: nameOf(chunk), weight: UNSAID, outright: undefined }))];
    const all = [...right, ...others];
    const scores = all.flatMap(({ name }) => kept.scores.get(name) ?? []);
    if (others.length > 0 && scores.length === all.length) {
      return { right, wrong: others, scored: { teacher: kept.teacher, base: kept.none, scores: withLabels(scores, all.map(({ outright }) => outright)) } };
    }
  }
  const unneeded = new Set(positives.map(({ chunk }) => chunk.chunk));
  const mined = hardNegatives(ranked, standing, answers).filter(({ chunk }) => !said.has(chunk.chunk) && !unneeded.has(chunk.chunk))
    .map(({ chunk, weight }) => ({ id: chunk.chunk, text: chunk.text, name: nameOf(chunk), weight, label: undefined }));
  const all = [...right, ...wrong, ...mined];
  const scores = all.flatMap(({ id }) => served.get(id) ?? []);
  const scored = reranker !== undefined && scores.length === all.length;
  return { right, wrong: [...wrong, ...mined], ...(scored && { scored: { teacher: `${reranker}:rerank_logit`, scores: withLabels(scores, all.map(({ label }) => label)) } }) };
}

/** A judged chunk; what was said of it outright goes before a language model's word. */
const of = (label: 0 | 1) => ({ chunk, judgement }: { chunk: Lesson['positives'][number]['chunk']; judgement: Judgement }) => {
  const outright: Label = judgement.trust === 'pointed' ? label : undefined;
  return { id: chunk.chunk, text: chunk.text, name: nameOf(chunk), weight: judgement.weight, label, outright };
};

/** A chunk's name in samples. */
export const nameOf = ({ contentHash, start, end }: ChunkName): string => keyOf({ contentHash, start, end });
