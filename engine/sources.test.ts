import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import type { Engine, ModelInfo } from './api.ts';
import { openActiveLlm } from './chosen-llm.ts';
import { openDownloaded } from './downloaded.ts';
import { openEngine } from './engine.ts';
import type { Surroundings } from './found.ts';
import { noLlama } from './llm/testing/llama-here.ts';
import { writeMicroBert } from './llm/testing/micro-bert.ts';
import { writeMicroLlama } from './llm/testing/micro-llama.ts';
import { openMachine } from './machine.ts';
import { makeRecordedFolder, makeSmallEmbedder } from './models/testing.ts';
import { openDatabase } from './store/database.ts';
import { addedModel, saveModel } from './store/models.ts';
import { changeSettings } from './store/settings.ts';
import { idle } from './testing.ts';

const secret = new Uint8Array(32).fill(3);

async function house(t: TestContext): Promise<{ engine: Engine; root: string; dataDir: string }> {
  const root = mkdtempSync(join(tmpdir(), 'lodestone-sources-'));
  const [dataDir, resourcesDir] = [join(root, 'data'), join(root, 'resources')];
  await makeSmallEmbedder(join(resourcesDir, 'models', 'bundled'), { id: 'bundled', dimensions: 16, seed: 1 });
  const engine = await openEngine({ dataDir, resourcesDir, secret });
  t.after(async () => {
    await engine.close();
    rmSync(root, { recursive: true, force: true });
  });
  mkdirSync(join(root, 'files'));
  writeFileSync(join(root, 'files', 'lease.md'), '# Lease\n\nThe monthly rent is 1,250 euros.\n\n租金每月支付。\n');
  await engine.add(await engine.createLibrary('Home'), [join(root, 'files')]);
  await idle(engine);
  return { engine, root, dataDir };
}

async function listening(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function used(engine: Engine, id: string): Promise<ModelInfo> {
  await engine.useModel('embedder', id);
  for (let i = 0; i < 400; i++) {
    const model = (await engine.models()).find((one) => one.id === id);
    if (model?.active) return model;
    assert.equal((await engine.reindexing())?.reason, undefined);
    await delay(25);
  }
  throw new Error('It did not come into use.');
}

test('a folder as its authors published it: recognised by its name, used with its prompts', async (t) => {
  const { engine, root } = await house(t);
  const folder = await makeRecordedFolder(join(root, 'bge-small-en-v1.5'), 'bert');
  const found = await engine.inspectModel(folder);
  assert.deepEqual([found.role, found.format, found.family, found.fit.verdict], ['embedder', 'safetensors', 'bge-en', 'well']);
  const model = await used(engine, await engine.addModel(folder));
  assert.equal(model.index!.chunks, 1);
  const { hits, models } = await engine.search({ question: 'monthly rent', leg: 'vectors' });
  assert.equal(hits.length, 1);
  assert.match(models.embedder!, /^bge-small-en-v1\.5@/);
  rmSync(join(folder, 'model.safetensors'));
  assert.match((await engine.models()).find(({ id }) => id === model.id)!.trouble!, /model\.safetensors is no longer there/);
});

/** A hub that has one model, as it was recorded; `asked` are the addresses it was asked for. */
async function hubHere(t: TestContext, root: string, asked: string[] = []): Promise<string> {
  const folder = await makeRecordedFolder(join(root, 'hub'), 'bert');
  const commit = '5c38ec7c405ec4b44b94cc5a9bb96e735b38267a';
  return listening(t, ({ url }, response) => {
    asked.push(url!);
    if (url!.startsWith('/api/models/BAAI/bge-small-en-v1.5/revision/')) {
      const siblings = readdirSync(folder).map((rfilename) => {
        const bytes = readFileSync(join(folder, rfilename));
        return { rfilename, size: bytes.length, lfs: { size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') } };
      });
      return void response.end(JSON.stringify({ sha: commit, siblings }));
    }
    const file = url!.split(`/BAAI/bge-small-en-v1.5/resolve/${commit}/`)[1];
    if (file === undefined || !existsSync(join(folder, file))) return void response.writeHead(404).end();
    response.end(readFileSync(join(folder, file)));
  });
}

test('a model that came and cannot be put on the list, since the disk is full by now, is put there at the next start', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'lodestone-sources-'));
  const models = join(root, 'models');
  const db = openDatabase(join(root, 'library.sqlite'));
  t.after(() => { db.close(); rmSync(root, { recursive: true, force: true }); });
  changeSettings(db, { hub: await hubHere(t, root) });
  const around: Surroundings = { dirs: [join(root, 'bundled'), models], machine: openMachine(models).machine };
  db.exec(`create trigger full before insert on model begin select raise(abort, 'database or disk is full'); end`);
  const first = await openDownloaded(db, around, () => undefined);
  await first.start('bge-small-en-v1.5');
  assert.equal(await first.downloads.ended('bge-small-en-v1.5'), join(models, 'bge-small-en-v1.5'));
  await first.downloads.close();
  await assert.rejects(openDownloaded(db, around, () => undefined), /disk is full/);
  db.exec('drop trigger full');
  await (await openDownloaded(db, around, () => undefined)).downloads.close();
  assert.equal(addedModel(db, 'bge-small-en-v1.5')?.downloaded, true);
});

