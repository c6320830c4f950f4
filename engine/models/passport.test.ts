import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openEmbedder, type Embedder } from './embedder.ts';
import { hashFile, readManifest, type Manifest } from './manifest.ts';
import { compare, equivalent, passportOf, probe, probed, readProbed, SAME_COSINE, type Probed } from './passport.ts';
import { PROBES } from './probes.ts';
import { makeSmallEmbedder } from './testing.ts';

const models = fileURLToPath(new URL('../../resources/models', import.meta.url));
const name = existsSync(models) ? readdirSync(models).find((folder) => folder.startsWith('lodestone-embed-static')) : undefined;

const root = mkdtempSync(join(tmpdir(), 'passport-'));
after(() => rmSync(root, { recursive: true }));

/** An embedder's folder under another name, with its manifest changed. */
async function changed(folder: string, id: string, change: (manifest: Manifest, copy: string) => void | Promise<void>): Promise<string> {
  const copy = join(root, id);
  cpSync(folder, copy, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(copy, 'manifest.json'), 'utf8')) as Manifest;
  await change(manifest, copy);
  writeFileSync(join(copy, 'manifest.json'), JSON.stringify(manifest));
  return copy;
}

async function probedOf(folder: string): Promise<Probed> {
  const embedder: Embedder = await openEmbedder(folder);
  const record = probed(passportOf(await readManifest(folder), 'cpu'), await probe(embedder));
  assert.equal(record.passport.space, embedder.space, 'the space has one identity');
  await embedder.close();
  return record;
}

test('twenty texts in both languages, short and long', () => {
  assert.equal(new Set(PROBES).size, 20);
  assert.ok(PROBES.filter((text) => /\p{Script=Han}/u.test(text)).length >= 9);
  assert.ok(PROBES.filter((text) => !/\p{Script=Han}/u.test(text)).length >= 9);
  assert.ok(PROBES.some((text) => text.length === 1) && PROBES.some((text) => text.length > 700) && PROBES.some((text) => /\p{Extended_Pictographic}/u.test(text)));
});

describe('the bundled embedder', { skip: name === undefined && 'no static model in resources/models' }, () => {
  const folder = join(models, name ?? '');
  let bundled: Probed;
  before(async () => void (bundled = await probedOf(folder)));

  test('is equivalent to itself, also after its probes were written down and read again', async () => {
    const again = equivalent(bundled, readProbed(JSON.stringify(await probedOf(folder))));
    assert.ok(again.equivalent && again.cosine > 0.9999999, String(again.cosine));
    assert.deepEqual(again.failed, []);
  });

  test('is not equivalent to itself with another prompt before documents', async () => {
    const other = await probedOf(await changed(folder, 'prompt', (manifest) => void (manifest.prompts.document = 'passage: ')));
    assert.notEqual(other.passport.space, bundled.passport.space);
    const { equivalent: same, failed, reason } = equivalent(bundled, other);
    assert.ok(!same && failed.some(({ probe: number }) => number === 1));
    assert.match(reason!, /of 20 texts get other vectors: the cosine goes down to 0\.\d{4}, and 0\.999 is needed\./);
  });

  test('stays equivalent where only the prompt of questions is another, and where only the passport is', async () => {
    const other = await probedOf(await changed(folder, 'query', (manifest) => void (manifest.prompts.query = 'query: ')));
    assert.ok(equivalent(bundled, other).equivalent);
    assert.ok(equivalent(bundled, { ...bundled, passport: { ...bundled.passport, provider: 'gpu', space: 'elsewhere' } }).equivalent);
  });

  test('is not equivalent to itself with its 8-bit weights made coarser', async () => {
    const coarse = await changed(folder, 'coarse', async (manifest, copy) => {
      const graph = readFileSync(join(copy, 'model.onnx'));
      // The codes are nearly all of the file; its first and last megabyte, where other things lie, stay.
      const codes = new Int8Array(graph.buffer, graph.byteOffset + 1e6, graph.length - 2e6);
      for (let i = 0; i < codes.length; i++) codes[i] = Math.max(-112, Math.min(112, Math.round(codes[i]! / 28) * 28));
      writeFileSync(join(copy, 'model.onnx'), graph);
      manifest.files['model.onnx'] = { sha256: await hashFile(join(copy, 'model.onnx')), bytes: graph.length };
    });
    const { equivalent: same, cosine } = equivalent(bundled, await probedOf(coarse));
    assert.ok(!same && cosine > 0.9 && cosine < SAME_COSINE, String(cosine));
  });
});

test('pooled otherwise, the same weights are another space', async () => {
  const mean = await makeSmallEmbedder(join(root, 'mean'), { id: 'small', dimensions: 32, seed: 5 });
  const first = await changed(mean, 'cls', (manifest) => void (manifest.pooling = 'cls'));
  const [a, b] = [await probedOf(mean), await probedOf(first)];
  assert.ok(equivalent(a, await probedOf(mean)).equivalent);
  assert.ok(!equivalent(a, b).equivalent);
  assert.notEqual(a.passport.space, b.passport.space);
});

test('another length, another set of texts and numbers that are none are no equals', () => {
  const passport = { normalised: true } as Probed['passport'];
  const record = (numbers: number[]): Probed => probed(passport, PROBES.map(() => Float32Array.from(numbers)));
  assert.match(equivalent(record([1, 0]), record([1, 0, 0])).reason!, /different lengths \(2 and 3 numbers\)/);
  assert.match(equivalent(record([1, 0]), { ...record([1, 0]), probes: 'old' }).reason!, /other texts/);
  assert.ok(!equivalent(record([1, 0]), record([1, NaN])).equivalent);
  assert.ok(equivalent(record([0, 0]), record([0, 0])).equivalent);
  assert.ok(!equivalent(record([0, 0]), record([0, 1])).equivalent);
  assert.throws(() => readProbed('{}'), /have to be made again/);
});

test('what fills a vector up to the unit sphere does not hide that the rest differs', () => {
  const record = (x: number, y: number): Probed => probed({ normalised: false, dimensions: 2 } as Probed['passport'], PROBES.map(() => Float32Array.of(x, y, Math.sqrt(1 - x * x - y * y))));
  assert.ok(equivalent(record(0.02, 0.01), record(0.02, 0.01)).equivalent);
  assert.ok(!equivalent(record(0.02, 0.01), record(0.01, 0.02)).equivalent);
  assert.ok(!equivalent(record(0.02, 0.01), record(0.03, 0.015)).equivalent);
});

test('vectors that keep their length have to agree in it too', () => {
  const [a, b] = [[Float32Array.of(3, 4)], [Float32Array.of(6, 8)]];
  assert.ok(compare(a, b, true).equivalent);
  assert.ok(!compare(a, b, false).equivalent);
});
