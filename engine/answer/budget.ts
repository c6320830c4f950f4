import { EngineError } from '../api.ts';
import type { Llm } from '../llm/llm.ts';
import { composed, quoted, type Exchange, type Given, type Prompt } from './prompt.ts';
import type { Passage } from './passages.ts';

/** A prompt that fits, counted as the model reads it. */
export interface Packed extends Prompt {
  promptTokens: number;
  /** Room that is left for the answer. */
  maxTokens: number;
  /** Hits that are in it, by index. */
  given: number[];
  /** How many of the last of the earlier turns, and of the examples, are in it. */
  along: { remembered: number; examples: number };
}

const LONGEST_ANSWER = 1024;
/** An answer gets at most this share of the context. */
const ANSWER_SHARE = 0.25;
/** More passages make a small machine wait longer before the first word than they help. */
const MOST_PASSAGES_TOKENS = 3000;
/** Of what is left beside the question. */
const HISTORY_SHARE = 0.2;
/** A passage's number, headings and file name, in tokens, about. */
const HEADLINE = 24;

/**
 * Packs what fits into the model's context, in the model's own tokens: the question always and in full, the latest of the
 * conversation, passages best first; one that does not fit is skipped and a later, smaller one taken. What is then left
 * widens passages to their parents. The first passage is cut where not even one fits.
 *
 * @throws EngineError 'invalid' when the question alone does not fit
 */
export async function packed(llm: Pick<Llm, 'count' | 'contextTokens'>, { question, passages, history, remembered = [], examples = [] }: Given): Promise<Packed> {
  const maxTokens = Math.max(1, Math.min(LONGEST_ANSWER, Math.floor(llm.contextTokens * ANSWER_SHARE)));
  const room = llm.contextTokens - maxTokens;
  const exchangeText = (exchange: Exchange): string => quoted(`${exchange.question}\n${exchange.answer}`);
  const counts = await llm.count([
    composed({ question, passages: [], history: [] }).messages,
    ...history.map(exchangeText), ...remembered.map(exchangeText), ...examples.map(exchangeText),
    ...passages.map(({ text }) => quoted(text)), ...passages.map(({ wide }) => (wide ? quoted(wide.text) : '')),
  ]);
  const take = (count: number): number[] => counts.splice(0, count);
  const [base] = take(1) as [number];
  const [ofHistory, ofRemembered, ofExamples, own, wide] = [history, remembered, examples, passages, passages].map((list) => take(list.length)) as [number[], number[], number[], number[], number[]];
  if (base > room) throw new EngineError('invalid', `The question is too long for the language model, which reads ${llm.contextTokens} tokens at once.`);

  const left = Math.min(room - base, MOST_PASSAGES_TOKENS + Math.floor((room - base) * HISTORY_SHARE));
  let aside = Math.floor(left * HISTORY_SHARE);
  const latest = (list: readonly Exchange[], sizes: readonly number[]): Exchange[] => {
    let from = list.length;
    while (from > 0 && sizes[from - 1]! + HEADLINE <= aside) aside -= sizes[--from]! + HEADLINE;
    return list.slice(from);
  };
  const given: Given = { question, history: latest(history, ofHistory), remembered: latest(remembered, ofRemembered), examples: latest(examples, ofExamples), passages: [] };
  let free = left - Math.floor(left * HISTORY_SHARE) + aside;
  const chosen: { passage: Passage; rank: number; widened: boolean }[] = [];
  passages.forEach((passage, rank) => {
    if (own[rank]! + HEADLINE > free) return;
    free -= own[rank]! + HEADLINE;
    chosen.push({ passage, rank, widened: false });
  });
  for (const choice of chosen) {
    const more = wide[choice.rank]! - own[choice.rank]!;
    if (!choice.passage.wide || more > free) continue;
    free -= Math.max(0, more);
    choice.widened = true;
  }
  const [best] = passages;
  if (chosen.length === 0 && best) chosen.push({ passage: cut(best, free / (own[0]! + HEADLINE)), rank: 0, widened: false });

  // Texts one after the other may come to a few tokens more than each alone: what counts is the whole.
  for (;;) {
    const prompt = composed({ ...given, passages: chosen.map(({ passage, widened }) => (widened ? { ...passage, ...passage.wide } : passage)) });
    const [promptTokens] = (await llm.count([prompt.messages])) as [number];
    if (promptTokens <= room) return { ...prompt, promptTokens, maxTokens, given: chosen.map(({ passage }) => passage.hit), along: { remembered: given.remembered!.length, examples: given.examples!.length } };
    const last = chosen.findLast(({ widened }) => widened);
    if (last) last.widened = false;
    else if (given.examples!.length > 0) given.examples = given.examples!.slice(1);
    else if (given.remembered!.length > 0) given.remembered = given.remembered!.slice(1);
    else if (given.history.length > 0) given.history = given.history.slice(1);
    else if (chosen.length > 1) chosen.pop();
    else if (chosen[0] && chosen[0].passage.text.length > 1) chosen[0].passage = cut(chosen[0].passage, Math.min(0.9, room / promptTokens));
    else if (chosen.length > 0) chosen.pop();
    else throw new EngineError('invalid', `The question is too long for the language model, which reads ${llm.contextTokens} tokens at once.`);
  }
}

/** The beginning of a passage, about so much of it (0…1), never ending inside a character. */
function cut(passage: Passage, share: number): Passage {
  const length = Math.floor(passage.text.length * Math.max(0, Math.min(1, share)));
  const text = passage.text.slice(0, length).replace(/[\ud800-\udbff]$/, '');
  const { wide: _, ...rest } = passage;
  return { ...rest, text, end: passage.start + text.length };
}
