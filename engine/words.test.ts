import assert from 'node:assert/strict';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { ftsQuery, indexWords, questionWords, rarestTerms, scoreWords } from './words.ts';
import { singular } from './words/tokens.ts';

const words = (text: string): string => indexWords(text).words;
const asked = (text: string): string[] => questionWords(text).filter((term) => !term.stop).map((term) => term.token);

/** A full-text index like the library's own. */
function index(texts: string[]) {
  const database = new Database(':memory:');
  database.exec(`create virtual table chunk_words using fts5(words, characters, content='', tokenize='unicode61 remove_diacritics 2');
    create virtual table vocabulary using fts5vocab(chunk_words, row)`);
  const insert = database.prepare('insert into chunk_words(rowid, words, characters) values (?, ?, ?)');
  texts.forEach((text, i) => {
    const { words, characters } = indexWords(text);
    insert.run(i, words, characters);
  });
  const select = database.prepare('select rowid from chunk_words where chunk_words match ? order by rowid').pluck();
  return {
    find: (question: string) => select.all(ftsQuery(questionWords(question))) as number[],
    vocabulary: () => new Map(database.prepare('select term, doc from vocabulary').raw().all() as [string, number][]),
  };
}

test('words are folded: case, width, diacritics, plural', () => {
  assert.equal(words('Café ＡＢＣ naïve Databases'), 'cafe abc naive databas');
  for (const [one, many] of [['cache', 'caches'], ['match', 'matches'], ['box', 'boxes'], ['query', 'queries'], ['tie', 'ties'], ['class', 'classes'], ['database', 'databases'], ['analyse', 'analyses'], ['user', "user's"], ['piano', 'pianos']]) {
    assert.equal(words(one!), words(many!));
  }
  for (const [one, other] of [['status', 'statu'], ['plane', 'plan'], ['redis', 'redi']]) assert.notEqual(words(one!), words(other!));
});

test('folding a folded word changes nothing', () => {
  for (const word of 'buses gases lenses ties species series analyses houses heroes ecstasies aaies sses essences'.split(' ')) {
    assert.equal(singular(singular(word)), singular(word));
  }
});

test('an identifier is found whole and by its parts', () => {
  assert.equal(words('enableMemPattern'), 'enablemempattern enable mem pattern');
  assert.equal(words('XMLHttpRequest'), 'xmlhttprequest xml http request');
  assert.equal(words('foo_bar.ts'), 'foobart foo bar');
  assert.equal(words('v5.4.0'), '5p4p0 5p4 5');
  assert.deepEqual(asked('TiDB 5.4'), ['tidb', '5p4', '5']);
  assert.deepEqual([words('C++'), words('C#'), words('c')], ['cplusplus', 'csharp', 'c']);
});

test('Chinese becomes bigrams and, for itself, single characters; traditional finds simplified', () => {
  assert.deepEqual(indexWords('北京大学'), { words: '北京 京大 大学', characters: '北 京 大 学', length: 3 });
  assert.equal(words('梵語學術'), words('梵语学术'));
  assert.deepEqual(questionWords('京').map(({ token, column }) => [token, column]), [['京', 'characters']]);
  assert.deepEqual(asked('第3章'), ['第', '3', '章']);
});

test('stop words of both languages are marked, and are all that is asked if nothing else is left', () => {
  assert.deepEqual(asked('What is the price of tea?'), ['price', 'tea']);
  assert.deepEqual(asked('什么是量子计算？'), ['是量', '量子', '子计', '计算']);
  const all = questionWords('to be or not to be');
  assert.ok(all.every((term) => term.stop));
  assert.deepEqual(rarestTerms(all, () => 1, 10), all);
});

const POEM = ['床前明月光，疑是地上霜。', '舉頭望明月，低頭思故鄉。', '春眠不覺曉 𠮷野家, Spring Sleep', 'the moon in Kyōto ２０２４年3月', 'Ελλάς Σοφός Straße İstanbul'];

test('every character and every pair of neighbours of a Chinese text finds it', () => {
  const { find } = index(POEM);
  POEM.forEach((text, i) => {
    for (const run of text.match(/\p{Script=Han}+/gu) ?? []) {
      const characters = [...run];
      characters.forEach((character, at) => {
        assert.ok(find(character).includes(i), character);
        if (at > 0) assert.ok(find(characters[at - 1]! + character).includes(i), characters[at - 1]! + character);
      });
    }
  });
});

test('the tokens are the ones SQLite makes of them, whatever the letters', () => {
  const letters = Array.from({ length: 0xd800 - 0x20 }, (_, i) => String.fromCharCode(i + 0x20)).join(' ');
  const texts = [...POEM, letters, 'a_b c-d e.f v1.2.3 it’s C++ naïve', '가나다라 カタカナ ひらがな ㈱'];
  const vocabulary = index(texts).vocabulary();
  const strange = texts.map(indexWords).flatMap(({ words, characters }) => `${words} ${characters}`.split(' ')).filter((token) => token !== '' && !vocabulary.has(token));
  assert.deepEqual([...new Set(strange)], []);
});

test('no question breaks the query', () => {
  const { find } = index(POEM);
  for (const question of ['', '"', '" OR words:*', 'NEAR(a b)', "a'b;--", '(((', '^moon*', '{words} : x', '\u0000\ud800', '😀 月', '-moon']) find(question);
  assert.deepEqual(find('"moon" AND NOT ('), [3]);
});

test('in a large library common terms are not asked for', () => {
  const df = (token: string): number => ({ index: 9000, raft: 40, election: 120 })[token] ?? 0;
  const terms = questionWords('the index of raft election unheard');
  assert.deepEqual(rarestTerms(terms, df, 1000).map((term) => term.token), ['index', 'raft', 'election']);
  assert.deepEqual(rarestTerms(terms, df, 100_000).map((term) => term.token), ['raft', 'election']);
});

test('BM25 as computed by hand, with a hundred imagined chunks beside the three', () => {
  const df = (token: string): number => ({ cat: 1, dog: 2 })[token] ?? 0;
  const [best, other, none] = scoreWords(questionWords('the cats, a cat and a dog'), [
    { id: 'none', text: 'a bird' }, { id: 'dog', text: 'dog' }, { id: 'both', text: 'cat cat dog bird' },
  ], { df, total: 3, averageLength: 2 });
  const idfCat = Math.log(1 + 102.5 / 1.5);
  const idfDog = Math.log(1 + 101.5 / 2.5);
  const norm = (length: number) => 0.9 * (0.6 + (0.4 * length) / 2);
  assert.equal(best!.id, 'both');
  assert.ok(Math.abs(best!.score - ((2 * idfCat * 2 * 1.9) / (2 + norm(4)) + (idfDog * 1.9) / (1 + norm(4)))) < 1e-12);
  assert.deepEqual(best!.matched, ['cats', 'dog']);
  assert.equal(best!.coverage, 1);
  assert.ok(Math.abs(best!.share - best!.score / (1.9 * (2 * idfCat + idfDog))) < 1e-12);
  assert.ok(Math.abs(best!.evidence - best!.score / (1.9 * idfCat)) < 1e-12);
  assert.ok(Math.abs(other!.coverage - idfDog / (idfCat + idfDog)) < 1e-12);
  assert.deepEqual(none, { id: 'none', score: 0, evidence: 0, share: 0, coverage: 0, matched: [] });
});
