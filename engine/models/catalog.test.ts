import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CATALOG, catalogModel, fitOf, type Machine } from './catalog.ts';
import { FAMILIES, familyOf } from './families.ts';
import { HUB } from './hub.ts';

const GB = 1e9;
const laptop: Machine = { cores: 4, memory: 16 * GB, disk: 100 * GB };

test('every model has a folder name of its own, a revision, a licence and a role', () => {
  assert.equal(new Set(CATALOG.map(({ id }) => id)).size, CATALOG.length);
  for (const model of CATALOG) {
    assert.match(model.id, /^[a-z0-9][\w.-]*$/);
    assert.match(model.repository, /^[\w.-]+\/[\w.-]+$/);
    assert.match(model.revision, /^([0-9a-f]{40}|main)$/, model.id);
    assert.ok(model.revision !== 'main' || model.format !== 'gguf', model.id);
    assert.ok(model.licence.length > 0 && model.languages.length > 0 && model.strengths.length > 0, model.id);
    assert.equal(model.role === 'llm', model.family === undefined, model.id);
    assert.equal(model.role === 'embedder', model.dimensions !== undefined, model.id);
  }
  for (const role of ['embedder', 'reranker', 'llm']) assert.ok(CATALOG.some((model) => model.role === role && model.languages.includes('zh')), role);
});

test('a model that is fetched is recognised by its folder as what the catalogue says it is', () => {
  for (const { id, family, role } of CATALOG) {
    if (role === 'llm') continue;
    const { types } = FAMILIES.find((row) => row.id === family)!;
    assert.equal(familyOf([id], types[0]!, role)?.id, family);
  }
});

test('a GGUF is one file whose hash is known before it is fetched', () => {
  const files = CATALOG.filter(({ format }) => format === 'gguf');
  assert.ok(files.length > 10);
  for (const model of files) {
    assert.deepEqual(Object.keys(model.sha256!), model.files, model.id);
    assert.match(model.sha256![model.files![0]!]!, /^[0-9a-f]{64}$/);
  }
  assert.equal(catalogModel('qwen3-4b')!.bytes, 2_497_280_256);
  assert.equal(catalogModel('nothing'), undefined);
  assert.equal(HUB, 'https://huggingface.co');
});

test('says what fits this machine, what is tight and what is too much, and of what there is too little', () => {
  const fit = (id: string, machine: Machine, bytes = catalogModel(id)!.bytes): unknown[] => Object.values((({ verdict, limit }) => ({ verdict, limit }))(fitOf(catalogModel(id)!, bytes, machine)));
  assert.deepEqual(fit('bge-small-zh-v1.5', laptop), ['well', undefined]);
  assert.deepEqual(fit('qwen3-4b', laptop), ['well', undefined]);
  assert.deepEqual(fit('qwen3-8b', laptop), ['tight', 'cores']);
  assert.deepEqual(fit('qwen3-8b', { ...laptop, gpuMemory: 8 * GB }), ['well', undefined]);
  assert.deepEqual(fit('qwen3-4b', { ...laptop, memory: 6 * GB }), ['tight', 'memory']);
  assert.deepEqual(fit('qwen3-8b', { ...laptop, memory: 4 * GB }), ['no', 'memory']);
  assert.deepEqual(fit('qwen3-8b', { ...laptop, disk: 4 * GB }), ['no', 'disk']);
  assert.deepEqual(fit('qwen3-4b', { ...laptop, disk: 1 * GB }, 0), ['well', undefined], 'what is there takes no more room');
  assert.deepEqual(fitOf(catalogModel('bge-m3')!, 0, laptop), { verdict: 'well', needs: 2_589_000_000, has: 16 * GB });
});
