import assert from 'node:assert/strict';
import { test } from 'node:test';
import { denies, figuresAgree, figuresOf, namesOf, opposites } from './facts.ts';

const values = (text: string): number[] => figuresOf(text).map(({ value }) => value).sort((a, b) => a - b);

test('figures are read in digits and in words, in either language', () => {
  for (const [text, expected] of [
    ['The rent is £1,480 and rises by 2.5 per cent.', [2.5, 1480]], ['二十公斤', [20]], ['四十八小时以上', [48]], ['两千元', [2000]], ['一百二十元', [120]], ['三到五分钟', [3, 5]], ['按定价的一点五倍赔偿', [1.5]], ['下午三点五个人', [5, 15]],
    ['twenty-four hours', [24]], ['two thousand yuan', [2000]], ['five hundred pages', [500]], ['3万元', [30000]], ['1.75 metres', [1.75]],
    ['at 2 p.m.', [14]], ['下午三点', [15]], ['14:00', [14]], ['7.30 am', [7.3]], ['on 12 March 2026', [3, 12, 2026]], ['2026 年 3 月 12 日', [3, 12, 2026]], ['You may go in May 2026', [5, 2026]],
    ['Nine out of ten', [9, 10]], ['第三个月', [3]],
    // These count nothing.
    ['一个统一的规定，一些例外', []], ['In a second, one may go.', []], ['周三开会', []], ['You may go.', []], ['v5.4 and Wi-Fi6', []],
  ] as const) assert.deepEqual(values(text), expected, text);
});

test('a figure agrees with the same figure, and with its unit where both have one', () => {
  const agree = (claim: string, source: string): boolean => figuresAgree(figuresOf(claim), figuresOf(source));
  for (const [claim, source] of [['three weeks', '三周'], ['5%', 'five per cent'], ['30 days', 'within 30 working days'], ['每年 54,400 元', '54,400 yuan a year'], ['no figures', '7 days'], ['24 hours', '二十四小时']] as const) assert.ok(agree(claim, source), claim);
  for (const [claim, source] of [['three weeks', '三个月'], ['5%', 'six per cent'], ['1,250 euros', '1,250 dollars'], ['10 and 20', '10'], ['twenty-one', 'twenty']] as const) assert.ok(!agree(claim, source), claim);
});

test('opposites are told apart, in either language and across', () => {
  for (const [claim, source] of [['before the trip', 'after the trip'], ['至少五天', 'at most five days'], ['每周三', '每周五'], ['the tenant pays', '出租方承担'], ['the strap is too long', 'too short'], ['on Mondays', 'on Tuesday'], ['weekly', '每月'], ['红灯', '绿灯']] as const) {
    assert.ok(opposites(claim, source) > 0, `${claim} | ${source}`);
  }
  for (const [claim, source] of [['before the trip', 'earlier than the trip'], ['周一闭馆', 'closed on Mondays'], ['the rent rises', '租金上涨'], ['before and after', 'after'], ['every month', '每月两次']] as const) assert.equal(opposites(claim, source), 0, `${claim} | ${source}`);
});

test('a denial is noticed; words that only look like one are none', () => {
  for (const text of ['It is not allowed.', "You don't pay.", '不收取费用', '没有押金', '未经同意', '严禁吸烟', 'without a receipt', '看不到硬盘']) assert.ok(denies(text), text);
  for (const text of ['It is allowed.', '不仅便宜', '不同的颜色', '非常好', '无线网络', '未来三年', 'not later than May', 'Notice is given.', '不断上涨', '不超过十天']) assert.ok(!denies(text), text);
});

test('names are words a reader would look for', () => {
  assert.deepEqual(namesOf('The caretaker, Mr Osei, reads the HS-1050 manual in Marlow Yard on Monday.'), ['mr', 'osei', 'hs-1050', 'marlow', 'yard']);
  assert.deepEqual(namesOf('打开 Ollama 的设置'), ['ollama']);
  assert.deepEqual(namesOf('Rent is due. Nobody knows.'), []);
});
