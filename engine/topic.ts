/** Follow-up questions: what a question leaves out because the one before said it. */

/** Words that point at something said before. "that" only where it does not open a clause. */
const POINTS = /\b(?:it|its|they|them|their|theirs|he|him|his|she|her|hers|this|these|those|the (?:first|second|third|last|other|former|latter|same)(?: ones?)?|(?:about|is|was|does|did|of|with|for|like) that|that ones?)\b(?! department)/;
const POINTS_ZH = /它|(?<!其)他们?(?!人|国)|她|这[个些种样里两]?|那[个些种样里两](?!么)|(?<!尤|极|与|土耳)其(?!他|它|中|实|余)|该(?=[\p{Script=Han}])(?<!应该)|上述|前者|后者|第[一二三四五六七八九十\d]+[个种条项款](?!人)/u;

/** A question that hangs on the one before by its first or last words. */
const HANGS = /^(?:and|but|or|so|then|also|what about|how about|what else|and what about|any other|why not|how so|since when|until when|for example|more)\b/i;
const HANGS_ZH = /^(?:那么?|还有|另外|然后|接着|除此之外|此外|而且|但是)(?!个|些|种|样|里|不勒|达慕|曲)|^.{1,14}呢[？?]?$/;

/** Nothing but a question word: "why?", "多少钱？". */
const BARE = /^(?:(?:and|but|so)\s+)?(?:why|when|where|who|how|which|what|how (?:much|many|long|often|far|old|come)|which one|tell me more|go on|more|for example|such as)\s*(?:not|then|exactly|else)?\s*[?.!]*$/i;
const BARE_ZH = /^(?:那|那么)?(?:为什么|为何|什么时候|何时|哪里|在哪里?|谁|是谁|多少钱?|多久|怎么[做办样]?|如何|哪[个些种]|然后呢?|还有呢?|继续|详细[说讲]?一?[说下点]?|举个?例子?|比如)[呢吗啊？?。！!]*$/;

/** What is cut from a question to leave its topic. */
const FRAME = /^(?:please |can you |could you |tell me |i want to know |do you know )+|\b(?:what|when|where|who|whom|whose|which|why|how|is|are|was|were|do|does|did|can|could|should|would|will|many|much|the|a|an|of|to|there|and|about)\b/gi;
const FRAME_ZH = /请问|告诉我|我想知道|什么时候|为什么|为何|怎么样|怎样|怎么|如何|什么|哪[些个里种年天]?|多少|几[个年月日次天种条](?!月)|是不是|是否|有没有|能不能|可不可以|可以|吗|呢|啊|是(?=$)/g;
const FILLERS = /^(?:(?:and|but|or|so|then|also|what about|how about)\b[\s,]*)+/i;
const FILLERS_ZH = /^(?:那么?|还有|另外|然后|接着|此外)[，,]?(?!个|些|种|样|里)|呢(?=[？?]?$)/g;

/** One moment replaces another: "tomorrow" after "today" is not both. */
const MOMENT = /\b(?:today|tomorrow|yesterday|tonight|(?:in )?(?:19|20)\d\d|(?:on )?(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b|[今明昨后前][天日年]|大[前后]天|(?:19|20)\d\d\s*年|[上下本这]个?[周月]|(?:星期|周)[一二三四五六日天]/gi;

/** Topic words that are carried, at most; a long conversation does not drown the question. */
const CARRIED = 80;

/**
 * The question as it would be asked alone. One that is short, points back ("its price?") or hangs on the last ("那后天呢？")
 * gets the topic words of the conversation before it; any other is returned unchanged.
 * @param previous the person's earlier questions, oldest first, as they were asked
 */
export function standaloneQuestion(question: string, previous: readonly string[]): string {
  let topic = '';
  for (const earlier of previous) topic = topic !== '' && dependsOnEarlier(earlier) ? complete(earlier, topic) : earlier;
  return topic !== '' && dependsOnEarlier(question) ? complete(question, topic) : question;
}

/** Whether a question cannot be understood without the one before. */
export function dependsOnEarlier(question: string): boolean {
  const asked = question.trim();
  if (BARE.test(asked) || BARE_ZH.test(asked) || HANGS.test(asked) || HANGS_ZH.test(asked)) return true;
  return pointsBack(asked, POINTS, /[,;:]|\b(?:and|but|or|when|if|because|so)\b/g) || pointsBack(asked, POINTS_ZH, /[，,；;：:]|以及|并且|而且|和|时候?/g);
}

/** Whether a word points at something that no earlier clause of the same question names. */
function pointsBack(asked: string, points: RegExp, clauses: RegExp): boolean {
  // "IT" is no pronoun, hence only the first letter is lowered.
  const at = (asked.charAt(0).toLowerCase() + asked.slice(1)).search(points);
  if (at < 0) return false;
  const ends = [...asked.slice(0, at).matchAll(clauses)];
  const end = ends.at(-1)?.index;
  return end === undefined || topicWords(asked.slice(0, end)).length < 2;
}

function complete(question: string, topic: string): string {
  const rest = question.trim().replace(FILLERS, '').replace(FILLERS_ZH, '').trim();
  const replaced = HANGS.test(question.trim()) || HANGS_ZH.test(question.trim()) ? substitute(topic, rest.replace(/[?？.。!！]+$/, '')) : undefined;
  if (replaced !== undefined) return replaced;
  const moments = rest.match(MOMENT) !== null;
  const words = topicWords(moments ? topic.replace(MOMENT, ' ') : topic);
  const lower = rest.toLowerCase();
  const carried = words.split(' ').filter((word) => !lower.includes(word.toLowerCase())).join(' ');
  return carried === '' ? question : `${carried.slice(0, CARRIED).trim()} ${rest}`;
}

/**
 * The earlier question with the phrase that ends like `phrase` replaced by it: "How long is green tea brewed?" and "what
 * about black tea?" make "How long is black tea brewed?"; 二等座的票价 and 那商务座呢 make 商务座的票价.
 */
function substitute(topic: string, phrase: string): string | undefined {
  if (/^[\p{Script=Han}]{2,8}$/u.test(phrase)) {
    const at = topic.lastIndexOf(phrase.at(-1)!);
    const from = at - phrase.length + 1;
    if (at < 0 || from < 0 || !/^[\p{Script=Han}]+$/u.test(topic.slice(from, at)) || /[的是了在]/.test(topic.slice(from, at))) return undefined;
    return topic.slice(0, from) + phrase + topic.slice(at + 1);
  }
  const words = phrase.split(' ').filter((word) => !/^(?:the|a|an|for|of|in|on)$/i.test(word));
  if (words.length < 2 || words.length > 4) return undefined;
  const tail = words.at(-1)!.replace(/[^\p{L}\p{N}]/gu, '');
  const found = new RegExp(`(?:[\\p{L}\\p{N}-]+ ){${words.length - 1}}${tail}\\b`, 'iu').exec(topic);
  return found ? topic.slice(0, found.index) + words.join(' ') + topic.slice(found.index + found[0].length) : undefined;
}

/** A question without the words that make it a question. */
function topicWords(question: string): string {
  return question.replace(FRAME, ' ').replace(FRAME_ZH, ' ').replace(/[?？!！。,，;；:："“”]|\.(?=\s|$)/g, ' ')
    .replace(/[的了](?=\s|$)|(?<=\s)的(?=\p{Script=Han})/gu, '').replace(/\s+/g, ' ').trim();
}
