import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dependsOnEarlier, standaloneQuestion } from './topic.ts';

test('a question that stands alone passes unchanged', () => {
  for (const question of [
    'What is Raft?', 'raft', 'html5', '绿茶怎么泡？', '什么是其他综合收益？', 'How does the IT department order laptops?',
    'Which algorithm that sorts is stable?', 'If a node fails, what happens to it?', 'Raft 的领导者选举是什么，它如何工作？',
    '公司应该什么时候开会？', '他国公民如何申请签证？', 'Who wrote The Lord of the Rings?', '那不勒斯在哪里？',
    '但丁是谁？', '再生纸是什么做的？',
  ]) {
    assert.equal(standaloneQuestion(question, ['北京明天的天气怎么样？', 'How tall is Mont Blanc?']), question);
  }
});

test('the first question of a conversation passes unchanged, whatever it looks like', () => {
  assert.equal(standaloneQuestion('And what about it?', []), 'And what about it?');
});

test('a follow-up carries the topic; one moment replaces another', () => {
  assert.equal(standaloneQuestion('那后天呢？', ['北京明天的天气怎么样？']), '北京 天气 后天？');
  assert.equal(standaloneQuestion('它的价格呢', ['iPhone 15 有什么颜色？']), 'iPhone 15 有 颜色 它的价格');
  assert.equal(standaloneQuestion('And in 2023?', ['What was the revenue of Acme in 2022?']), 'revenue Acme in 2023?');
  assert.equal(standaloneQuestion('What about the second one?', ['Which plans does the gym offer?']), 'plans gym offer the second one?');
  assert.equal(standaloneQuestion('When was it built?', ['How tall is the Eiffel Tower?']), 'tall Eiffel Tower When was it built?');
});

test('a phrase of the same kind takes the place of the earlier one', () => {
  assert.equal(standaloneQuestion('What about black tea?', ['How long is green tea brewed?']), 'How long is black tea brewed?');
  assert.equal(standaloneQuestion('那商务座呢？', ['二等座的票价是多少？']), '商务座的票价是多少？');
  assert.equal(standaloneQuestion('那上海呢？', ['北京的天气怎么样？']), '北京的天气 上海？');
});

test('short questions hang on the last one', () => {
  for (const question of ['why?', 'Why not?', 'How much?', 'tell me more', 'What colour is it?', 'and the price?', '为什么？', '多少钱？', '这个怎么用', '那上海呢', '其优点有哪些？', '第二种方法呢？']) {
    assert.ok(dependsOnEarlier(question), question);
  }
});

test('the topic survives a chain of follow-ups, and a new topic replaces it', () => {
  const chain = standaloneQuestion('那大后天呢？', ['绿茶怎么泡？', '北京明天的天气怎么样？', '那后天呢？']);
  assert.match(chain, /北京/);
  assert.match(chain, /大后天/);
  assert.doesNotMatch(chain, /绿茶|明天/);
});
