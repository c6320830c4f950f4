import { randomBytes, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { type Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { WebSocketServer } from 'ws';
import { type Engine, EngineError } from './api.ts';
import { openPageFile, pageHeaders } from './page.ts';
import { serve, webSocketPort } from './rpc.ts';

/** One message is at most one dropped file, of 512 MB as the settings begin; on its way it is in memory about three times. */
export const MAX_MESSAGE_BYTES = 513 * 2 ** 20;

/** The name both ends say; the token follows it, because a page cannot set a header on a WebSocket. */
export const PROTOCOL = 'lodestone';

export interface Serving {
  /** Where a person opens the page. The token stands in the fragment, which browsers send to nobody. */
  url: string;
  port: number;
  token: string;
  /** Ends the door and its connections; the engine stays open. */
  close(): Promise<void>;
}

export interface ServeOptions {
  /** The built page. */
  distDir: string;
  /** Any free one if absent. */
  port?: number;
  /** 256 random bits if absent; given again, pages that were open find their way back after a restart. */
  token?: string;
}

/**
 * The door for browsers: the page and its WebSocket, on 127.0.0.1 only. The page does this:
 *
 *   const token = new URLSearchParams(location.hash.slice(1)).get('token')   // kept in sessionStorage, then removed
 *   const socket = new WebSocket(`ws://${location.host}/engine`, ['lodestone', token]);
 *   const engine = connect<Engine>(webSocketPort(socket), STREAMS);
 *
 * A foreign page can make a browser knock here, or point its own name at 127.0.0.1 (DNS rebinding). So the Host must be
 * ours, and a socket must name the Origin and know the token. The files of the page are no secret and need none.
 */
export async function serveEngine(engine: Engine, { distDir, port = 0, token = randomBytes(32).toString('base64url') }: ServeOptions): Promise<Serving> {
  const http = createServer();
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, handleProtocols: () => PROTOCOL });

  http.listen(port, '127.0.0.1');
  try {
    await once(http, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new EngineError('busy', `Port ${port} is taken by another program. Choose another one, or none to let Lodestone choose.`);
  }
  const { port: actual } = http.address() as AddressInfo;
  const hosts = [`127.0.0.1:${actual}`, `localhost:${actual}`];
  const headers = pageHeaders(hosts.map((host) => `ws://${host}`));

  http.on('request', (request, response) => {
    if (!hosts.includes(request.headers.host ?? '')) refuse(response, 403, 'This address is not ours.');
    else if (request.method !== 'GET' && request.method !== 'HEAD') refuse(response, 405, 'Only reading is possible here.');
    else void sendPage(distDir, headers, request, response);
  });

  http.on('upgrade', (request, socket, head) => {
    const reason = whyNot(request, hosts, token);
    if (reason) {
      refuseUpgrade(socket, reason);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('error', () => webSocket.terminate()); // A message too large, a frame that is none.
      serve(engine, webSocketPort(webSocket), ['close']);
    });
  });

  return {
    url: `http://127.0.0.1:${actual}/#token=${token}`,
    port: actual,
    token,
    async close() {
      for (const webSocket of sockets.clients) webSocket.terminate();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

/** What is wrong with this knock, or nothing. */
function whyNot(request: IncomingMessage, hosts: string[], token: string): string | undefined {
  const { host = '', origin } = request.headers;
  if (request.url !== '/engine') return 'There is no such door.';
  if (!hosts.includes(host)) return 'This address is not ours.';
  if (origin !== `http://${host}`) return 'This page is not ours.';
  const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
  if (offered[0] !== PROTOCOL || !isSame(offered[1] ?? '', token)) return 'The token is missing or wrong.';
  return undefined;
}

function isSame(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

async function sendPage(distDir: string, headers: Record<string, string>, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [pathname] = request.url!.split('?', 1);
  const file = await openPageFile(distDir, pathname!);
  if (!file) {
    refuse(response, 404, 'There is nothing here.');
    return;
  }
  const known = request.headers['if-none-match'] === file.tag;
  response.writeHead(known ? 304 : 200, { ...headers, ETag: file.tag, ...(!known && { 'Content-Type': file.type, 'Content-Length': file.size }) });
  if (known || request.method === 'HEAD') {
    response.end();
    await file.handle.close();
    return;
  }
  // Rejects when the browser goes away in the middle, which is its right.
  await pipeline(file.handle.createReadStream(), response).catch(() => undefined);
}

function refuse(response: ServerResponse, status: number, reason: string): void {
  response.writeHead(status, { ...pageHeaders(), 'Content-Type': 'text/plain; charset=utf-8' });
  response.end(`${reason}\n`);
}

function refuseUpgrade(socket: Duplex, reason: string): void {
  socket.on('error', () => socket.destroy());
  socket.end(`HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${reason}\n`);
}
