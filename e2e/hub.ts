import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const HASH = 'a'.repeat(64);
/** Of the file that never comes to its end. */
const WEIGHTS = 400_000_000;
const PIECE = 64 * 1024;
const EVERY = 40;

/** A hub that has every model, and gives its bytes so slowly that a download can be held, gone on with and cancelled. */
export class Hub {
  /** Bytes from where on something was asked for; a download that goes on does not ask for what it has. */
  readonly from: number[] = [];
  readonly #server: Server = createServer((request, response) => this.#reply(request, response));

  get address(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
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

  #reply({ url, headers }: IncomingMessage, response: ServerResponse): void {
    if (url!.startsWith('/api/models/')) {
      const siblings = ['config.json', 'tokenizer.json', 'model.safetensors'].map((rfilename) => ({ rfilename, size: WEIGHTS, lfs: { sha256: HASH, size: WEIGHTS } }));
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ sha: 'b'.repeat(40), siblings }));
      return;
    }
    const start = Number(/^bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0);
    this.from.push(start);
    response.writeHead(start > 0 ? 206 : 200, {
      'content-length': WEIGHTS - start, etag: `"${HASH}"`, 'accept-ranges': 'bytes',
      ...(start > 0 && { 'content-range': `bytes ${start}-${WEIGHTS - 1}/${WEIGHTS}` }),
    });
    const timer = setInterval(() => response.write(Buffer.alloc(PIECE)), EVERY);
    response.once('close', () => clearInterval(timer));
  }
}
