import { type FileHandle, open } from 'node:fs/promises';
import path from 'node:path';

/** A file of the built page, open and ready to be sent. Whoever asked closes it. */
export interface PageFile { handle: FileHandle; size: number; type: string; tag: string }

/**
 * What the page may do. It runs its own scripts and styles, pdf.js compiles its decoders (`wasm-unsafe-eval`), pictures
 * come from documents as blobs; nothing else is fetched, framed, embedded or sent anywhere.
 * `engine` names the sockets the page may open besides its own origin ("ws://127.0.0.1:5000").
 */
export function pageHeaders(engine: string[] = []): Record<string, string> {
  const policy = [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    "img-src 'self' blob: data:",
    "font-src 'self'",
    ['connect-src', "'self'", ...engine].join(' '),
    "worker-src 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ];
  return {
    'Content-Security-Policy': policy.join('; '),
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=(), midi=(), payment=()',
    'Cache-Control': 'no-cache',
  };
}

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.ttf': 'font/ttf',
};

/**
 * The file of `dir` that `pathname` (of a URL, percent-encoded) names, "/" meaning index.html. Undefined where there is
 * none, or where the name leads out of the folder.
 */
export async function openPageFile(dir: string, pathname: string): Promise<PageFile | undefined> {
  let name: string;
  try {
    name = decodeURIComponent(pathname);
  } catch {
    return undefined; // A percent sign that encodes nothing.
  }
  if (name.endsWith('/')) name += 'index.html';
  // Plain names only: no dot files, no "..", no drive or device of Windows, no NUL.
  if (!/^(\/[\p{L}\p{N}_-][\p{L}\p{N}_.@-]*)+$/u.test(name)) return undefined;
  const handle = await open(path.join(dir, name)).catch(() => undefined);
  const stat = await handle?.stat();
  if (!handle || !stat?.isFile()) {
    await handle?.close();
    return undefined;
  }
  const type = TYPES[path.extname(name)] ?? 'application/octet-stream';
  return { handle, size: stat.size, type, tag: `"${stat.size.toString(36)}-${Math.trunc(stat.mtimeMs).toString(36)}"` };
}