test('a model of the catalogue is fetched from the hub that was set, and used; removed, its files are gone', async (t) => {
  const { engine, root, dataDir } = await house(t);
  const asked: string[] = [];
  const hub = await hubHere(t, root, asked);
  await engine.changeSettings({ hub });
  const entry = (await engine.catalog()).find(({ id }) => id === 'bge-small-en-v1.5')!;
  assert.deepEqual([entry.installed, entry.repository], [false, 'BAAI/bge-small-en-v1.5']);
  assert.deepEqual(asked, [], 'nothing is fetched unasked');
  await assert.rejects(engine.download('nothing'), { code: 'not-found' });

  await engine.download(entry.id);
  const there = async () => (await engine.models()).find(({ id }) => id === entry.id);
  for (let i = 0; i < 400 && !(await there()); i++) {
    for (const { reason } of await engine.downloads()) assert.equal(reason, undefined);
    await delay(25);
  }
  assert.deepEqual([(await there())!.format, (await there())!.family, (await there())!.trouble], ['safetensors', 'bge-en', undefined]);
  assert.deepEqual(await engine.downloads(), []);
  assert.equal((await engine.catalog()).find(({ id }) => id === entry.id)!.installed, true);
  await used(engine, entry.id);
  await engine.useModel('embedder', undefined);
  while ((await engine.reindexing()) !== undefined) await delay(10);
  await engine.removeModel(entry.id);
  assert.equal(existsSync(join(dataDir, 'models', entry.id)), false);
  assert.equal(await there(), undefined);
});

test('an embedder that was away when the engine was opened is used once it is back', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'lodestone-sources-'));
  const [resourcesDir, away] = [join(root, 'resources'), join(root, 'away')];
  await makeSmallEmbedder(join(resourcesDir, 'models', 'bundled'), { id: 'bundled', dimensions: 16, seed: 1 });
  renameSync(join(resourcesDir, 'models', 'bundled'), away);
  const engine = await openEngine({ dataDir: join(root, 'data'), resourcesDir });
  t.after(async () => {
    await engine.close();
    rmSync(root, { recursive: true, force: true });
  });
  const library = await engine.createLibrary('Home');
  await engine.addFile(library, 'lease.md', new TextEncoder().encode('# Lease'));
  await idle(engine);
  assert.equal((await engine.libraries())[0]!.embedded, 0);
  renameSync(away, join(resourcesDir, 'models', 'bundled'));
  for (let i = 0; i < 1200 && (await engine.libraries())[0]!.embedded === 0; i++) await delay(25);
  assert.equal((await engine.libraries())[0]!.embedded, 1);
});

test('a model that is removed is out of its place in the same step, so that nothing can leave half of it there', async (t) => {
  const { engine, dataDir } = await house(t);
  const place = await makeRecordedFolder(join(dataDir, 'models', 'brought'), 'bert');
  for (let i = 0; i < 200; i++) writeFileSync(join(place, `part-${i}`), '');
  const db = openDatabase(join(dataDir, 'library.sqlite'));
  saveModel(db, { id: 'brought', role: 'embedder', format: 'safetensors', place, downloaded: true, details: { name: 'Brought', languages: [], licence: '', bytes: 1 } });
  const removing = engine.removeModel('brought');
  while (addedModel(db, 'brought')) await setImmediate();
  assert.equal(existsSync(place), false);
  db.close();
  await removing;
  assert.deepEqual(readdirSync(join(dataDir, 'models', '.downloading')), []);
});

