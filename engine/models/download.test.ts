import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { after, test } from 'node:test';
import { openEmbedder, type Side } from './embedder.ts';
import { openDownloads, PROVENANCE, type Downloads, type DownloadOptions, type Provenance, type Wanted } from './download.ts';

// A hub on this machine, which lies in one way at a time.
const COMMIT = 'c0ffee00c0ffee00c0ffee00c0ffee00c0ffee00';
const WEIGHTS = Buffer.from(Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 2654435761) >>> 24));
const FILES: Record<string, Buffer> = {
  'model.safetensors': WEIGHTS, 'tokenizer.json': Buffer.from('{"model":{}}'), 'config.json': Buffer.from('{"model_type":"bert"}'),
  '1_Pooling/config.json': Buffer.from('{}'), 'pytorch_model.bin': Buffer.from('pickle'), 'README.md': Buffer.from('#'), LICENSE: Buffer.from('MIT'),
};
const WANTED: Wanted = { id: 'tiny', name: 'Tiny', repository: 'who/tiny', revision: 'main', bytes: 3_000_000, licence: 'MIT' };

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const git = (bytes: Buffer): string => createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');

/** What the hub says of its files: large ones by SHA-256, small ones by their name in git, as the real one does. */
const listing = (files = FILES): object => ({
  sha: COMMIT,
  siblings: Object.entries(files).map(([rfilename, bytes]) => ({
    rfilename, size: bytes.length, blobId: git(bytes), ...(bytes.length > 1e5 ? { lfs: { sha256: sha256(bytes), size: bytes.length, pointerSize: 1 } } : {}),
  })),
});

