import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { RELEVANT } from '../rank.ts';
import { readManifest, verifyFiles, type Manifest } from './manifest.ts';
import { openReranker, type OpenReranker } from './reranker.ts';

const models = fileURLToPath(new URL('../../resources/models', import.meta.url));
const name = existsSync(models) ? readdirSync(models).find((folder) => folder.startsWith('lodestone-rerank')) : undefined;
const folder = join(models, name ?? '');

/** Nothing is known of a passage by words or vectors. */
const unread = (texts: string[]) => texts.map((text) => ({ text, prior: 0 }));

describe('the bundled reranker', { skip: name === undefined && 'no reranker in resources/models' }, () => {
  let reranker: OpenReranker;
  before(async () => void (reranker = await openReranker(folder)));
  after(() => reranker.close());

  const best = async (question: string, texts: string[]): Promise<string> => {
    const logits = await reranker.score(question, unread(texts));
    return texts[logits.indexOf(Math.max(...logits))]!;
  };

  test('its folder is what its manifest says, small enough to be bundled, and worth having on every kind of set', async () => {
    const manifest = await readManifest(folder);
    await verifyFiles(folder, manifest);
    assert.ok(Object.values(manifest.files).reduce((sum, file) => sum + file.bytes, 0) <= 35e6);
    const first = manifest.recipe['firstStage'] as Record<string, number>;
    const sets = Object.keys(manifest.quality);
    const gains = sets.map((set) => manifest.quality[set]! - first[set]!);
    assert.ok(gains.reduce((sum, gain) => sum + gain, 0) / sets.length >= 0.03, String(gains));
    assert.ok(gains.every((gain) => gain >= -0.01), String(gains));
  });

  const ENGLISH = ['The backup of the database runs every night at two.', 'Cook the rice for twenty minutes, then let it rest.', 'The warranty of the pump ends after two years.'];
  const CHINESE = ['数据库每天凌晨两点自动备份。', '米饭煮二十分钟后再焖一会儿。', '水泵的保修期为两年。'];
  const asked: [question: string, place: number][] = [
    ['when is the database backed up', 0], ['how long does rice have to be cooked', 1], ['how long is the warranty of the pump', 2],
    ['数据库什么时候备份', 0], ['米饭要煮多久', 1], ['水泵保修多久', 2],
  ];
  for (const [question, place] of asked) {
    test(`“${question}” is answered by passage ${place + 1} in either language`, async () => {
      assert.equal(await best(question, ENGLISH), ENGLISH[place]);
      assert.equal(await best(question, CHINESE), CHINESE[place]);
    });
  }

  test('what words and vectors said counts beside what it reads', async () => {
    const text = ENGLISH[0]!;
    const [low, high] = await reranker.score('database backup', [{ text, prior: -2 }, { text, prior: 2 }]);
    assert.ok(high! > low! + 1);
  });

  test('a logit does not depend on what else is read, and comes out the same again', async () => {
    const texts = [...ENGLISH, ...CHINESE, '', '👍', 'word '.repeat(900), ...Array.from({ length: 30 }, (_, i) => `Paragraph ${i} about pumps. `.repeat(1 + (i % 9)))];
    const question = 'pump warranty 水泵';
    const together = await reranker.score(question, unread(texts));
    assert.deepEqual(await reranker.score(question, unread(texts)), together);
    for (const [i, text] of texts.entries()) {
      const [alone] = await reranker.score(question, unread([text]));
      assert.ok(Math.abs(alone! - together[i]!) < 1e-3, `${text.slice(0, 20)}: ${alone} alone, ${together[i]} together`);
    }
  });

  test('any question gets finite logits', async () => {
    for (const question of ['', '?', '👍', 'a\ud800b', 'long '.repeat(3000), '什么']) {
      const logits = await reranker.score(question, unread([...ENGLISH, '']));
      assert.equal(logits.length, 4);
      assert.ok(logits.every(Number.isFinite), question.slice(0, 20));
    }
    assert.deepEqual(await reranker.score('nothing to read', []), []);
  });

  test('where words and vectors found nothing, it does not find an answer either', async () => {
    const logits = await reranker.score('population of Iceland', [...ENGLISH, ...CHINESE].map((text) => ({ text, prior: -6 })));
    assert.ok(logits.every((logit) => 1 / (1 + Math.exp(-logit)) < RELEVANT));
  });
});

describe('a folder that holds no usable reranker', { skip: name === undefined && 'no reranker in resources/models' }, () => {
  const root = mkdtempSync(join(tmpdir(), 'reranker-'));
  after(() => rmSync(root, { recursive: true }));

  /** A copy of the bundled folder with something else in its manifest. */
  function changed(at: string, change: Partial<Manifest>): string {
    const copy = join(root, at);
    mkdirSync(copy);
    for (const file of readdirSync(folder)) copyFileSync(join(folder, file), join(copy, file));
    const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as Manifest;
    writeFileSync(join(copy, 'manifest.json'), JSON.stringify({ ...manifest, ...change }));
    return copy;
  }

  test('is refused with a sentence that says why', async () => {
    await assert.rejects(openReranker(changed('embedder', { role: 'embedder' })), /is an embedder, not a reranker/);
    await assert.rejects(openReranker(changed('unknown', { architecture: 'oracle' })), /of the kind "oracle", which cannot be opened; .*late/);
    const cut = changed('cut', {});
    rmSync(join(cut, 'head.safetensors'));
    await assert.rejects(openReranker(cut), /head\.safetensors is missing/);
    await assert.rejects(openReranker(join(root, 'nowhere')), /there is no such folder/);
  });
});
