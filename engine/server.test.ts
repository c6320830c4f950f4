import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { get, type IncomingHttpHeaders, request } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type ClientOptions, WebSocket as Client } from 'ws';
import { type AnswerPart, type Engine, EngineError, STREAMS } from './api.ts';
import { connect, webSocketPort } from './rpc.ts';
import { MAX_MESSAGE_BYTES, serveEngine, type Serving } from './server.ts';

let closedByPage = false;

/** As much of an engine as the door needs to be seen working. */
const engine = {
  libraries: async () => [{ id: 1, name: '我的资料' }],
  addFile: async (_library: number, name: string, bytes: Uint8Array) => {
    if (bytes.length === 0) throw new EngineError('empty', `${name} is empty.`);
    return { documents: [bytes.length], unchanged: 0, refused: [] };
  },
  async *ask(): AsyncGenerator<AnswerPart> {
    yield { kind: 'hits', hits: [] };
  },
  close: async () => {
    closedByPage = true;
  },
} as unknown as Engine;

let dir: string;
let door: Serving;

before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'lodestone-door-'));
  const distDir = path.join(dir, 'page');
  await mkdir(path.join(distDir, 'cmaps'), { recursive: true });
  await writeFile(path.join(dir, 'secret.txt'), 'secret');
  await writeFile(path.join(distDir, 'index.html'), '<!doctype html><title>Lodestone</title>');
  await writeFile(path.join(distDir, '.hidden'), 'secret');
  for (const name of ['main.js', 'pdf.worker.mjs', 'openjpeg.wasm', 'cmaps/GBK-EUC-H.bcmap', 'main.css']) {
    await writeFile(path.join(distDir, name), name);
  }
  door = await serveEngine(engine, { distDir });
});
after(async () => {
  await door.close();
  await rm(dir, { recursive: true });
});

interface Answer { status: number; headers: IncomingHttpHeaders; body: string }

async function fetchPage(pathname: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const sent = request({ host: '127.0.0.1', port: door.port, path: pathname, method, headers });
  sent.end();
  const [response] = await once(sent, 'response');
  let body = '';
  for await (const part of response) body += part;
  return { status: response.statusCode, headers: response.headers, body };
}

const origin = (): string => `http://127.0.0.1:${door.port}`;

/** Opens a socket the way the page does, save for what is given; the status of the refusal, or the socket. */
function knock(change: { token?: string; protocols?: string[]; path?: string; host?: string; origin?: string | null } = {}): Promise<Client | number> {
  const options: ClientOptions = { headers: change.host ? { Host: change.host } : {} };
  if (change.origin !== null) options.origin = change.origin ?? origin();
  const client = new Client(
    `ws://127.0.0.1:${door.port}${change.path ?? '/engine'}`,
    change.protocols ?? ['lodestone', change.token ?? door.token],
    options,
  );
  return new Promise((resolve, reject) => {
    client.on('open', () => resolve(client));
    client.on('unexpected-response', (_, response) => {
      resolve(response.statusCode!);
      response.destroy();
    });
    client.on('error', reject);
  });
}

async function enter(change?: Parameters<typeof knock>[0]): Promise<Client> {
  const client = await knock(change);
  assert.ok(client instanceof Client, `refused with ${String(client)}`);
  return client;
}

