import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openReranker } from '../models/reranker.ts';
import type { Reranker } from '../rank.ts';
import { search } from '../search.ts';
import { prepare } from '../reading.ts';
import { assemble } from '../parse/document.ts';
import { saveReading } from '../store/contents.ts';
import { memoryDatabase, queue } from '../store/testing.ts';
import { documentFrequency, wordStatistics } from '../store/words.ts';
import { evidenceOf, probabilityOf, scoreOf, SHIPPED, WEIGHTS, type Evidence } from './found.ts';

const models = fileURLToPath(new URL('../../resources/models', import.meta.url));
const name = existsSync(models) ? readdirSync(models).find((folder) => folder.startsWith('lodestone-rerank')) : undefined;

/** Articles on the same town: without the one that answers, its siblings still say much of a question. */
const HARBOUR = 'Velmar harbour was opened in 1871 by the engineer Tobias Renk, who had dredged the estuary for nine years.';
const SIBLINGS = [
  'The harbour of Velmar handles grain and timber. Most ships come from the northern coast.', 'Velmar has a theatre, two schools and a railway station near the old harbour wall.',
  'The engineer of a ship is responsible for its engines. In Velmar they are trained for three years.', 'The town council of Velmar meets every second Tuesday. Its sessions are public.',
];

async function library(texts: string[], reranker?: Reranker) {
  const { db, library: id } = memoryDatabase();
  for (const [i, text] of texts.entries()) saveReading(db, queue(db, id, `${i}.txt`), prepare({ hash: `${i}`, parsed: assemble('text', [{ kind: 'paragraph', text }], {}) }, (part) => part.length / 3));
  const statistics = { df: (token: string) => documentFrequency(db, token), total: wordStatistics(db).total };
  return async (question: string): Promise<Evidence> => {
    const { hits } = await search({ db, ...(reranker && { reranker }) }, { question });
    return evidenceOf(question, hits, { statistics });
  };
}

const ASKED = 'Which engineer opened Velmar harbour in 1871?';

test('the rarest words of a question tell an article from its siblings', async () => {
  const there = await (await library([...SIBLINGS, HARBOUR]))(ASKED);
  const gone = await (await library(SIBLINGS))(ASKED);
  assert.equal(there.kind, 'words');
  assert.equal(there.rare, 1);
  assert.ok(gone.rare <= 2 / 3, String(gone.rare));
  assert.ok(probabilityOf(there, SHIPPED) > probabilityOf(gone, SHIPPED) + 0.3);
});

test('of Chinese, pairs of characters that a question word has torn off are not its rarest words', async () => {
  const asked = await library(['图书馆每天九点开门，周一不开门。', '阅览室在二楼，可以借书。']);
  assert.equal((await asked('图书馆什么时候开门？')).rare, 1);
});

test('so it does where the bundled reranker has read the hits', { skip: name === undefined && 'no reranker in resources/models' }, async () => {
  const reranker = await openReranker(join(models, name!));
  const there = await (await library([...SIBLINGS, HARBOUR], reranker))(ASKED);
  const gone = await (await library(SIBLINGS, reranker))(ASKED);
  await reranker.close();
  assert.deepEqual([there.kind, gone.kind], ['rerank', 'rerank']);
  assert.ok(there.rare > gone.rare && there.best > gone.best + 0.2, `${JSON.stringify(there)}, ${JSON.stringify(gone)}`);
});

test('without hits nothing is found; of evidence only the clues that its kind weighs count', async () => {
  const none = await (await library(SIBLINGS))('zyzzyva');
  assert.ok(probabilityOf(none, SHIPPED) < 0.1);
  const { constant, best, rare } = WEIGHTS.words;
  const evidence: Evidence = { kind: 'words', best: 1, rare: 1, meaning: 7, nearer: 7 };
  assert.ok(Math.abs(scoreOf(evidence) - constant - best! - rare!) < 1e-9);
});
