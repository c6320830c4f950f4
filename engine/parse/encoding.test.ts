import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ParseFailure } from './document.ts';
import { decode, looksLikeText } from './encoding.ts';

// The bytes were written by Python's codecs and iconv, not by what is tested.
const HELLO: Record<string, [hex: string, text: string]> = {
  'gb18030': ['c4e3bac3a3acb2e2cad4cec4b5b5a1a3', '你好，测试文档。'],
  'big5': ['b1a9a9fab4fab8d5a4e5a5f3a143', '惟明測試文件。'],
  'shift_jis': ['82b182ea82cd93fa967b8cea82cc83658358836782c582b78142', 'これは日本語のテストです。'],
  'euc-jp': ['a4b3a4eca4cfc6fccbdcb8eca4cea5c6a5b9a5c8a4c7a4b9a1a3', 'これは日本語のテストです。'],
  'euc-kr': ['c0ccb0cdc0ba20c7d1b1b9beee20c5d8bdbac6aec0d4b4cfb4d92e', '이것은 한국어 텍스트입니다.'],
  'windows-1252': ['4c92e974e920e02050617269732c2063926573742064e96ae0', 'L’été à Paris, c’est déjà'],
  'windows-1251': ['ddf2ee20f0f3f1f1eae8e920f2e5eaf1f220e4ebff20efe0f0f1e5f0e02c20eae0ea20e2f1e5e3e4e0', 'Это русский текст для парсера, как всегда'],
};

for (const [encoding, [hex, text]] of Object.entries(HELLO)) {
  test(`a sentence in ${encoding} is known by its characters`, () => {
    assert.deepEqual(decode(Buffer.from(hex, 'hex')), { text, encoding });
  });
}

test('a byte order mark decides and is no part of the text', () => {
  assert.deepEqual(decode(Buffer.from('efbbbfe4bda0', 'hex')), { text: '你', encoding: 'utf-8' });
  assert.deepEqual(decode(Buffer.from('fffe604f', 'hex')), { text: '你', encoding: 'utf-16le' });
  assert.deepEqual(decode(Buffer.from('feff4f60', 'hex')), { text: '你', encoding: 'utf-16be' });
});

test('UTF-16 without a mark is told from its characters, in Chinese and English, either way round', () => {
  for (const text of ['国家机关应当按照有关规定组织实施。\n第二条', 'The quick brown fox jumps over the dog.']) {
    const little = Buffer.from(text, 'utf16le');
    assert.deepEqual(decode(little), { text, encoding: 'utf-16le' });
    assert.deepEqual(decode(Buffer.from(little).swap16()), { text, encoding: 'utf-16be' });
  }
});

test('valid UTF-8 is UTF-8, and stays it with one broken byte', () => {
  const text = '知识库 — knowledge base. '.repeat(200);
  assert.equal(decode(Buffer.from(text)).encoding, 'utf-8');
  const broken = Buffer.from(text);
  broken[broken.length - 20] = 0xff;
  assert.equal(decode(broken).encoding, 'utf-8');
});

test('what a page or an XML text declares is believed if it decodes', () => {
  const page = (charset: string) => Buffer.concat([Buffer.from(`<meta charset="${charset}">`), Buffer.from('c4e3bac3', 'hex')]);
  assert.deepEqual(decode(page('gb2312')), { text: '<meta charset="gb2312">你好', encoding: 'gb18030' });
  assert.equal(decode(page('no-such-thing')).encoding, 'gb18030');
  assert.equal(decode(page('utf-8')).encoding, 'gb18030');
  const latin = Buffer.concat([Buffer.from('<?xml version="1.0" encoding="ISO-8859-2"?>'), Buffer.from('b3f3646ce1', 'hex')]);
  assert.deepEqual(decode(latin), { text: '<?xml version="1.0" encoding="ISO-8859-2"?>łódlá', encoding: 'iso-8859-2' });
});

test('short pieces of Chinese law are recognised in every encoding they are written in', () => {
  const law = '第一条 为了保障蓄滞洪区的正常运用，确保受洪水威胁的重点地区的防洪安全，合理补偿居民因蓄滞洪遭受的损失，制定本办法。';
  const back = new Map<string, number>();
  for (let code = 0x8140; code < 0xfeff; code++) {
    const character = new TextDecoder('gb18030').decode(Uint8Array.of(code >> 8, code & 255));
    if (character.length === 1 && !back.has(character)) back.set(character, code);
  }
  const encode = (text: string) => Buffer.from([...text].flatMap((character) => (character < '\x80' ? [character.charCodeAt(0)] : [back.get(character)! >> 8, back.get(character)! & 255])));
  for (let start = 0; start + 4 <= law.length; start++) {
    const piece = law.slice(start, start + 4);
    assert.deepEqual(decode(encode(piece)), { text: piece, encoding: 'gb18030' });
  }
});

test('binary data is refused, whatever its name', () => {
  const noise = Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919 + ((i * i) >> 3)) & 255);
  assert.throws(() => decode(noise), (error) => error instanceof ParseFailure && error.code === 'unsupported');
  assert.equal(looksLikeText(noise), false);
  assert.equal(looksLikeText(Buffer.from('plain')), true);
});
