import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AdapterId, ModelInfo, TestResult } from '../../engine/api.ts';
import { en } from '../words/en.ts';
import { zh } from '../words/zh.ts';
import { awayInWords, deviceInWords, fitInWords, isCloud, isComparable, isLocal, languageNames, modelsInWords, ordered } from './facts.ts';

test('languages are told by name in the language of the window, of many the first few', () => {
  assert.equal(languageNames(['zh', 'en'], en), 'Chinese, English');
  assert.equal(languageNames(['zh', 'en'], zh), '中文、英语');
  assert.equal(languageNames(['de', 'en', 'fr', 'it', 'es', 'pt'], en), 'German, English, French, Italian, +2');
  assert.equal(languageNames(['zh', 'en', 'mul'], en), 'Chinese, English, many others', 'ISO 639-2: multiple languages');
  assert.equal(languageNames(['100+ languages'], en), '100+ languages');
  assert.equal(languageNames([], zh), '未注明');
});

test('a fit and a device are sentences with their figures', () => {
  assert.equal(fitInWords({ verdict: 'tight', needs: 5.2e9, has: 6e9 }, en), 'Just fits this computer (needs about 5.2 GB of memory, 6 GB are there)');
  assert.equal(deviceInWords({ provider: 'cpu', refused: [] }, en), 'on the processor');
  assert.equal(deviceInWords({ provider: 'CUDA', speedup: 8.31, refused: [] }, zh), '在 CUDA 上运行，速度是处理器的 8.3 倍');
});

test('only addresses of this very machine stay on it', () => {
  for (const here of ['http://localhost:11434', '127.0.0.1:8080', 'http://[::1]:1234/v1', 'http://127.8.9.1']) assert.equal(isLocal(here), true, here);
  for (const away of ['https://api.example.com/v1', '192.168.1.7:11434', 'http://localhost.example.com', 'my-server:11434']) assert.equal(isLocal(away), false, away);
  assert.equal(isLocal('  '), undefined);
  assert.equal(isLocal('http://'), undefined);
});

test('results of very different numbers of questions are not compared', () => {
  const result = (questions: number): TestResult => ({ at: 0, questions, ndcg: 0.5, mrr: 0.5, first: 0.5, milliseconds: 5 });
  assert.ok(isComparable(result(100), result(95)));
  assert.ok(!isComparable(result(100), result(50)));
  assert.ok(!isComparable(result(100), undefined));
});

test('the model in use comes first', () => {
  const model = (name: string, active: boolean, bundled = false) => ({ name, active, bundled }) as ModelInfo;
  assert.deepEqual(ordered([model('b', false), model('a', false), model('c', false, true), model('d', true)]).map(({ name }) => name), ['d', 'c', 'a', 'b']);
});

test('a model that a server of this machine passes on is told apart, and where its text goes is said', () => {
  assert.deepEqual(['gpt-oss:120b-cloud', 'qwen3-coder:cloud', 'cloudy:7b', 'qwen3:4b'].map(isCloud), [true, true, false, false]);
  assert.equal(awayInWords('http://127.0.0.1:11434', en.models.remoteText, en), en.models.cloudText);
  assert.match(awayInWords('https://api.example.com/v1', en.models.remoteText, en), /sent to https:\/\/api\.example\.com\/v1/);
});

test('what took part in finding is told by name, an embedder without the rest of its space', () => {
  const models = [{ id: 'bge-m3', name: 'BGE M3' }, { id: 'rr', name: 'Reranker' }] as ModelInfo[];
  assert.equal(modelsInWords({ embedder: 'bge-m3@12d1 adapter=none pooling=cls', reranker: 'rr', adapter: 3 as AdapterId, answerer: 'x' }, models, en), 'BGE M3 + Reranker + what was learned, version 3');
  assert.equal(modelsInWords({ embedder: 'gone@12d1', answerer: 'x' }, models, en), 'gone');
  assert.equal(modelsInWords({ answerer: 'x' }, models, zh), '只按字词');
});
