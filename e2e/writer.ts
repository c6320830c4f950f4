import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that speaks as OpenAI's does and writes what a test tells it, piece by piece; it waits before a piece that is a promise. */
export class Writer {
  /** What was asked of it, newest last. */
  readonly asked: { system: string; user: string }[] = [];
  /** What it writes next, by what it is asked to do; an answer that is missing is an error of the server. */
  answer: ((user: string, system: string) => (string | Promise<void>)[] | undefined) = () => undefined;
  readonly model = 'stand-in-7b';
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => void this.#reply(request.url!, request, response));
  }

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #reply(url: string, request: AsyncIterable<unknown>, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const piece of request) text += String(piece);
    const json = (status: number, value: unknown): void => void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    if (url === '/v1/models') return json(200, { data: [{ id: this.model, max_model_len: 8192 }] });
    if (url !== '/v1/chat/completions') return json(404, { error: { message: 'There is no such page.' } });
    const { messages } = JSON.parse(text) as { messages: { role: string; content: string }[] };
    const said = (role: string): string => messages.filter((message) => message.role === role).map(({ content }) => content).join('\n');
    this.asked.push({ system: said('system'), user: said('user') });
    const pieces = this.answer(said('user'), said('system'));
    if (!pieces) return json(500, { error: { message: 'The model is not loaded.' } });
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const line = (value: unknown): void => void response.write(`data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`);
    for (const piece of pieces) {
      if (typeof piece === 'string') line({ choices: [{ delta: { content: piece } }] });
      else await piece;
    }
    line({ choices: [{ delta: {}, finish_reason: 'stop' }] });
    line('[DONE]');
    response.end();
  }
}
