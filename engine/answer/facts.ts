/**
 * What a sentence says that can be right or wrong to the letter, in either language: figures with their units, days, months,
 * and words of which there is an opposite. Vectors and shared words hardly notice a 3 that became a 5.
 */

export interface Figure { value: number; unit?: string }

const UNITS: [unit: string, after: RegExp][] = [
  ['percent', /^\s*(?:%|％|percent|per cent|个百分点)/i], ['euro', /^\s*(?:euros?\b|€|欧元)/i], ['dollar', /^\s*(?:dollars?\b|美元|美金)/i], ['yuan', /^\s*(?:yuan\b|rmb\b|元|块)/i], ['pound', /^\s*(?:pounds?\b|英镑)/i],
  ['minute', /^\s*-?(?:minutes?\b|mins?\b|分钟)/i], ['hour', /^\s*-?(?:hours?\b|个?小时|个?钟头)/i], ['second', /^\s*-?(?:seconds?\b|秒)/i],
  ['day', /^\s*-?(?:(?:working |business |calendar )?days?\b|个?(?:工作日|自然日)|天)/i], ['week', /^\s*-?(?:weeks?\b|个?(?:星期|礼拜)(?![一二三四五六日天])|周(?![一二三四五六日末]))/i],
  ['month', /^\s*-?(?:months?\b|个月)/i], ['year', /^\s*-?(?:years?\b|周年|年(?=[期后内以的。，]|$))/i],
  ['kilometre', /^\s*(?:km\b|kilomet(?:er|re)s?\b|公里|千米)/i], ['metre', /^\s*(?:m\b|met(?:er|re)s?\b|米)/i], ['centimetre', /^\s*(?:cm\b|centimet(?:er|re)s?\b|厘米)/i],
  ['kilogram', /^\s*(?:kg\b|kilos?\b|kilograms?\b|公斤|千克)/i], ['gram', /^\s*(?:g\b|grams?\b|克)/i], ['litre', /^\s*(?:lit(?:er|re)s?\b|l\b|升)/i], ['millilitre', /^\s*(?:ml\b|毫升)/i],
  ['degree', /^\s*(?:°\s?[cf]?|degrees?\b|摄氏度|度)/i],
];

const ENGLISH: Record<string, number> = {
  two: 2, three: 3, four: 4, five: 5, six: 6, seven: 7, eight: 8, nine: 9, ten: 10, eleven: 11, twelve: 12, thirteen: 13, fourteen: 14, fifteen: 15, sixteen: 16,
  seventeen: 17, eighteen: 18, nineteen: 19, twenty: 20, thirty: 30, forty: 40, fifty: 50, sixty: 60, seventy: 70, eighty: 80, ninety: 90, hundred: 100, thousand: 1000, million: 1e6,
  twice: 2, second: 2, third: 3, fourth: 4, fifth: 5, half: 0.5,
};
const TENS = 'twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety';
const IN_WORDS = new RegExp(`\\b(?:(${TENS})(?:-(one|${Object.keys(ENGLISH).join('|')}))?|(${Object.keys(ENGLISH).join('|')}))\\b(?:\\s+(hundred|thousand|million)\\b)?`, 'gi');
const MONTHS = ['january', 'february', 'march', 'april', 'may', 'june', 'july', 'august', 'september', 'october', 'november', 'december'];
const DIGITS = '零一二三四五六七八九';
const SCALES: Record<string, number> = { 十: 10, 百: 100, 千: 1000 };
/** What stands after a Chinese numeral that counts something; 一个, 一些, 统一 count nothing. */
const COUNTED = /^\s*(?:个|天|日|周|月|年|点|小时|分|秒|元|块|欧|美|公斤|千克|克|升|毫升|米|公里|厘米|度|台|部|本|张|条|次|人|名|位|岁|倍|种|页|层|楼|座|套|家|件|份|册|期|项|折|号|成|只|杯|把|勺|瓶|间|辆|票|封|组|轮|步|章|段|排|颗|根|双|支|到|至|或|、|分之|工作|自然|季|晚|星期|礼拜|刻|路|公里|平方|立方|千|百|万)/;

/** 一点五倍, and not 下午三点五个人. */
const DECIMAL = /(?<![午晨上早晚])([一二三四五六七八九十]+)点([零一二三四五六七八九]+)(?=倍|万|亿|元|米|公里|公斤|千克|克|升|度|折|成|个百分点)/g;

