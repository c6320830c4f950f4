import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { EngineError } from '../api.ts';
import type { Llm, Message, WriteOptions } from './llm.ts';
import { findServers, leavesMachine, openServerLlm, serverModels } from './servers.ts';

/** One server that speaks every protocol; a test says how it misbehaves. */
type Body = Record<string, unknown>;
type Reply = (response: ServerResponse, body: Body, request: IncomingMessage) => void | Promise<void>;
let routes: Record<string, Reply> = {};
let asked: { path: string; body: Body; authorization: string | undefined }[] = [];
/** When the other side hung up. */
let hungUp: Promise<void>;

const http = createServer(async (request, response) => {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  const body = (text === '' ? {} : JSON.parse(text)) as Body;
  asked.push({ path: request.url!, body, authorization: request.headers.authorization });
  const gone = Promise.withResolvers<void>();
  response.once('close', gone.resolve);
  hungUp = gone.promise;
  const reply = routes[request.url!];
  if (reply) await reply(response, body, request);
  else response.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"page not found"}');
});
const json = (value: unknown, status = 200): Reply => (response) => void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
const lines = (...parts: (string | Buffer)[]): Reply => (response) => {
  for (const part of parts) response.write(part);
  response.end();
};
const question: Message[] = [{ role: 'system', content: 'Answer.' }, { role: 'user', content: 'When does the lease end?' }];

let url = '';
/** Where nobody listens. */
let nobody = '';
before(() => new Promise<void>((resolve) => {
  const other = createServer().listen(0, '127.0.0.1', () => {
    nobody = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    other.close();
  });
  http.listen(0, '127.0.0.1', () => {
    url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    resolve();
  });
}));
after(() => {
  http.closeAllConnections();
  http.close();
});
beforeEach(() => { asked = []; });

async function written(llm: Llm, options: Partial<WriteOptions> = {}): Promise<string> {
  let text = '';
  for await (const piece of llm.write(question, { maxTokens: 50, ...options })) text += piece;
  return text;
}
async function failure(work: Promise<unknown>): Promise<{ code: string; message: string }> {
  const error = await work.then(() => assert.fail('It did not fail.'), (error: EngineError) => error);
  return { code: error.code, message: error.message.replace(/127\.0\.0\.1:\d+/, 'HOST') };
}

