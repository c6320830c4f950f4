import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openEmbedder, type Embedder } from './embedder.ts';
import { readManifest, verifyFiles } from './manifest.ts';

const models = fileURLToPath(new URL('../../resources/models', import.meta.url));
const name = existsSync(models) ? readdirSync(models).find((folder) => folder.startsWith('lodestone-embed')) : undefined;
const folder = join(models, name ?? '');

describe('the bundled embedder', { skip: name === undefined && 'no model in resources/models' }, () => {
  let embedder: Embedder;
  before(async () => void (embedder = await openEmbedder(folder)));
  after(() => embedder.close());

  const texts = ['How to back up a database', '数据库备份', '', '👍', 'a\ud800b', 'cooking rice '.repeat(2000), '在歐洲，梵語的學術研究', ...Array.from({ length: 60 }, (_, i) => `Paragraph ${i}. `.repeat(i + 1))];

  const cosine = async (a: string, b: string): Promise<number> => {
    const [x, y] = await embedder.embed([a, b], 'document');
    return x!.reduce((sum, value, d) => sum + value * y![d]!, 0);
  };

  test('its folder is what its manifest says, and small enough to be bundled', async () => {
    const manifest = await readManifest(folder);
    await verifyFiles(folder, manifest);
    assert.ok(Object.values(manifest.files).reduce((sum, file) => sum + file.bytes, 0) <= 40e6);
    assert.ok(Object.keys(manifest.quality).length > 0 && manifest.attribution.length > 0);
  });

  test('gives unit vectors for any text', async () => {
    for (const vector of await embedder.embed(texts, 'document')) {
      assert.equal(vector.length, embedder.dimensions);
      assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-5);
    }
  });

  test('gives the same vector again, alone or among others', async () => {
    const together = await embedder.embed(texts, 'document');
    assert.deepEqual(await embedder.embed(texts, 'document'), together);
    for (const [i, text] of texts.entries()) {
      const [alone] = await embedder.embed([text], 'document');
      assert.ok(alone!.every((value, d) => Math.abs(value - together[i]![d]!) < 1e-5), text.slice(0, 40));
    }
  });

  const nearer: [text: string, near: string, far: string][] = [
    ['数据库备份', 'database backup', 'cooking rice'],
    ['怎么煮米饭', 'cooking rice', 'database backup'],
    ['The dog barked all night', '狗叫了一整夜', '股票市场下跌'],
    ['股票市场下跌', 'stock prices fell', 'the dog barked'],
    ['資料保護法', '数据保护法', '足球比赛'],
    ['headache medicine', '头痛药', '高速公路'],
    ['annual leave of employees', '职工带薪年休假', '网络防火墙设置'],
    ['physician', 'doctor in a hospital', 'carpenter with a hammer'],
  ];
  for (const [text, near, far] of nearer) {
    test(`“${text}” is nearer to “${near}” than to “${far}”`, async () => {
      assert.ok((await cosine(text, near)) > (await cosine(text, far)) + 0.1);
    });
  }

  test('traditional and simplified characters mean the same', async () => {
    assert.ok((await cosine('資料庫備份與還原', '资料库备份与还原')) > 0.999);
  });
});
