import type { DeviceInfo, FoundModel, ModelFormat, ModelRole } from '../api.ts';
import { sql, type Db } from './database.ts';
import { get, put } from './settings.ts';

/** What was found where a model was added; of a server, how it is spoken to. */
export interface ModelDetails extends Pick<FoundModel, 'name' | 'family' | 'dimensions' | 'tokens' | 'languages' | 'licence' | 'bytes'> {
  /** Of a folder: the files it needs. */
  files?: string[];
  /** `remote`: it has the model computed elsewhere. */
  server?: { kind: 'ollama' | 'openai'; model: string; remote?: boolean };
  /** Why what was downloaded cannot be used. */
  trouble?: string;
}

/** A model that a person added. `place` is the path of its folder or file, or the address of its server. */
export interface AddedModel { id: string; role: ModelRole; format: ModelFormat; place: string; details: ModelDetails; downloaded: boolean; added: number }

interface Row extends Omit<AddedModel, 'details' | 'downloaded'> { details: string; downloaded: number }

/** Oldest first. */
export function addedModels(db: Db): AddedModel[] {
  return sql<Row>(db, `${SELECT} order by added, id`).all().map(fromRow);
}

export function addedModel(db: Db, id: string): AddedModel | undefined {
  const row = sql<Row>(db, `${SELECT} where id = ?`).get(id);
  return row && fromRow(row);
}

const SELECT = 'select id, role, format, place, details, downloaded, added from model';
const fromRow = (row: Row): AddedModel => ({ ...row, details: JSON.parse(row.details) as ModelDetails, downloaded: row.downloaded === 1 });

/** Stores a model, or what was found anew at the place of one that is known. `key`: encrypted. */
export function saveModel(db: Db, { id, role, format, place, details, downloaded }: Omit<AddedModel, 'added'>, key?: Uint8Array): void {
  sql(db, `insert into model (id, role, format, place, details, key, downloaded, added) values (?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (id) do update set role = excluded.role, format = excluded.format, place = excluded.place, details = excluded.details, key = excluded.key, downloaded = excluded.downloaded, added = excluded.added`)
    .run(id, role, format, place, JSON.stringify(details), key === undefined ? null : Buffer.from(key), downloaded ? 1 : 0, Date.now());
}

export function deleteModel(db: Db, id: string): void {
  sql(db, 'delete from model where id = ?').run(id);
}

/** The encrypted key of a server. */
export function keyOf(db: Db, id: string): Uint8Array | undefined {
  const row = sql<{ key: Buffer | null }>(db, 'select key from model where id = ?').get(id);
  return row?.key ? new Uint8Array(row.key) : undefined;
}

/** The model a person chose for a role; undefined: what goes without choosing. */
export function chosen(db: Db, role: ModelRole): string | undefined {
  return get(db, `model.${role}`);
}

export function choose(db: Db, role: ModelRole, id: string | undefined): void {
  if (id === undefined) sql(db, 'delete from setting where key = ?').run(`model.${role}`);
  else put(db, `model.${role}`, id);
}

/** Where a model runs best on this machine, as it was tried. */
export interface DeviceChoice extends Pick<DeviceInfo, 'refused' | 'speedup'> { device: 'cpu' | 'webgpu' | 'cuda' | 'coreml' | 'dml' }

export function deviceOf(db: Db, id: string): DeviceChoice | undefined {
  const text = get(db, `device.${id}`);
  return text === undefined ? undefined : (JSON.parse(text) as DeviceChoice);
}

export function saveDevice(db: Db, id: string, choice: DeviceChoice): void {
  put(db, `device.${id}`, JSON.stringify(choice));
}
