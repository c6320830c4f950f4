/** Made-up prose with the word statistics of real text (Zipf), in English or Chinese, the same for the same seed. */
export class Prose {
  #state: number;
  readonly #words: string[];
  readonly #chinese: boolean;

  constructor(seed: number, language: 'en' | 'zh' = 'en') {
    this.#state = seed >>> 0 || 1;
    this.#chinese = language === 'zh';
    this.#words = this.#chinese ? chineseWords(this, 4000) : englishWords(this, 8000);
  }

  /** A whole number from 0 to below `n`. */
  below(n: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 4294967296) * n);
  }

  word(): string {
    // Zipf: rank is exponential in a uniform number.
    return this.#words[Math.floor(this.#words.length ** (this.below(1e6) / 1e6)) - 1]!;
  }

  sentence(): string {
    const words = Array.from({ length: 8 + this.below(14) }, () => this.word());
    if (this.#chinese) return `${words.join('')}。`;
    const line = words.join(' ');
    return `${line[0]!.toUpperCase()}${line.slice(1)}.`;
  }

  paragraph(sentences = 4 + this.below(4)): string {
    return Array.from({ length: sentences }, () => this.sentence()).join(this.#chinese ? '' : ' ');
  }

  /** A Markdown file of about this many characters. */
  markdown(characters: number): string {
    let text = `# ${this.word()} ${this.word()}\n`;
    while (text.length < characters) text += `\n## ${this.word()} ${this.word()}\n\n${this.paragraph()}\n\n${this.paragraph()}\n`;
    return text;
  }
}

function englishWords(prose: Prose, count: number): string[] {
  const syllables = 'ba be bi bo ca ce co da de di do fa fe fi ga go ha he hi ja ka ke la le li lo ma me mi mo na ne ni no pa pe po ra re ri ro sa se si so ta te ti to va ve vi wa we za'.split(' ');
  return Array.from({ length: count }, () => Array.from({ length: 1 + prose.below(3) }, () => syllables[prose.below(syllables.length)]!).join('') + ['', 'n', 'r', 's'][prose.below(4)]);
}

function chineseWords(prose: Prose, count: number): string[] {
  // The first 2,500 characters of the basic block are common enough to be in any font.
  return Array.from({ length: count }, () => Array.from({ length: 1 + prose.below(2) }, () => String.fromCharCode(0x4e00 + prose.below(2500))).join(''));
}
