import { EngineError } from '../api.ts';

/** A server that runs language models. The key goes into its header and nowhere else. */
export interface Server {
  kind: 'ollama' | 'openai';
  /** Without the path of its interface: `http://127.0.0.1:11434`, `https://example.com/compatible`. */
  url: string;
  key?: string;
}

export interface Asking { signal?: AbortSignal; /** So long until the answer begins; after that it may take its time. */ seconds: number }

/**
 * Whether what is sent to this address leaves this machine; given the model's name, also whether Ollama, which may well be
 * here, has that model computed by its makers (`…-cloud`).
 */
export function leavesMachine(url: string, model = ''): boolean {
  const { hostname } = new URL(url);
  return /[:-]cloud$/.test(model) || !(hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(hostname));
}

/** The address of a path of the server's interface, whether its url was given with `/v1` or a slash at its end or not. */
export function addressOf(server: Server, path: string): string {
  const url = server.url.replace(/\/+$/, '').replace(/\/v1$/, '');
  return url + path;
}

/** The name a person knows a server by. */
export function nameOf(server: Server): string {
  return `${server.kind === 'ollama' ? 'Ollama' : 'The server'} at ${URL.canParse(server.url) ? new URL(server.url).host : server.url}`;
}

/** Asks for JSON. @throws EngineError with a sentence for whatever goes wrong */
export async function askJson(server: Server, path: string, body: object | undefined, asking: Asking): Promise<unknown> {
  const clock = new AbortController();
  const timer = setTimeout(() => clock.abort(), asking.seconds * 1000);
  try {
    const response = await request(server, path, body, asking, clock.signal);
    return JSON.parse(await response.text()) as unknown;
  } catch (error) {
    throw sentence(server, error, asking, clock.signal);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Asks for an answer that comes line by line. The clock runs until the first line that is not empty; leaving the loop ends
 * the request, which ends the server's work.
 */
export async function* askLines(server: Server, path: string, body: object, asking: Asking): AsyncGenerator<string> {
  const clock = new AbortController();
  const timer = setTimeout(() => clock.abort(), asking.seconds * 1000);
  const left = new AbortController();
  try {
    const response = await request(server, path, body, asking, AbortSignal.any([clock.signal, left.signal]));
    let rest = '';
    for await (const text of (response.body ?? new Blob().stream()).pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split(/\r?\n/);
      rest = lines.pop()!;
      for (const line of lines) {
        if (line.trim() === '') continue;
        clearTimeout(timer);
        yield line;
      }
    }
    if (rest.trim() !== '') yield rest;
  } catch (error) {
    throw sentence(server, error, asking, clock.signal);
  } finally {
    clearTimeout(timer);
    left.abort();
  }
}

async function request(server: Server, path: string, body: object | undefined, { signal }: Asking, until: AbortSignal): Promise<Response> {
  if (!URL.canParse(server.url) || !/^https?:$/.test(new URL(server.url).protocol)) {
    throw new EngineError('invalid', `"${server.url}" is not the address of a server; it begins with http:// or https://.`);
  }
  const response = await fetch(addressOf(server, path), {
    method: body ? 'POST' : 'GET',
    headers: { ...(body && { 'content-type': 'application/json' }), ...(server.key && { authorization: `Bearer ${server.key.trim()}` }) },
    ...(body && { body: JSON.stringify(body) }),
    // An address on this machine that leads elsewhere would take what was asked out of it.
    redirect: 'error',
    signal: signal ? AbortSignal.any([signal, until]) : until,
  });
  if (!response.ok) throw refusal(server, response.status, (await response.text()).slice(0, 2000));
  return response;
}

/** What a status means, and what the server says of it. Servers may repeat the key: it is taken out. */
function refusal(server: Server, status: number, body: string): EngineError {
  const name = nameOf(server);
  const said = reasonIn(body, server);
  if (status === 401 || status === 403) return new EngineError('invalid', server.key ? `${name} did not accept the key.` : `${name} wants a key.`);
  if (status === 404) return new EngineError('not-found', `${name} does not have that${said}`);
  if (status === 429) return new EngineError('busy', `${name} has too much to do, or its allowance is used up${said}`);
  if (status === 400 || status === 413 || status === 422) return new EngineError('invalid', `${name} refuses the question${said}`);
  return new EngineError('failed', `${name} failed (${status})${said}`);
}

/** The reason in an error's body, as the end of a sentence. */
export function reasonIn(body: unknown, server: Server): string {
  let value = body;
  if (typeof value === 'string') {
    try {
      value = JSON.parse(value) as unknown;
    } catch {
      return '.'; // A page of HTML, most often.
    }
  }
  for (const key of ['error', 'message', 'detail']) {
    if (typeof value === 'object' && value !== null && key in value) value = (value as Record<string, unknown>)[key];
  }
  if (typeof value !== 'string' || value === '') return '.';
  return `: ${server.key ? value.replaceAll(server.key, '…') : value}`;
}

function sentence(server: Server, error: unknown, { signal, seconds }: Asking, clock: AbortSignal): EngineError {
  if (error instanceof EngineError) return error;
  const name = nameOf(server);
  if (signal?.aborted) return new EngineError('cancelled', 'The answer was stopped.');
  if (clock.aborted) return new EngineError('failed', `${name} did not begin to answer within ${seconds} seconds.`);
  if (error instanceof SyntaxError) return new EngineError('failed', `${name} answers in a way that is not its interface. Is the address right?`);
  const { code, message = '' } = ((error as Error).cause ?? {}) as { code?: string; message?: string };
  if (code === 'ECONNREFUSED') return new EngineError('not-found', `${name} is not running.`);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return new EngineError('not-found', `${name} cannot be found.`);
  if (message.includes('redirect')) return new EngineError('invalid', `${name} sends questions on to another address; give that one instead.`);
  return new EngineError('failed', `${name} broke off the connection${code ? ` (${code})` : ''}.`);
}

/** The answer ended before the server said that it does. */
export function brokenOff(server: Server): EngineError {
  return new EngineError('failed', `${nameOf(server)} broke off in the middle of the answer.`);
}

/** A line that should be JSON. */
export function parseLine<T>(server: Server, line: string): T {
  try {
    return JSON.parse(line) as T;
  } catch {
    throw new EngineError('failed', `${nameOf(server)} sent something that cannot be read in the middle of the answer.`);
  }
}