describe('the page', () => {
  test('is served with the type of each file', async () => {
    const types: Record<string, string> = {
      '/': 'text/html; charset=utf-8',
      '/index.html?x=1': 'text/html; charset=utf-8',
      '/main.js': 'text/javascript; charset=utf-8',
      '/pdf.worker.mjs': 'text/javascript; charset=utf-8',
      '/openjpeg.wasm': 'application/wasm',
      '/main.css': 'text/css; charset=utf-8',
      '/cmaps/GBK-EUC-H.bcmap': 'application/octet-stream',
    };
    for (const [pathname, type] of Object.entries(types)) {
      const { status, headers } = await fetchPage(pathname);
      assert.deepEqual([pathname, status, headers['content-type']], [pathname, 200, type]);
    }
  });

  test('may only do what it needs', async () => {
    for (const pathname of ['/', '/pdf.worker.mjs', '/nothing']) {
      const { headers } = await fetchPage(pathname);
      const policy = String(headers['content-security-policy']);
      for (const rule of ["default-src 'none'", "script-src 'self' 'wasm-unsafe-eval'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"]) {
        assert.ok(policy.split('; ').includes(rule), `${rule} in ${policy}`);
      }
      assert.doesNotMatch(policy, /unsafe-inline|'unsafe-eval'|https?:|\*/);
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['referrer-policy'], 'no-referrer');
      assert.equal(headers['cross-origin-opener-policy'], 'same-origin');
      assert.equal(headers['access-control-allow-origin'], undefined);
    }
  });

  test('is not sent twice when it has not changed', async () => {
    const { headers } = await fetchPage('/main.js');
    const again = await fetchPage('/main.js', { 'If-None-Match': headers.etag! });
    assert.deepEqual([again.status, again.body], [304, '']);
    const head = await fetchPage('/main.js', {}, 'HEAD');
    assert.deepEqual([head.status, head.body, head.headers['content-length']], [200, '', '7']);
  });

  test('nothing beside the page can be read', async () => {
    await symlink(path.join(dir, 'secret.txt'), path.join(dir, 'page', '.link'));
    const roads = [
      '/../secret.txt', '/%2e%2e/secret.txt', '/..%2fsecret.txt', '/cmaps/../../secret.txt', '/cmaps/%2e%2e%2f%2e%2e%2fsecret.txt',
      '//etc/passwd', '/%2fetc/passwd', '/..%5csecret.txt', '/C:/secret.txt', '/%00', '/main.js%00.html', '/%zz', '/.hidden', '/.link',
      '/cmaps', '/cmaps/', 'http://evil.example/main.js', '//', '*', `/${'a'.repeat(5000)}`,
    ];
    for (const road of roads) {
      const { status, body } = await fetchPage(road);
      assert.deepEqual([road, status], [road, 404]);
      assert.doesNotMatch(body, /secret|root:/);
    }
  });

  test('cannot be written to', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) assert.equal((await fetchPage('/', {}, method)).status, 405);
  });

  test('is refused under a name that is not ours (DNS rebinding)', async () => {
    const hosts = ['evil.example', `evil.example:${door.port}`, '127.0.0.1', `127.0.0.1:${door.port + 1}`, `127.0.0.1.evil.example:${door.port}`, `0.0.0.0:${door.port}`];
    for (const host of hosts) assert.deepEqual([host, (await fetchPage('/', { Host: host })).status], [host, 403]);
    assert.equal((await fetchPage('/', { Host: `localhost:${door.port}` })).status, 200);
  });

  test('is refused where no Host is named', async () => {
    const socket = connectTcp(door.port, '127.0.0.1');
    socket.end('GET / HTTP/1.0\r\n\r\n');
    let answer = '';
    for await (const part of socket) answer += part;
    assert.match(answer, /^HTTP\/1\.1 403 /);
  });

  test('is out of reach from the network', async (t) => {
    const address = Object.values(networkInterfaces()).flat().find((entry) => entry && !entry.internal && entry.family === 'IPv4')?.address;
    if (!address) return t.skip('this machine has no address but its own');
    const attempt = get({ host: address, port: door.port });
    const [error] = await once(attempt, 'error');
    assert.equal(error.code, 'ECONNREFUSED');
  });
});

