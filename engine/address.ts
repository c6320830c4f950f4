import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine } from './api.ts';
import { EngineError } from './api.ts';
import { serveEngine, type ServeOptions, type Serving } from './server.ts';

interface Address { port: number; token: string }

/**
 * Serves the engine where it was served last, with the same token, so that a page that was open finds its way back after
 * a restart. The address lies in the data directory, readable by its owner alone, beside what it gives access to. Where
 * the port is taken meanwhile another one is used; a port or token that is asked for goes before the remembered one.
 */
export async function serveAgain(engine: Engine, dataDir: string, options: ServeOptions): Promise<Serving> {
  const file = join(dataDir, 'address.json');
  const known = remembered(file);
  const serving = await serveEngine(engine, { ...known, ...options }).catch((error: unknown) => {
    const taken = error instanceof EngineError && error.code === 'busy' && options.port === undefined && known;
    if (!taken) throw error;
    return serveEngine(engine, { ...options, token: options.token ?? known.token });
  });
  writeFileSync(file, JSON.stringify({ port: serving.port, token: serving.token } satisfies Address), { mode: 0o600 });
  return serving;
}

function remembered(file: string): Address | undefined {
  try {
    const { port, token } = JSON.parse(readFileSync(file, 'utf8')) as Address;
    return Number.isInteger(port) && typeof token === 'string' && token.length >= 40 ? { port, token } : undefined;
  } catch {
    return undefined; // The first time, or a file that someone spoiled: a new address is as good.
  }
}
