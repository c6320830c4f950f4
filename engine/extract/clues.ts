import type { Term } from '../words.ts';

/** Small signs of what a question asks for and of how a sentence answers. */

/** Whether a sentence asks instead of telling. */
export function isQuestion(text: string): boolean {
  return /[?？]["”’」』)）]*$/.test(text.trim());
}

/** Whether a sentence begins with a word that points back to the one before. */
export function leansBack(text: string): boolean {
  return /^(?:it|its|this|these|they|their|he|she|his|her|such|that|those|also|however|therefore|otherwise)\b/i.test(text)
    || /^(?:它|他|她|这|那|此|該|该|其|這|因此|所以|但|不过|同时|另外|此外|否则)/.test(text);
}

const AMOUNT = /\b(?:how (?:many|much|long|old|big|large|far|often|fast|tall|high)|what (?:year|date|time|number|percentage|price|version)|when)\b|多少|几[个年月日次天岁种条人位]|何时|什么时候|哪一?年|哪一?天|多[大长高久远快]|何時|什麼時候|幾[個年月日次天]/i;
const NUMBER = /\d|[一二三四五六七八九十百千万亿]+[年月日个次天岁种条人位元%倍]|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|hundred|thousand|million)\b/i;
const DEFINITION = /^\s*(?:what(?:'s| is| are)|define)\s|什么是|什麼是|是什么|是什麼|是指什么|何谓|的定义/i;
const DEFINES = /^[^,，。;；]{0,40}?(?:\b(?:is|are|means|refers to)\b|是指|是一|指的是|即|是)/i;

/** A small bonus for a sentence of the kind the question asks for: a number for an amount, "X is …" for "what is X". */
export function directness(question: string, terms: readonly Term[], text: string): number {
  if (AMOUNT.test(question)) return NUMBER.test(text) ? 0.15 : 0;
  if (!DEFINITION.test(question) || !DEFINES.test(text)) return 0;
  const opening = text.slice(0, 40).toLowerCase();
  return terms.some((term) => !term.stop && opening.includes(term.text.toLowerCase())) ? 0.2 : 0;
}
