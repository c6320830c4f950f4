import { withoutThoughts } from '../llm/estimate.ts';
import { sentences, type Span } from '../sentences.ts';
import { NOTHING } from './prompt.ts';

/** What a language model said so far: sentences that are whole, with the passages it named itself; and the one it is at. */
export type Said =
  | { kind: 'sentence'; text: string; marks: number[]; opens: boolean }
  | { kind: 'tail'; text: string }
  /** It wrote that the passages do not answer. */
  | { kind: 'nothing' };

/** `[3]`, `[1, 2]`, `【3】`, `[^2]`, `[passage 3]`. */
const MARK = /\s*[[【［]\s*\^?(?:passages?|段落|来源|source)?\s*(\d{1,3}(?:\s*[,，、;\-–]\s*\d{1,3})*)\s*[\]】］]/gi;
const LEADING_MARKS = new RegExp(`^(?:${MARK.source})+\\s*`, 'i');
/** A mark, or what may become one. */
const ONLY_MARKS = /^(?:\s|[[【［][^\]】］]{0,16}[\]】］]?|[\]】］])*$/;

/**
 * Cuts what a model writes into sentences while it comes. A sentence is whole when the next one has begun, so that a closing
 * quote or a mark after the full stop still belongs to it. Marks and markup are taken out of the text; marks are a hint only.
 */
export async function* spoken(pieces: AsyncIterable<string>): AsyncGenerator<Said> {
  let text = '';
  let done = 0;
  let begun = false;
  let shown = '';
  for await (const piece of withoutThoughts(pieces)) {
    text += piece;
    if (!begun) {
      // "NOT_FOUND" may still be coming, in bold type or quotes.
      const opening = text.trim().replace(/^[*_"'`“「[【]+/, '').slice(0, NOTHING.length);
      if (NOTHING.startsWith(opening) && opening.length < NOTHING.length) continue;
      if (opening === NOTHING) {
        yield { kind: 'nothing' };
        return;
      }
    }
    begun = true;
    const spans = spansOf(text, done);
    const open = spans.at(-1);
    let whole = spans.slice(0, -1);
    if (open && ONLY_MARKS.test(text.slice(open.start, open.end))) whole = whole.slice(0, -1);
    for (const span of whole) {
      const said = sentenceOf(text, span.start, span.end);
      done = span.end;
      shown = '';
      if (said) yield said;
    }
    const tail = cleaned(text.slice(done)).replace(/\s*[[【［][^\]】］]*$/, '');
    if (tail !== '' && tail !== shown) yield { kind: 'tail', text: (shown = tail) };
  }
  for (const { start, end } of spansOf(text, done)) {
    const said = sentenceOf(text, start, end);
    if (said) yield said;
  }
}

/** Sentences from an offset on, each with the marks that come after its full stop. */
function spansOf(text: string, from: number): Span[] {
  const spans: Span[] = [];
  for (const { start, end } of sentences(text, from, text.length, true)) {
    const last = spans.at(-1);
    const marks = last ? (LEADING_MARKS.exec(text.slice(start, end))?.[0].length ?? 0) : 0;
    if (last) last.end += marks;
    if (start + marks < end) spans.push({ start: start + marks, end });
  }
  return spans;
}

function sentenceOf(text: string, start: number, end: number): Extract<Said, { kind: 'sentence' }> | undefined {
  const raw = text.slice(start, end);
  const plain = cleaned(raw);
  if (plain === '' || plain === NOTHING || /^[\s\p{P}]*$/u.test(plain)) return undefined;
  const marks = [...raw.matchAll(MARK)].flatMap(([, numbers]) => numbers!.split(/\D+/).map(Number));
  return { kind: 'sentence', text: plain, marks: [...new Set(marks)], opens: start > 0 && (/\n\s*$/.test(text.slice(0, start)) || /^\s*\n/.test(raw)) };
}

/** Without marks and without Markdown, as a person reads it. */
function cleaned(text: string): string {
  return text.replace(MARK, '').replace(/^\s*(?:#{1,6}\s+|>\s+|[-*+•]\s+)/, '').replace(/\*\*([^*]*)\*\*/g, '$1').replace(/\*\*/g, '').replace(/\s+/g, ' ')
    .replace(/ +([,.;:!?，。；：！？])/g, '$1').trim();
}