describe('Ollama', () => {
  const tags = json({ models: [
    { name: 'qwen2.5:3b', size: 1_900_000_000, digest: 'sha256:0123456789abcdef0123', details: { parameter_size: '3.1B', quantization_level: 'Q4_K_M', family: 'qwen2' } },
    { name: 'bge-m3:latest', size: 1_200_000_000, digest: 'ff', details: { family: 'bert' } },
    { name: 'large:1t-cloud', size: 400, remote_host: 'https://example.com:443' },
  ] });
  const show = json({ model_info: { 'general.architecture': 'qwen2', 'qwen2.context_length': 32768 } });
  beforeEach(() => { routes = { '/api/tags': tags, '/api/show': show }; });
  const open = (options = {}): Promise<Llm> => openServerLlm({ kind: 'ollama', url }, 'qwen2.5:3b', options);

  test('lists its models', async () => {
    assert.deepEqual(await serverModels({ kind: 'ollama', url }), [
      { name: 'qwen2.5:3b', bytes: 1_900_000_000, parameters: '3.1B', quantisation: 'Q4_K_M' },
      { name: 'bge-m3:latest', bytes: 1_200_000_000, embedder: true },
      { name: 'large:1t-cloud', bytes: 400, remote: true },
    ]);
  });

  test('streams an answer, and is told what room, length, temperature and schema are wanted', async () => {
    const schema = { type: 'object', properties: { end: { type: 'string' } } } as const;
    const han = Buffer.from('{"message":{"content":"五月"}}\n');
    // Lines and characters arrive in pieces that know nothing of them.
    routes['/api/chat'] = lines('{"message":{"thinking":"hm","content":""}}\n{"message":{"cont', 'ent":"In "}}\n', han.subarray(0, 25), han.subarray(25), '{"message":{"content":""},"done":true}\n');
    const llm = await open();
    assert.equal(llm.id, 'ollama/qwen2.5:3b@0123456789abcdef');
    assert.deepEqual([llm.contextTokens, llm.remote, llm.estimates, llm.likelihood], [8192, false, true, undefined]);
    assert.equal(await written(llm, { schema, seed: 3, temperature: 0.5 }), 'In 五月');
    assert.deepEqual(asked.at(-1)!.body, {
      model: 'qwen2.5:3b', messages: question, stream: true, think: false, format: schema, options: { num_ctx: 8192, num_predict: 50, temperature: 0.5, seed: 3 },
    });
  });

  test('a model that is computed elsewhere is marked, though the server is here', async () => {
    assert.equal((await openServerLlm({ kind: 'ollama', url }, 'large:1t-cloud')).remote, true);
  });

  test('thoughts that come before the text are left out', async () => {
    const say = (...texts: string[]): Reply => lines(...texts.map((content) => `${JSON.stringify({ message: { content } })}\n`), '{"done":true}\n');
    const llm = await open();
    for (const [texts, expected] of [
      [['<th', 'ink>\nMay? ', 'or June</th', 'ink>\n\n', 'In May.'], 'In May.'],
      [['\n<', 'b>'], '\n<b>'],
      [['In <think> May.'], 'In <think> May.'],
      [['<thi'], '<thi'],
    ] as const) {
      routes['/api/chat'] = say(...texts);
      assert.equal(await written(llm), expected);
    }
  });

  test('a model that is not there is named', async () => {
    assert.deepEqual(await failure(openServerLlm({ kind: 'ollama', url }, 'llama3')), { code: 'not-found', message: 'Ollama at HOST does not have the model llama3. Get it with: ollama pull llama3' });
    const llm = await open();
    routes['/api/chat'] = json({ error: 'model "qwen2.5:3b" not found' }, 404);
    assert.deepEqual(await failure(written(llm)), { code: 'not-found', message: 'Ollama at HOST does not have that: model "qwen2.5:3b" not found' });
  });

  test('an answer that is cut off, garbled or ends in an error is no answer', async () => {
    const llm = await open();
    routes['/api/chat'] = lines('{"message":{"content":"In "}}\n');
    assert.equal((await failure(written(llm))).message, 'Ollama at HOST broke off in the middle of the answer.');
    routes['/api/chat'] = (response) => { response.write('{"message":{"content":"In "}}\n'); setImmediate(() => response.destroy()); };
    assert.match((await failure(written(llm))).message, /^Ollama at HOST broke off the connection/);
    routes['/api/chat'] = lines('{"message":{"content":"In "}}\n<html>\n');
    assert.equal((await failure(written(llm))).message, 'Ollama at HOST sent something that cannot be read in the middle of the answer.');
    routes['/api/chat'] = lines('{"message":{"content":"In "}}\n{"error":"out of memory"}\n');
    assert.equal((await failure(written(llm))).message, 'Ollama at HOST failed: out of memory');
  });

  test('a start may be slow, but not for ever; an answer under way may take its time', async () => {
    const llm = await open({ seconds: 0.3 });
    routes['/api/chat'] = (response) => new Promise((resolve) => {
      response.write('{"message":{"content":"In "}}\n');
      setTimeout(() => { response.end('{"message":{"content":"May"},"done":true}\n'); resolve(); }, 500);
    });
    assert.equal(await written(llm), 'In May');
    routes['/api/chat'] = () => undefined;
    assert.equal((await failure(written(llm))).message, 'Ollama at HOST did not begin to answer within 0.3 seconds.');
  });

  test('leaving the loop or a signal hangs up, so that the server stops', async () => {
    const llm = await open();
    const endless: Reply = (response) => {
      const timer = setInterval(() => response.write('{"message":{"content":"a"}}\n'), 1);
      response.once('close', () => clearInterval(timer));
    };
    routes['/api/chat'] = endless;
    for await (const piece of llm.write(question, { maxTokens: 50 })) if (piece) break;
    await hungUp;
    const stop = new AbortController();
    let pieces = 0;
    const error = await failure((async () => { for await (const _ of llm.write(question, { maxTokens: 50, signal: stop.signal })) if (++pieces === 2) stop.abort(); })());
    assert.deepEqual([error.code, pieces], ['cancelled', 2]);
    await hungUp;
  });

  test('what cannot fit is refused before it is sent', async () => {
    const llm = await open({ contextTokens: 100 });
    const sent = asked.length;
    assert.match((await failure(written(llm, { maxTokens: 90 }))).message, /more than the 100 this model is given/);
    assert.equal(asked.length, sent);
    // Estimates are upper ones: an English word is one to two tokens, a Chinese character one to two.
    const [english, chinese] = await llm.count(['When does the lease end?', '租约何时到期？']);
    assert.ok(english! >= 6 && chinese! >= 7);
  });
});