/** All figures of a text. Numbers in words and Chinese numerals count; "one" and 一 rarely count anything and are left out. */
export function figuresOf(text: string): Figure[] {
  const plain = text.normalize('NFKC').replace(DECIMAL, (_, whole: string, part: string) => `${chineseNumber(whole)}.${[...part].map((digit) => DIGITS.indexOf(digit)).join('')}`);
  const figures: Figure[] = [];
  const add = (value: number, end: number): void => {
    const rest = plain.slice(end, end + 24);
    const unit = UNITS.find(([, after]) => after.test(rest))?.[0];
    figures.push({ value, ...(unit !== undefined && { unit }) });
  };
  for (const match of plain.matchAll(/(?<![A-Za-z\d.])(\d{1,3}(?:[, ]\d{3})+|\d+)(\.\d+)?(?::(\d\d))?(?:\s*(万|亿|千|thousand\b|million\b|billion\b))?(?:\s*([ap])\.?m\b\.?)?/giu)) {
    let value = Number(match[1]!.replace(/[, ]/g, '') + (match[2] ?? ''));
    const scale = { 万: 1e4, 亿: 1e8, 千: 1e3, thousand: 1e3, million: 1e6, billion: 1e9 }[match[4]?.toLowerCase() ?? ''];
    if (scale !== undefined) value *= scale;
    if ((match[5]?.toLowerCase() === 'p' || /(?:下午|晚上)\s*$/.test(plain.slice(0, match.index))) && value < 12) value += 12;
    add(value, match.index + match[0].length);
    if (match[3] !== undefined && match[3] !== '00') figures.push({ value: Number(match[3]) });
  }
  for (const match of plain.matchAll(IN_WORDS)) {
    const [said, tens, ones, word, scale] = match;
    // "one second", "in the second half": neither counts.
    if (/^(?:second|half)$/i.test(said)) continue;
    const small = ones === undefined ? ENGLISH[(tens ?? word)!.toLowerCase()]! : ENGLISH[tens!.toLowerCase()]! + (ones.toLowerCase() === 'one' ? 1 : ENGLISH[ones.toLowerCase()]!);
    add(small * (scale === undefined ? 1 : ENGLISH[scale.toLowerCase()]!), match.index + said.length);
  }
  for (const match of plain.matchAll(new RegExp(`\\b(${MONTHS.join('|')})\\b`, 'gi'))) {
    // "may" is a month only beside a figure.
    const around = plain.slice(Math.max(0, match.index - 4), match.index) + plain.slice(match.index + match[0].length, match.index + match[0].length + 4);
    if (/^[A-Z]/.test(match[0]) && (match[0] !== 'May' || /\d/.test(around))) figures.push({ value: MONTHS.indexOf(match[0].toLowerCase()) + 1 });
  }
  for (const match of plain.matchAll(/[零一二两三四五六七八九十百千万]+/g)) {
    const end = match.index + match[0].length;
    if (/^[一千万百]$/.test(match[0]) || (!COUNTED.test(plain.slice(end, end + 4)) && !/[第百]$/.test(plain.slice(0, match.index)) && !plain.slice(0, match.index).endsWith('分之'))) continue;
    if (/(?:星期|周|礼拜)$/.test(plain.slice(0, match.index))) continue;
    const value = chineseNumber(match[0]);
    if (value === undefined) continue;
    add(/(?:下午|晚上)$/.test(plain.slice(0, match.index)) && value < 12 ? value + 12 : value, end);
  }
  return figures;
}

/** 二十 → 20, 四百五 is left as 405. */
function chineseNumber(text: string): number | undefined {
  let [total, section, digit] = [0, 0, 0];
  for (const character of text.replaceAll('两', '二')) {
    if (character === '万') { total += (section + digit || 1) * 10_000; [section, digit] = [0, 0]; }
    else if (character in SCALES) { section += (digit || 1) * SCALES[character]!; digit = 0; }
    else digit = digit * (/^[零一二三四五六七八九]+$/.test(text) ? 10 : 1) + DIGITS.indexOf(character);
  }
  const value = total + section + digit;
  return Number.isFinite(value) ? value : undefined;
}

/** Whether each figure of a claim stands in the source, with the same unit where both have one. */
export function figuresAgree(claim: readonly Figure[], source: readonly Figure[]): boolean {
  return claim.every(({ value, unit }) => source.some((other) => Math.abs(other.value - value) < 1e-9 && (unit === undefined || other.unit === undefined || other.unit === unit)));
}

