import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Hit, Turn } from '../api.ts';
import { openEngine } from '../engine.ts';
import { judgedQuestions } from '../learn.ts';
import { openEmbedder } from '../models/embedder.ts';
import { openDatabase } from '../store/database.ts';
import { askedLesson } from './deep-lessons.ts';
import { addTown } from './town.ts';

const root = mkdtempSync(join(tmpdir(), 'lodestone-lessons-'));
const resourcesDir = fileURLToPath(new URL('../../resources', import.meta.url));
after(() => rmSync(root, { recursive: true, force: true }));

test('only what was pointed at is a label for a teacher, and what was passed over weighs little', async (t) => {
  const engine = await openEngine({ dataDir: join(root, 'data'), resourcesDir });
  t.after(() => engine.close());
  await addTown(engine, join(root, 'files'));
  let turn: Turn | undefined;
  for await (const part of engine.ask({ question: 'Who pays for repairs of the lantern?' })) if (part.kind === 'done') turn = part.turn;
  const { id, hits } = turn!;
  const [passed, opened, copied, right, wrong] = hits as [Hit, Hit, Hit, Hit, Hit];
  await engine.signal({ kind: 'opened', turn: id, chunk: opened.chunk, dwell: 30, passed: [passed.chunk] });
  await engine.signal({ kind: 'copied', turn: id, text: copied.text });
  await engine.signal({ kind: 'right-place', turn: id, document: right.document, start: right.place.start, end: right.place.end });

  const db = openDatabase(join(root, 'data', 'library.sqlite'), 'engine');
  const embedder = await openEmbedder(join(resourcesDir, 'models', 'lodestone-embed-static-v2'));
  t.after(async () => {
    db.close();
    await embedder.close();
  });
  const { questions: [said] } = await judgedQuestions(db, embedder);
  const lesson = (await askedLesson({ db, embedder, level: 'reranker' }, said!, 'group'))!;
  const at = ({ contentHash, place }: Hit) => lesson.names.findIndex((name) => name.contentHash === contentHash && name.start === place.start);
  const of = (hit: Hit) => [lesson.labels[at(hit)], Number(lesson.target[at(hit)]!.toFixed(3)), Number(lesson.counts[at(hit)]!.toFixed(3))];
  const total = 0.6 + 0.5 + 1;
  const share = (weight: number) => Number((weight / total).toFixed(3));
  assert.deepEqual(of(right), [1, share(1), 1]);
  assert.deepEqual(of(opened), [undefined, share(0.6), 1], 'opened at the second place: right, though nobody said so');
  assert.deepEqual(of(copied), [undefined, share(0.5), 1]);
  assert.deepEqual(of(passed), [undefined, 0, 0.575], 'half as for any near the top, and .15 of the other half');
  assert.equal(of(wrong)[0], undefined);
});
