/** Words that say how a sentence is built and not what it is about. */

const ENGLISH = new Set(`a about above after again all am an and any are aren't as at be because been before being below
between both but by can can't cannot could couldn't did didn't do does doesn't doing don't down during each few for from
further had has have having he her here hers herself him himself his how i i'm if in into is isn't it its itself just let me
more most my myself no nor not of off on once only or other our ours ourselves out over own please same she should so some
such tell than that the their theirs them themselves then there these they this those through to too under until up us very
was we were what what's when where which while who whom whose why will with would you your yours yourself yourselves`.split(/\s+/));

/** Whether an English word, in lower case, is a stop word. */
export function isStopWord(word: string): boolean {
  return ENGLISH.has(word.replace('’', "'"));
}

const CHARACTERS = new Set('的了是在和与或及吗呢吧啊呀么着过之其于也都就而被把对从到这那哪谁何几该此为以所有个请问您你我他她它们很更最不会能可要将并但又');

const BIGRAMS = new Set(`什么 怎么 怎样 如何 为何 为什 哪些 哪个 哪里 哪儿 哪种 哪一 多少 是否 是谁 有何 何时 何地 几个 可以 能够 能否 应该 需要
关于 对于 以及 或者 还是 就是 不是 没有 一个 一些 一下 这个 那个 这些 那些 这里 那里 这样 那样 它们 他们 我们 你们 请问 告诉 诉我 么样 么办 时候
因为 所以 如果 但是 而且 并且 进行 么是 么会 样的`.split(/\s+/));

/** Whether a simplified Chinese character, standing alone, is a function word. */
export function isFunctionCharacter(character: string): boolean {
  return CHARACTERS.has(character);
}

/** Particles that are never part of a word but in these. */
const PARTICLES = /[的吗呢]/;
const WORDS_WITH_PARTICLES = new Set(['目的', '标的', '的确', '的士']);

/** Whether a bigram of simplified characters is a function word, is made of two, or is a word's end with a particle. */
export function isFunctionBigram(bigram: string): boolean {
  if (PARTICLES.test(bigram)) return !WORDS_WITH_PARTICLES.has(bigram);
  return BIGRAMS.has(bigram) || (CHARACTERS.has(bigram[0]!) && CHARACTERS.has(bigram.slice(1)));
}