/** Groups of which a thing is one at a time, and how each is said in either language. */
const CHOICES: [RegExp, RegExp][] = [
  [/\b(?:before|prior to|earlier|in advance)\b|以前|之前|提前|前(?=[，。]|$)/i, /\b(?:after|later|afterwards)\b|以后|之后|推迟/i],
  [/\b(?:more|above|over|higher|larger|longer|exceeds?|faster|stronger)\b|以上|超过|高于|多于|大于|更[多高大长快强]/i, /\b(?:less|below|under|lower|smaller|shorter|fewer|slower|weaker)\b|以下|低于|少于|小于|更[少低小短慢弱]/i],
  [/\b(?:at least|minimum|no less than)\b|至少|不少于|最少|最低/i, /\b(?:at most|maximum|no more than|up to)\b|至多|最多|不超过|最高/i],
  [/\b(?:rises?|rose|increases?d?|grows?|raised?)\b|增加|上涨|提高|上升|增长/i, /\b(?:falls?|fell|decreases?d?|drops?(?:ped)?|reduced?s?)\b|减少|下降|降低|下跌/i],
  [/\b(?:landlord|lessor|seller|employer)\b|甲方|出租方|出租人|房东/i, /\b(?:tenant|lessee|buyer|employee)\b|乙方|承租方|承租人|租客/i],
  [/\b(?:clockwise|right)\b(?! to| of way)|顺时针|右/i, /\b(?:counter-?clockwise|anti-?clockwise|left)(?! (?:over|by|is))\b|逆时针|左/i],
  [/\bmornings?\b|早上|上午|清晨/i, /\b(?:evenings?|afternoons?|nights?)\b|晚上|下午|傍晚|夜/i],
  [/\bfree(?: of charge)?\b|免费/i, /\b(?:for a fee|charged?)\b|收费/i],
  [/\b(?:allowed|permitted|may|can)\b(?! not)|允许|可以|准许/i, /\b(?:forbidden|prohibited|not allowed|may not|must not|cannot)\b|禁止|不得|不准|不允许|不可以|不能/i],
  [/\b(?:open|opens|opened)\b|开放|开门/i, /\b(?:closed?s?)\b|关闭|关门|闭馆/i],
  [/\blong\b|太长|过长/i, /\bshort\b|太短|过短/i], [/\bcoarse[rn]?\b|粗/i, /\bfiner?\b(?!s)|细/i], [/\bhot(?:ter)?\b|热/i, /\bcold(?:er)?\b|冷/i],
  [/\b(?:too much|excess(?:ive)?)\b|过度|过多/i, /\b(?:too little|insufficient)\b|不足|不够|过少/i], [/\bearly\b|过早/i, /\blate\b|过晚/i],
  [/\b(?:oldest|first)\b|最早|最先/i, /\b(?:newest|last|latest)\b|最晚|最后/i],
];
const SERIES: RegExp[][] = [
  ['mon', 'tues', 'wednes', 'thurs', 'fri', 'satur', 'sun'].map((day, i) => new RegExp(`\\b${day}days?\\b|(?:周|星期|礼拜)${'一二三四五六日'[i]}${i === 6 ? '|星期天|周天' : ''}`, 'i')),
  [/\b(?:daily|(?:every|per|a) day)\b|每天|每日/i, /\b(?:weekly|(?:every|per|a) week)\b|每周|每星期/i, /\b(?:monthly|(?:every|per|a) month)\b|每个?月/i, /\b(?:yearly|annual(?:ly)?|(?:every|per|a) year)\b|每年|年度/i],
  [/\bnorth(?:ern)?\b|北/i, /\bsouth(?:ern)?\b|南/i, /\beast(?:ern)?\b|东/i, /\bwest(?:ern)?\b|西/i],
  [/\bred\b|红/i, /\bblue\b|蓝/i, /\bgreen\b|绿/i, /\byellow\b|黄/i, /\bblack\b|黑/i, /\bwhite\b|白/i, /\borange\b|橙/i],
  [/\bspring\b|春/i, /\bsummer\b|夏/i, /\bautumn\b|\bfall\b|秋/i, /\bwinter\b|冬/i],
];

/** How many things the claim says of which the source says another of the same series, or the opposite, and not the same. */
export function opposites(claim: string, source: string): number {
  let count = 0;
  for (const [one, other] of CHOICES) {
    const said = [one.test(claim), other.test(claim)];
    const found = [one.test(source), other.test(source)];
    if ((said[0] && !said[1] && found[1] && !found[0]) || (said[1] && !said[0] && found[0] && !found[1])) count++;
  }
  for (const series of SERIES) {
    const found = series.map((one) => one.test(source));
    if (found.includes(true) && series.some((one, i) => one.test(claim) && !found[i])) count++;
  }
  return count;
}

const DENIES = /\b(?:not(?! (?:later|more|less|fewer|only|until))|no(?! (?:later|more|less|fewer))|never|none|neither|nor|without|cannot|nobody|nothing|unable|refuses?d?|excludes?d?|except)\b|n['’]t\b/i;
const DENIES_ZH = /(?<![特分区个告差级])不(?![仅但过同久断少超锈论管妨止足便])|没有?|(?<!毫)无(?![线论数锡])|未(?!来)|并非|(?<!除)非(?![常洲凡])|勿|禁止|严禁|除外/;

/** Whether a text denies something. */
export function denies(text: string): boolean {
  return DENIES.test(text) || DENIES_ZH.test(text);
}

/** Names a reader would look for: capitalised words within an English sentence, any word of Latin letters within a Chinese one, identifiers. */
export function namesOf(text: string): string[] {
  const han = /\p{Script=Han}/u.test(text);
  const names: string[] = [];
  for (const match of text.matchAll(/[A-Za-z][\w.+#/-]*[\w+#]|[A-Z]\b/g)) {
    const [word] = match;
    const inner = /[a-z][A-Z]|\d|[_/+#]|^[A-Z]{2,}/.test(word);
    const begins = /(?:^|[.!?:“"(]\s*)$/.test(text.slice(0, match.index));
    if (inner || (han && word.length > 1) || (/^[A-Z][a-z]/.test(word) && !begins)) names.push(word.toLowerCase().replace(/['’]s$/, ''));
  }
  return names.filter((name) => !MONTHS.includes(name) && !/^(?:mon|tues|wednes|thurs|fri|satur|sun)day$/.test(name));
}