describe('the socket', () => {
  test('carries the engine to a page that knows the token', async () => {
    const there = connect<Engine>(webSocketPort(await enter()), STREAMS);
    assert.deepEqual(await there.libraries(), [{ id: 1, name: '我的资料' }]);
    const parts = [];
    for await (const part of there.ask({ question: '谁?' })) parts.push(part);
    assert.deepEqual(parts, [{ kind: 'hits', hits: [] }]);
    await there.close();
  });

  test('opens for localhost too, whose origin then is localhost', async () => {
    const host = `localhost:${door.port}`;
    (await enter({ host, origin: `http://${host}` })).close();
    assert.equal(await knock({ host }), 403);
  });

  test('carries a file of 32 MB, and its refusal with the code', async () => {
    const there = connect<Engine>(webSocketPort(await enter()), STREAMS);
    const library = (await there.libraries())[0]!.id;
    const bytes = new Uint8Array(32 * 2 ** 20).fill(7);
    assert.deepEqual((await there.addFile(library, 'big.pdf', bytes)).documents, [bytes.length]);
    await assert.rejects(there.addFile(library, 'a.txt', new Uint8Array()), (error) => error instanceof EngineError && error.code === 'empty');
    await there.close();
  });

  test('does not let a page close the engine of all the others', async () => {
    const port = webSocketPort(await enter());
    const reply = new Promise((resolve) => port.onMessage(resolve));
    port.post({ id: 1, call: 'close', args: [] });
    assert.match(JSON.stringify(await reply), /"code":"invalid"/);
    assert.equal(closedByPage, false);
    port.close();
  });

  test('is refused without the token, or with another', async () => {
    const wrong = door.token.slice(0, -1) + (door.token.endsWith('A') ? 'B' : 'A');
    for (const token of [wrong, 'x', `${door.token}x`, 'undefined']) assert.equal(await knock({ token }), 403);
    for (const protocols of [[], ['lodestone'], [door.token], ['other', door.token]]) assert.equal(await knock({ protocols }), 403);
    assert.equal(await knock({ path: `/engine?token=${door.token}`, protocols: ['lodestone'] }), 403);
  });

  test('is refused to a page that is not ours, token or not', async () => {
    const origins = ['http://evil.example', `http://evil.example:${door.port}`, 'null', `https://127.0.0.1:${door.port}`, `http://127.0.0.1:${door.port + 1}`, `http://localhost:${door.port}`, null];
    for (const foreign of origins) assert.deepEqual([foreign, await knock({ origin: foreign })], [foreign, 403]);
  });

  test('is refused under a name that is not ours (DNS rebinding)', async () => {
    const host = `evil.example:${door.port}`;
    assert.equal(await knock({ host, origin: `http://${host}` }), 403);
  });

  test('is at one path only', async () => {
    for (const elsewhere of ['/', '/engine/', '/other']) assert.equal(await knock({ path: elsewhere }), 403);
  });

  test('a message over the limit ends its own connection and no other', async () => {
    const [stranger, friend] = [await enter(), await enter()];
    stranger.on('error', () => undefined);
    // The header of a masked binary frame that claims one byte too many.
    const header = Buffer.alloc(14);
    header.set([0x82, 0xff]);
    header.writeBigUInt64BE(BigInt(MAX_MESSAGE_BYTES + 1), 2);
    (stranger as unknown as { _socket: NodeJS.WritableStream })._socket.write(header);
    await once(stranger, 'close');
    const there = connect<Engine>(webSocketPort(friend), STREAMS);
    assert.equal((await there.libraries()).length, 1);
    await there.close();
  });
});

test('the token is 256 random bits in the fragment, or the one of last time', async () => {
  assert.match(door.url, /^http:\/\/127\.0\.0\.1:\d+\/#token=[A-Za-z0-9_-]{43}$/);
  const other = await serveEngine(engine, { distDir: dir });
  assert.notEqual(other.token, door.token);
  await other.close();
  const again = await serveEngine(engine, { distDir: dir, port: other.port, token: other.token });
  assert.equal(again.url, other.url);
  await again.close();
});

test('a port that is taken is said to be', async () => {
  await assert.rejects(serveEngine(engine, { distDir: dir, port: door.port }), (error) => error instanceof EngineError && error.code === 'busy');
});

test('closing the door ends its connections', async () => {
  const other = await serveEngine(engine, { distDir: dir });
  const client = new Client(`ws://127.0.0.1:${other.port}/engine`, ['lodestone', other.token], { origin: `http://127.0.0.1:${other.port}` });
  await once(client, 'open');
  const gone = once(client, 'close');
  await other.close();
  await gone;
});
