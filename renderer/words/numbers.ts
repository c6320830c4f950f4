/** Numbers, sizes and times as each language writes them. */
type Language = 'zh' | 'en';

const LOCALES: Record<Language, string> = { zh: 'zh-CN', en: 'en-GB' };

export function count(language: Language, value: number): string {
  return value.toLocaleString(LOCALES[language]);
}

/** A share 0…1 in whole per cent; never 100 % before it is whole, never 0 % once something is there. */
export function percent(language: Language, share: number): string {
  const whole = share <= 0 ? 0 : share >= 1 ? 100 : Math.min(99, Math.max(1, Math.round(share * 100)));
  return (whole / 100).toLocaleString(LOCALES[language], { style: 'percent' });
}

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const;

/** Bytes in the largest unit that leaves a number of at least one, three figures at most. */
export function bytes(language: Language, value: number): string {
  const step = value < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(value) / 3));
  return (value / 1000 ** step).toLocaleString(LOCALES[language], {
    style: 'unit',
    unit: UNITS[step]!,
    unitDisplay: step === 0 ? 'long' : 'short',
    maximumSignificantDigits: 3,
  });
}

export function decimal(language: Language, value: number, digits = 2): string {
  return value.toLocaleString(LOCALES[language], { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Of today the hour, otherwise the day. */
export function moment(language: Language, at: number): string {
  const date = new Date(at);
  const today = date.toDateString() === new Date().toDateString();
  return date.toLocaleString(LOCALES[language], today ? { hour: '2-digit', minute: '2-digit' } : { year: 'numeric', month: 'short', day: 'numeric' });
}

/** Whether a text is to be read, and set, as Chinese: whether more of its words are. A letter of Han counts as a word. */
export function languageOf(text: string): Language {
  const chinese = text.match(/\p{Script=Han}/gu)?.length ?? 0;
  const latin = text.match(/\p{Script=Latin}+/gu)?.length ?? 0;
  return chinese > latin ? 'zh' : 'en';
}
