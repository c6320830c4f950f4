import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

/** Whether this runs as TypeScript out of the source tree; built, it lies one folder deeper, in dist/. */
const isSource = import.meta.url.endsWith('.ts');
const project = path.resolve(import.meta.dirname, isSource ? '..' : '../..');

/** Which Lodestone this is. */
export function version(): string {
  return (JSON.parse(readFileSync(path.join(project, 'package.json'), 'utf8')) as { version: string }).version;
}

/** The bundled models and samples. */
export const resourcesDir = path.join(project, 'resources');

/** The built page. */
export const pageDir = path.join(project, 'dist', 'renderer');

/** Where a person's library lies if nobody says otherwise: LODESTONE_DATA, or the platform's place for such things. */
export function defaultDataDir(env: NodeJS.ProcessEnv = process.env, platform: NodeJS.Platform = process.platform, home = homedir()): string {
  if (env['LODESTONE_DATA']) return path.resolve(env['LODESTONE_DATA']);
  if (platform === 'win32') return path.join(env['LOCALAPPDATA'] || path.join(home, 'AppData', 'Local'), 'Lodestone');
  if (platform === 'darwin') return path.join(home, 'Library', 'Application Support', 'Lodestone');
  // The XDG base directory specification says to pass over a relative path.
  const data = env['XDG_DATA_HOME'] ?? '';
  return path.join(path.isAbsolute(data) ? data : path.join(home, '.local', 'share'), 'Lodestone');
}