test('a server is asked before it is added; its key is stored where nobody can read it, and sent with every question', async (t) => {
  const { engine, dataDir } = await house(t);
  const keys = new Set<string | undefined>();
  const url = await listening(t, (request, response) => {
    keys.add(request.headers.authorization);
    if (request.headers.authorization !== 'Bearer sk-very-secret') return void response.writeHead(401).end('{"error":{"message":"Wrong key."}}');
    if (request.url === '/v1/models') return void response.end(JSON.stringify({ data: [{ id: 'writer-7b', max_model_len: 4096 }, { id: 'nomic-embed' }] }));
    if (request.url !== '/v1/chat/completions') return void response.writeHead(404).end('{}');
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const content of ['Zwölf', '-hundert', 'fünfzig.']) response.write(`data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`);
    response.end('data: [DONE]\n\n');
  });
  const server = { kind: 'openai', address: url, model: 'writer-7b' } as const;
  await assert.rejects(engine.addServer(server), { code: 'invalid' });
  await assert.rejects(engine.addServer({ ...server, key: 'sk-very-secret', model: 'other' }), { code: 'invalid', message: /writer-7b/ });
  await assert.rejects(engine.addServer({ ...server, key: 'sk-very-secret', model: 'nomic-embed' }), { code: 'invalid', message: /cannot write/ });
  await assert.rejects(engine.addServer({ ...server, address: 'http://127.0.0.1:1' }), { code: 'invalid' });
  assert.equal((await engine.models()).length, 1);

  const id = await engine.addServer({ ...server, key: 'sk-very-secret' });
  const listed = (await engine.models()).find((model) => model.id === id)!;
  assert.deepEqual([listed.role, listed.format, listed.active, listed.remote, listed.address, listed.tokens], ['llm', 'server', false, false, url, 4096]);
  assert.ok(!JSON.stringify(await engine.models()).includes('sk-very'));
  for (const file of readdirSync(dataDir)) if (file.startsWith('library')) assert.ok(!readFileSync(join(dataDir, file)).includes('sk-very'), file);

  const db = openDatabase(join(dataDir, 'library.sqlite'), 'search');
  t.after(() => db.close());
  const source = { db, modelDirs: [join(dataDir, 'none'), join(dataDir, 'models')], secret };
  assert.equal(await openActiveLlm(source), undefined);
  await engine.useModel('llm', id);
  const llm = (await openActiveLlm(source))!;
  let said = '';
  for await (const piece of llm.write([{ role: 'user', content: 'Wie hoch ist die Miete?' }], { maxTokens: 20 })) said += piece;
  assert.equal(said, 'Zwölf-hundertfünfzig.');
  await assert.rejects(openActiveLlm({ ...source, secret: new Uint8Array(32) }), { code: 'invalid', message: /key/ });
  await assert.rejects(engine.removeModel(id), { code: 'busy' });
  await engine.useModel('llm', undefined);
  await engine.removeModel(id);
  assert.equal(await openActiveLlm(source), undefined);
});

test('a GGUF file: its header says what it is for; as embedder it takes part through llama.cpp', { skip: noLlama ?? false }, async (t) => {
  const { engine, root } = await house(t);
  const { file } = writeMicroBert(join(root, 'bge-micro.gguf'), 'cls');
  const found = await engine.inspectModel(file);
  assert.deepEqual([found.role, found.format, found.dimensions], ['embedder', 'gguf', 32]);
  await used(engine, await engine.addModel(file));
  const { hits, models } = await engine.search({ question: 'when does the lease end', leg: 'vectors' });
  assert.equal(hits.length, 1);
  assert.match(models.embedder!, /provider=llama\.cpp$/);

  const writer = await engine.inspectModel(writeMicroLlama(join(root, 'writer.gguf')).file);
  assert.deepEqual([writer.role, writer.format], ['llm', 'gguf']);
  writeFileSync(join(root, 'broken.gguf'), 'GGUF, but not really');
  await assert.rejects(engine.addModel(join(root, 'broken.gguf')), { code: 'invalid' });
});

test('a reranker reads the hits from the next question on, and no more when another is chosen', async (t) => {
  const { engine, root } = await house(t);
  assert.equal((await engine.search({ question: 'monthly rent' })).models.reranker, undefined);
  const id = await engine.addModel(await makeRecordedFolder(join(root, 'bge-reranker-base'), 'roberta-reranker'));
  await assert.rejects(engine.useModel('embedder', id), { code: 'invalid' });
  await engine.useModel('reranker', id);
  const { hits, models } = await engine.search({ question: 'monthly rent' });
  assert.equal(models.reranker, id);
  assert.equal(hits[0]!.trace.rerank!.model, id);
  assert.equal((await engine.models()).find((model) => model.id === id)!.active, true);
  await assert.rejects(engine.removeModel(id), { code: 'busy' });
  await engine.useModel('reranker', undefined);
  assert.equal((await engine.search({ question: 'monthly rent' })).models.reranker, undefined);
  await engine.removeModel(id);
});