describe('servers with the interface of OpenAI', () => {
  const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
  const said = (content: string): string => event({ choices: [{ delta: { content } }] });
  beforeEach(() => { routes = { '/v1/models': json({ object: 'list', data: [{ id: 'm', max_model_len: 2048 }] }) }; });
  const open = (options = {}, key?: string): Promise<Llm> => openServerLlm({ kind: 'openai', url: `${url}/v1/`, ...(key && { key }) }, 'm', options);

  test('streams events, over comments and names, to the end', async () => {
    routes['/v1/chat/completions'] = lines(': still loading\n\n', 'event: message\n', said('In '), event({ choices: [{ delta: { reasoning_content: 'hm' } }] }), said('五月').replaceAll('\n', '\r\n'), event({ choices: [{ delta: {}, finish_reason: 'stop' }] }), 'data: [DONE]\n\n');
    const llm = await open({}, 'secret');
    const schema = { type: 'object', properties: { end: { type: 'string', maxLength: 9 } } } as const;
    assert.equal(await written(llm, { schema }), 'In 五月');
    assert.deepEqual([llm.contextTokens, llm.id], [2048, `${new URL(url).host}/m`]);
    const { body, authorization } = asked.at(-1)!;
    assert.equal(authorization, 'Bearer secret');
    assert.deepEqual(body, {
      model: 'm', messages: question, stream: true, max_tokens: 50, temperature: 0,
      response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema: { type: 'object', required: ['end'], additionalProperties: false, properties: { end: { type: 'string' } } } } },
    });
  });

  test('a stream that ends without saying so is cut', async () => {
    const llm = await open();
    routes['/v1/chat/completions'] = lines(said('In '));
    assert.equal((await failure(written(llm))).message, 'The server at HOST broke off in the middle of the answer.');
    routes['/v1/chat/completions'] = lines(said('In '), event({ error: { message: 'the card fell out' } }));
    assert.equal((await failure(written(llm))).message, 'The server at HOST failed: the card fell out');
    // Some leave out the last line but say why they ended.
    routes['/v1/chat/completions'] = lines(said('In May'), event({ choices: [{ delta: {}, finish_reason: 'length' }] }));
    assert.equal(await written(llm), 'In May');
  });

  test('what a status means is a sentence, and the key is in none', async () => {
    const llm = await open({}, 'sk-secret');
    const answers: [number, unknown, string, string][] = [
      [401, { error: { message: 'Incorrect API key provided: sk-secret' } }, 'invalid', 'The server at HOST did not accept the key.'],
      [400, { error: { message: 'context too long for sk-secret' } }, 'invalid', 'The server at HOST refuses the question: context too long for …'],
      [404, { error: { message: 'no such model' } }, 'not-found', 'The server at HOST does not have that: no such model'],
      [429, {}, 'busy', 'The server at HOST has too much to do, or its allowance is used up.'],
      [503, { detail: [] }, 'failed', 'The server at HOST failed (503).'],
    ];
    for (const [status, body, code, message] of answers) {
      routes['/v1/chat/completions'] = json(body, status);
      assert.deepEqual(await failure(written(llm)), { code, message });
    }
    routes['/v1/chat/completions'] = (response) => void response.writeHead(500).end('<html>');
    assert.equal((await failure(written(llm))).message, 'The server at HOST failed (500).');
    routes['/v1/models'] = json({}, 401);
    assert.equal((await failure(open())).message, 'The server at HOST wants a key.');
  });

  test('what is no such server, is not running, or leads elsewhere is said', async () => {
    routes['/v1/models'] = lines('<html>');
    assert.equal((await failure(open())).message, 'The server at HOST answers in a way that is not its interface. Is the address right?');
    routes['/v1/models'] = (response) => void response.writeHead(302, { location: 'http://example.com/v1/models' }).end();
    assert.deepEqual(await failure(open()), { code: 'invalid', message: 'The server at HOST sends questions on to another address; give that one instead.' });
    assert.deepEqual(await failure(serverModels({ kind: 'openai', url: nobody })), { code: 'not-found', message: 'The server at HOST is not running.' });
    assert.equal((await failure(serverModels({ kind: 'openai', url: 'my computer' }))).code, 'invalid');
  });

  test('a model that wants another word for the length is asked again with it', async () => {
    const llm = await open();
    routes['/v1/chat/completions'] = (response, body, request) => ('max_tokens' in body
      ? json({ error: { message: "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead." } }, 400)(response, body, request)
      : lines(said('In May'), 'data: [DONE]\n\n')(response, body, request));
    assert.equal(await written(llm), 'In May');
    const before = asked.length;
    assert.equal(await written(llm), 'In May');
    assert.equal(asked.length, before + 1);
    assert.deepEqual(asked.at(-1)!.body, { model: 'm', messages: question, stream: true, max_completion_tokens: 50 });
  });

  test('llama.cpp counts in its own tokens', async () => {
    routes['/v1/models'] = json({ data: [{ id: 'm', meta: { n_ctx_train: 32768, n_params: 3e9, size: 2e9 } }] });
    routes['/props'] = json({ default_generation_settings: { n_ctx: 4096 } });
    routes['/apply-template'] = (response, body, request) => json({ prompt: `<s>${(body['messages'] as Message[]).map(({ content }) => content).join(' ')}` })(response, body, request);
    routes['/tokenize'] = (response, body, request) => json({ tokens: [...String(body['content'])].map((_, i) => i) })(response, body, request);
    const llm = await open();
    assert.deepEqual([llm.contextTokens, llm.estimates], [4096, false]);
    assert.deepEqual(await llm.count(['abc', '五月', question]), [3, 2, '<s>Answer. When does the lease end?'.length]);
  });

  test('LM Studio says how much room a loaded model was given', async () => {
    routes['/v1/models'] = json({ data: [{ id: 'm' }, { id: 'text-embedding-bge' }] });
    routes['/api/v0/models'] = json({ data: [{ id: 'm', type: 'llm', quantization: 'Q4_K_M', loaded_context_length: 4000, max_context_length: 32000 }] });
    assert.deepEqual(await serverModels({ kind: 'openai', url }), [{ name: 'm', contextTokens: 4000, quantisation: 'Q4_K_M' }, { name: 'text-embedding-bge', embedder: true }]);
    assert.equal((await open()).contextTokens, 4000);
  });

  test('a server that says how likely each token of a prompt is can be a teacher; others cannot', async () => {
    assert.equal((await open({ scores: true })).likelihood, undefined);
    // As vLLM does: every character is a token here, the n-th with log-probability -n; the first has none.
    routes['/v1/completions'] = (response, body, request) => {
      const letters = [...String(body['prompt']), '!'];
      json({ choices: [{ logprobs: { tokens: letters, token_logprobs: letters.map((_, i) => (i === 0 ? null : -i)), text_offset: letters.map((_, i) => i) } }] })(response, body, request);
    };
    const llm = await open({ scores: true });
    assert.deepEqual(await llm.likelihood!([{ prompt: 'abc', answer: 'de' }, { prompt: '😀', answer: '五' }]), [-3.5, -1]);
  });
});

