import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { defaultDataDir } from './locations.ts';

test('the library lies where each system keeps such things', () => {
  const cases: [env: Record<string, string>, platform: NodeJS.Platform, dir: string][] = [
    [{}, 'linux', '/home/anna/.local/share/Lodestone'],
    [{ XDG_DATA_HOME: '/data' }, 'linux', '/data/Lodestone'],
    [{ XDG_DATA_HOME: 'relative' }, 'linux', '/home/anna/.local/share/Lodestone'],
    [{}, 'darwin', '/home/anna/Library/Application Support/Lodestone'],
    [{ LOCALAPPDATA: '/local' }, 'win32', '/local/Lodestone'],
    [{ XDG_DATA_HOME: '/data', LODESTONE_DATA: '/elsewhere' }, 'linux', '/elsewhere'],
  ];
  for (const [env, platform, dir] of cases) assert.equal(defaultDataDir(env, platform, '/home/anna'), path.normalize(dir));
});
