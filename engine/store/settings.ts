import type { Settings } from '../api.ts';
import { EngineError } from '../api.ts';
import { sql, type Db } from './database.ts';

export const DEFAULT_SETTINGS: Settings = {
  language: 'system',
  theme: 'system',
  parseSeconds: 120,
  parseMegabytes: 2048,
  fileMegabytes: 512,
  hub: '',
  learnWhenIdle: false,
  learnFromModel: false,
  memory: true,
  examples: true,
  actions: true,
  welcomed: false,
};

const CHOICES: Record<string, readonly string[]> = {
  language: ['zh', 'en', 'system'] satisfies Settings['language'][],
  theme: ['light', 'dark', 'system'] satisfies Settings['theme'][],
};

/** What the person chose, over the defaults. */
export function settings(db: Db): Settings {
  const rows = sql<{ key: string; value: string }>(db, `select key, value from setting where key like 'user.%'`).all();
  const chosen = Object.fromEntries(rows.map((row) => [row.key.slice('user.'.length), JSON.parse(row.value)]));
  return { ...DEFAULT_SETTINGS, ...chosen };
}

/** @throws EngineError 'invalid' for an unknown key or a value of another type, below 1, not among the choices or no web address. */
export function changeSettings(db: Db, change: Partial<Settings>): void {
  for (const [key, value] of Object.entries(change)) {
    if (!(key in DEFAULT_SETTINGS)) throw new EngineError('invalid', `There is no setting called “${key}”.`);
    const standard = DEFAULT_SETTINGS[key as keyof Settings];
    const choices = CHOICES[key];
    if (typeof value !== typeof standard || (typeof value === 'number' && !(value >= 1 && value < Infinity)) || (choices && !choices.includes(String(value))) || (key === 'hub' && !isWebAddress(String(value)))) {
      throw new EngineError('invalid', `“${String(value)}” does not fit the setting “${key}”.`);
    }
    put(db, `user.${key}`, JSON.stringify(value));
  }
}

function isWebAddress(text: string): boolean {
  return text === '' || /^https?:$/.test(URL.parse(text)?.protocol ?? '');
}

/** A value the engine keeps for itself, such as the space in use. */
export function get(db: Db, key: string): string | undefined {
  return sql<{ value: string }>(db, 'select value from setting where key = ?').get(key)?.value;
}

export function put(db: Db, key: string, value: string): void {
  sql(db, 'insert into setting (key, value) values (?, ?) on conflict (key) do update set value = excluded.value').run(key, value);
}

export function remove(db: Db, key: string): void {
  sql(db, 'delete from setting where key = ?').run(key);
}