test('an address that is not of this machine is marked', async () => {
  for (const local of ['http://localhost:1234', 'http://127.0.0.1', 'http://127.8.8.8:1', 'http://[::1]:80/v1']) assert.equal(leavesMachine(local), false, local);
  for (const remote of ['https://api.example.com', 'http://192.168.1.5:11434', 'http://localhost.example.com', 'http://127.0.0.1.example.com', 'http://[2001:db8::1]']) assert.equal(leavesMachine(remote), true, remote);
  assert.deepEqual(['qwen3:4b', 'gpt-oss:120b-cloud', 'glm-4.6:cloud'].map((model) => leavesMachine('http://127.0.0.1:11434', model)), [false, true, true]);
});

test('servers are found at the addresses where they are known to listen, and nobody else is taken for one', async () => {
  routes = { '/api/tags': json({ models: [{ name: 'q' }] }), '/v1/models': json({ data: [{ id: 'm', max_model_len: 9 }] }) };
  const found = await findServers([
    { kind: 'ollama', url, product: 'Ollama' }, { kind: 'openai', url, product: 'vLLM' }, { kind: 'openai', url: nobody, product: 'nobody' }, { kind: 'openai', url: `${url}/else`, product: 'somebody else' },
  ]);
  assert.deepEqual(found, [{ kind: 'ollama', url, product: 'Ollama', models: [{ name: 'q' }] }, { kind: 'openai', url, product: 'vLLM', models: [{ name: 'm', contextTokens: 9 }] }]);
});
