import { Readable } from 'node:stream';
import { protocol, session } from 'electron';
import { openPageFile, pageHeaders } from '../engine/page.ts';
import { PAGE_DIR } from './places.ts';

/** The page has an address of its own instead of file:, so that it has an origin and a policy. */
const SCHEME = 'app';
const HOST = 'lodestone';
export const PAGE_URL = `${SCHEME}://${HOST}/`;

/** Before the app is ready. */
export function allowPageScheme(): void {
  protocol.registerSchemesAsPrivileged([{ scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, stream: true, codeCache: true } }]);
}

export function servePage(): void {
  protocol.handle(SCHEME, answerPage);
}

export async function answerPage(request: { url: string; method: string }): Promise<Response> {
  const { host, pathname } = new URL(request.url);
  const file = host === HOST && request.method === 'GET' ? await openPageFile(PAGE_DIR, pathname) : undefined;
  if (!file) return new Response('There is nothing here.', { status: 404, headers: pageHeaders() });
  const body = Readable.toWeb(file.handle.createReadStream()) as ReadableStream<Uint8Array>;
  return new Response(body, { headers: { ...pageHeaders(), 'Content-Type': file.type, 'Content-Length': String(file.size) } });
}

/** A page about documents needs no camera, no place and no notifications. It may put text on the clipboard. */
export function refusePermissions(): void {
  const allowed = (permission: string): boolean => permission === 'clipboard-sanitized-write';
  session.defaultSession.setPermissionRequestHandler((_, permission, answer) => answer(allowed(permission)));
  session.defaultSession.setPermissionCheckHandler((_, permission) => allowed(permission));
  session.defaultSession.setDevicePermissionHandler(() => false);
}