type Lie = (request: IncomingMessage, response: ServerResponse, bytes: Buffer, times: number) => boolean | void;
const servers: Server[] = [];
const folders: string[] = [];
const opened: Downloads[] = [];
after(async () => {
  await Promise.all(opened.map((downloads) => downloads.close()));
  for (const server of servers) server.closeAllConnections();
  for (const server of servers) server.close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Serves as a hub does, with ranges; where `lie` says true it has answered for the weights itself. */
async function hub(lie: Lie = () => false, said: object = listing(), files = FILES): Promise<{ address: string; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = [];
  let times = 0;
  const server = createServer((request, response) => {
    requests.push(request);
    const { pathname } = new URL(request.url!, 'http://hub');
    if (pathname.startsWith('/api/')) return void response.end(JSON.stringify(said));
    const name = decodeURIComponent(pathname.split(`/resolve/${COMMIT}/`)[1] ?? '');
    const bytes = files[name];
    if (bytes === undefined) return void response.writeHead(404).end();
    if (name === 'model.safetensors' && lie(request, response, bytes, ++times)) return;
    serve(request, response, bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

function serve(request: IncomingMessage, response: ServerResponse, bytes: Buffer, etag = `"${sha256(bytes)}"`): void {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const condition = request.headers['if-range'];
  if (from === 0 || (condition !== undefined && condition !== etag)) return void response.writeHead(200, { etag, 'content-length': bytes.length }).end(bytes);
  response.writeHead(206, { etag, 'content-length': bytes.length - from, 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` }).end(bytes.subarray(from));
}

/** Sends the first bytes and drops the connection. */
const drop = (response: ServerResponse, bytes: Buffer, length: number, head: Record<string, string | number> = { etag: `"${sha256(bytes)}"`, 'content-length': bytes.length }): true => {
  response.writeHead(200, head).write(bytes.subarray(0, length), () => setTimeout(() => response.destroy(), 20));
  return true;
};

const newFolder = (): string => {
  folders.push(mkdtempSync(path.join(tmpdir(), 'download-')));
  return folders.at(-1)!;
};

async function open(address: string, more: Partial<DownloadOptions> = {}): Promise<Downloads & { models: string }> {
  const models = more.models ?? newFolder();
  const downloads = await openDownloads({ models, hub: () => ({ address }), announce: () => undefined, retrySeconds: 0.001, ...more });
  opened.push(downloads);
  return { ...downloads, models };
}

/** Waits until a download shows something. */
async function until<T>(found: () => T | undefined | false): Promise<T> {
  for (const end = Date.now() + 8000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 5))) {
    const value = found();
    if (value) return value;
  }
  throw new Error('That did not happen.');
}

test('fetches what makes the model, checks it, and puts its folder in place with where it is from', async () => {
  const { address, requests } = await hub();
  const downloads = await open(address);
  await downloads.start(WANTED);
  assert.equal(await downloads.ended('tiny'), path.join(downloads.models, 'tiny'));
  const folder = path.join(downloads.models, 'tiny');
  assert.deepEqual(readdirSync(folder, { recursive: true }).map(String).sort(), ['1_Pooling', '1_Pooling/config.json', 'LICENSE', 'README.md', 'config.json', 'model.safetensors', PROVENANCE, 'tokenizer.json'].map((name) => path.normalize(name)).sort());
  assert.deepEqual(readFileSync(path.join(folder, 'model.safetensors')), WEIGHTS);
  const provenance = JSON.parse(readFileSync(path.join(folder, PROVENANCE), 'utf8')) as Provenance;
  assert.equal(provenance.commit, COMMIT);
  assert.equal(provenance.hub, address);
  assert.equal(provenance.licence, 'MIT');
  assert.deepEqual(provenance.files['config.json'], { sha256: sha256(FILES['config.json']!), bytes: 21 });
  assert.deepEqual(downloads.list(), []);
  assert.deepEqual(readdirSync(path.join(downloads.models, '.downloading')), []);
  assert.equal(requests.length, 7, 'one question for the list, one for each file');
  await assert.rejects(downloads.start(WANTED), /Tiny is there already/);
});

test('what was downloaded opens, and computes what its authors\' library computes', async () => {
  const fixture = (name: string): Buffer => readFileSync(new URL(`./fixtures/${name}`, import.meta.url));
  const recorded = JSON.parse(fixture('recorded.json').toString()) as {
    asked: string[]; maxTokens: number; networks: Record<string, { tokenizer: string; config: object }>; vectors: { family: string; folder: string; network: string; side: Side; vectors: number[][] }[];
  };
  const { folder: id, network, side, vectors } = recorded.vectors.find(({ family }) => family === 'bge-zh')!;
  const { tokenizer, config } = recorded.networks[network]!;
  const files = {
    'config.json': Buffer.from(JSON.stringify(config)), 'tokenizer.json': fixture(`tokenizers/${tokenizer}.json`), 'model.safetensors': fixture(`weights/${network}.safetensors`),
    'sentence_bert_config.json': Buffer.from(JSON.stringify({ max_seq_length: recorded.maxTokens })),
  };
  const downloads = await open((await hub(undefined, listing(files), files)).address);
  await downloads.start({ ...WANTED, id });
  const embedder = await openEmbedder((await downloads.ended(id))!);
  const made = await embedder.embed(recorded.asked, side);
  made.forEach((vector, i) => vector.forEach((value, d) => assert.ok(Math.abs(value - vectors[i]![d]!) < 1e-5)));
  await embedder.close();
});

test('goes on where a dropped connection stopped, with the same content only', async () => {
  const { address, requests } = await hub((_request, response, bytes, times) => times <= 2 && drop(response, bytes, times * 700_000, times === 2 ? { 'content-length': bytes.length } : undefined));
  const downloads = await open(address);
  await downloads.start(WANTED);
  assert.ok(await downloads.ended('tiny'));
  const ranges = requests.filter((request) => request.url!.endsWith('model.safetensors')).map((request) => [request.headers.range, request.headers['if-range']]);
  assert.deepEqual(ranges.map(([range]) => range === undefined), [true, false, false]);
  assert.equal(ranges[1]![1], `"${sha256(WEIGHTS)}"`);
});

test('begins again where the content has changed on the server or the server knows no ranges', async () => {
  const { address, requests } = await hub((request, response, bytes, times) => {
    if (times === 1) return drop(response, Buffer.alloc(bytes.length), 900_000, { etag: '"old"', 'content-length': bytes.length });
    delete request.headers.range;
    return false;
  });
  const downloads = await open(address);
  await downloads.start(WANTED);
  const folder = await downloads.ended('tiny');
  assert.ok(requests.length > 7);
  assert.deepEqual(readFileSync(path.join(folder!, 'model.safetensors')), WEIGHTS);
});

test('a server that has another part than was asked for, or none, is asked for all again', async () => {
  const { address } = await hub((request, response, bytes, times) => {
    if (times === 1) return drop(response, bytes, 900_000);
    if (times === 2) response.writeHead(206, { 'content-range': `bytes 5-${bytes.length - 1}/${bytes.length}` }).end(bytes.subarray(5));
    if (times === 3) return drop(response, bytes, 900_000);
    if (times === 4) response.writeHead(416).end();
    if (times > 4) assert.equal(request.headers.range, undefined);
    return times <= 4;
  });
  const downloads = await open(address);
  await downloads.start(WANTED);
  assert.ok(await downloads.ended('tiny'));
});

const lies: [what: string, sentence: RegExp, lie: Lie, said?: object][] = [
  ['wrong bytes', /arrived with another content than the hub had said/, (request, response, bytes) => { serve(request, response, Buffer.concat([bytes.subarray(1), Buffer.of(7)])); return true; }],
  ['a length that is not the announced one', /announces another number of bytes/, (_request, response) => { response.writeHead(200, { 'content-length': 5 }).end('12345'); return true; }],
  ['more bytes than there are', /sends another number of bytes/, (_request, response, bytes) => { response.writeHead(200).end(Buffer.concat([bytes, bytes])); return true; }],
  ['a connection that always breaks', /cannot be reached|ended the connection/, (_request, response) => { response.destroy(); return true; }],
  ['a model that wants an account', /not open to everyone \(401\)/, (_request, response) => { response.writeHead(401).end(); return true; }],
  ['a file that is gone', /does not have who\/tiny in this revision any more/, (_request, response) => { response.writeHead(404).end(); return true; }],
  ['a hub that stays busy', /The hub is busy \(503\)/, (_request, response) => { response.writeHead(503).end(); return true; }],
  ['redirects without end', /from one address to the next without end/, (request, response) => { response.writeHead(302, { location: request.url! }).end(); return true; }],
  ['a redirect to a file', /an address that cannot be trusted/, (_request, response) => { response.writeHead(302, { location: 'file:///etc/passwd' }).end(); return true; }],
  ['a repository with pickled weights only', /it has no weights in safetensors or ONNX/, () => false, listing({ 'pytorch_model.bin': Buffer.from('x'), 'config.json': FILES['config.json']!, 'tokenizer.json': FILES['tokenizer.json']! })],
  ['a repository without a tokenizer', /it has no tokenizer\.json/, () => false, listing({ 'model.safetensors': WEIGHTS, 'config.json': FILES['config.json']! })],
  ['a path that leads out of the folder', /it has no tokenizer\.json/, () => false, listing({ 'model.safetensors': WEIGHTS, 'config.json': FILES['config.json']!, '../tokenizer.json': FILES['tokenizer.json']! })],
  ['something that is no hub', /does not answer like a model hub/, () => false, ['hello']],
];
for (const [what, sentence, lie, said] of lies) {
  test(`refuses ${what} with a sentence and leaves nothing in place`, async () => {
    const downloads = await open((await hub(lie, said)).address);
    await downloads.start(WANTED);
    assert.equal(await downloads.ended('tiny'), undefined);
    const [shown] = downloads.list();
    assert.equal(shown?.state, 'failed');
    assert.match(shown.reason!, sentence);
    assert.deepEqual(readdirSync(downloads.models), ['.downloading']);
    await downloads.cancel('tiny');
    assert.deepEqual(readdirSync(path.join(downloads.models, '.downloading')), []);
  });
}

test('a hub that nobody answers for is named in the sentence', async () => {
  const downloads = await open('http://127.0.0.1:1');
  await downloads.start(WANTED);
  await downloads.ended('tiny');
  assert.match(downloads.list()[0]!.reason!, /127\.0\.0\.1:1 cannot be reached .* Check the network/);
});

test('what failed is tried again when a person asks, also after wrong bytes', async () => {
  const { address } = await hub((request, response, bytes, times) => times === 1 && (serve(request, response, Buffer.alloc(bytes.length)), true));
  const downloads = await open(address);
  await downloads.start(WANTED);
  assert.equal(await downloads.ended('tiny'), undefined);
  await downloads.start(WANTED);
  assert.ok(await downloads.ended('tiny'));
});

test('refuses a file that the hub knows by another hash than the catalogue', async () => {
  const downloads = await open((await hub()).address);
  await downloads.start({ ...WANTED, files: ['model.safetensors'], sha256: { 'model.safetensors': '0'.repeat(64) } });
  await downloads.ended('tiny');
  assert.match(downloads.list()[0]!.reason!, /another model\.safetensors in who\/tiny than the one Lodestone knows/);
});

test('the token goes to the hub and not to where it redirects', async () => {
  const elsewhere = await hub();
  const { address, requests } = await hub((request, response) => { response.writeHead(302, { location: elsewhere.address + request.url! }).end(); return true; });
  const downloads = await open(address, { hub: () => ({ address, token: 'secret' }) });
  await downloads.start(WANTED);
  assert.ok(await downloads.ended('tiny'));
  assert.ok(requests.every((request) => request.headers.authorization === 'Bearer secret'));
  assert.equal(elsewhere.requests.length, 1);
  assert.equal(elsewhere.requests[0]!.headers.authorization, undefined);
});

test('says beforehand that the disk is too small, and goes on when there is room', async () => {
  let free = 400e6;
  const downloads = await open((await hub()).address, { free: async () => free });
  await downloads.start(WANTED);
  await downloads.ended('tiny');
  assert.match(downloads.list()[0]!.reason!, /Tiny needs 504 MB on the disk, and 400 MB are free/);
  free = 600e6;
  await downloads.start(WANTED);
  assert.ok(await downloads.ended('tiny'));
});

test('says that the disk is full where it fills up on the way', { skip: !existsSync('/dev/full') && 'there is no /dev/full to write to' }, async () => {
  const downloads = await open((await hub()).address);
  mkdirSync(path.join(downloads.models, '.downloading/tiny/files'), { recursive: true });
  symlinkSync('/dev/full', path.join(downloads.models, '.downloading/tiny/files/model.safetensors'));
  await downloads.start(WANTED);
  await downloads.ended('tiny');
  assert.match(downloads.list()[0]!.reason!, /The disk is full\. Make room/);
});

/** Sends half of the weights and then nothing for as long as the connection stands. */
const half: Lie = (_request, response, bytes, times) => {
  if (times > 1) return false;
  response.writeHead(200, { etag: `"${sha256(bytes)}"`, 'content-length': bytes.length }).write(bytes.subarray(0, 1_500_000));
  return true;
};

test('a silent connection is given up and made anew', async () => {
  const { address, requests } = await hub(half);
  const downloads = await open(address, { stallSeconds: 0.6 });
  await downloads.start(WANTED);
  assert.ok(await downloads.ended('tiny'));
  assert.equal(requests.find((request) => request.headers.range !== undefined)?.headers.range, 'bytes=1500000-');
});

test('pauses, tells how far it is, and goes on; a new opening leaves it paused', async () => {
  const { address, requests } = await hub(half);
  let announced = 0;
  const downloads = await open(address, { announce: () => void announced++ });
  await downloads.start(WANTED);
  await until(() => downloads.list()[0]!.bytes >= 1_500_000);
  assert.equal(downloads.list()[0]!.state, 'running');
  await downloads.pause('tiny');
  assert.ok(announced > 1);
  const shown = { id: 'tiny', name: 'Tiny', state: 'paused', bytes: 1_500_000 + 39, total: 3_000_039 };
  assert.deepEqual(downloads.list(), [shown]);
  await downloads.close();
  const again = await open(address, { models: downloads.models });
  assert.deepEqual(again.list(), [shown]);
  await again.start(WANTED);
  assert.ok(await again.ended('tiny'));
  assert.equal(requests.at(-1)!.headers.range, 'bytes=1500000-');
});

test('tells how fast it is and how long it will take', async () => {
  const { address } = await hub((_request, response, bytes) => {
    response.writeHead(200, { 'content-length': bytes.length });
    let sent = 0;
    const timer = setInterval(() => {
      response.write(bytes.subarray(sent, (sent += 30_000)));
      if (sent >= bytes.length) response.end();
    }, 10);
    response.on('close', () => clearInterval(timer));
    return true;
  });
  const downloads = await open(address);
  await downloads.start(WANTED);
  const { bytesPerSecond, secondsLeft, bytes, total } = await until(() => downloads.list()[0]!.bytes > 1_500_000 && downloads.list()[0]);
  // 30 kB every 10 ms, or slower on a busy machine.
  assert.ok(bytesPerSecond! > 50_000 && bytesPerSecond! < 12_000_000, String(bytesPerSecond));
  assert.ok(Math.abs(secondsLeft! - (total - bytes) / bytesPerSecond!) < 1e-9);
  assert.ok(await downloads.ended('tiny'));
});

test('goes on from another hub where its address was changed meanwhile', async () => {
  const [first, second] = [await hub(half), await hub()];
  let { address } = first;
  const downloads = await open(address, { hub: () => ({ address }) });
  await downloads.start(WANTED);
  await until(() => downloads.list()[0]!.bytes >= 1_500_000);
  await downloads.pause('tiny');
  address = second.address;
  await downloads.start(WANTED);
  assert.ok(await downloads.ended('tiny'));
  assert.deepEqual(second.requests.map((request) => request.headers.range), ['bytes=1500000-'], 'the list is asked for once, and what came stays');
});

test('cancelling deletes what has come', async () => {
  const downloads = await open((await hub(half)).address);
  await downloads.start(WANTED);
  await until(() => downloads.list()[0]!.bytes >= 1_500_000);
  await downloads.cancel('tiny');
  assert.deepEqual(downloads.list(), []);
  assert.deepEqual(readdirSync(path.join(downloads.models, '.downloading')), []);
});

test('a killed process loses nothing: the next one goes on by itself', async () => {
  const { address, requests } = await hub(half);
  const models = newFolder();
  const part = path.join(models, '.downloading/tiny/files/model.safetensors');
  const program = `
    import { openDownloads } from ${JSON.stringify(new URL('./download.ts', import.meta.url).href)};
    const downloads = await openDownloads({ models: ${JSON.stringify(models)}, hub: () => ({ address: ${JSON.stringify(address)} }), announce: () => {} });
    await downloads.start(${JSON.stringify(WANTED)});`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'ignore' });
  await until(() => existsSync(part) && readFileSync(part).length >= 1_500_000);
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('exit', resolve));
  assert.deepEqual(readdirSync(models), ['.downloading']);
  const downloads = await open(address, { models });
  assert.ok(await downloads.ended('tiny'));
  assert.equal(requests.at(-1)!.headers.range, 'bytes=1500000-');
  assert.deepEqual(readFileSync(path.join(models, 'tiny/model.safetensors')), WEIGHTS);
});

test('a part that was damaged meanwhile is noticed', async () => {
  const { address } = await hub(half);
  const downloads = await open(address);
  await downloads.start(WANTED);
  await until(() => downloads.list()[0]!.bytes >= 1_500_000);
  await downloads.pause('tiny');
  const part = path.join(downloads.models, '.downloading/tiny/files/model.safetensors');
  writeFileSync(part, Buffer.alloc(1_500_000));
  await downloads.start(WANTED);
  assert.equal(await downloads.ended('tiny'), undefined);
  assert.match(downloads.list()[0]!.reason!, /another content/);
  assert.ok(!existsSync(part));
});

test('rubbish in the place of unfinished downloads is cleared away', async () => {
  const models = newFolder();
  mkdirSync(path.join(models, '.downloading/old'), { recursive: true });
  writeFileSync(path.join(models, '.downloading/old/state.json'), '{');
  const downloads = await open('http://127.0.0.1:1', { models });
  assert.deepEqual(downloads.list(), []);
  assert.deepEqual(readdirSync(path.join(models, '.downloading')), []);
  await assert.rejects(downloads.start({ ...WANTED, id: '../tiny' }), /cannot be the name/);
  await assert.rejects(downloads.pause('none'), /There is no download of “none”/);
});
