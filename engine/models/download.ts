import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Download } from '../api.ts';
import { DISK_SPARE, type CatalogModel } from './catalog.ts';
import { DownloadFailure } from './failure.ts';
import { chooseFiles, HUB, list, type Hub, type HubFile } from './hub.ts';
import { transfer } from './transfer.ts';

/** A model to fetch: of the catalogue, or any repository a person names. */
export type Wanted = Pick<CatalogModel, 'id' | 'name' | 'repository' | 'revision' | 'bytes'> & Partial<Pick<CatalogModel, 'files' | 'sha256' | 'licence'>>;

export interface DownloadOptions {
  /** Models stand here, one folder each; unfinished ones below `.downloading`. */
  models: string;
  /** Asked anew for every file, so that a changed address counts soon. */
  hub(): Hub;
  /** Something about the downloads changed; at most a few times a second. */
  announce(): void;
  /** Bytes that are free where models stand; the system is asked if absent. */
  free?(): Promise<number>;
  stallSeconds?: number;
  retrySeconds?: number;
}

/**
 * Downloads of models: each goes on where it stopped, whatever stopped it, and its folder comes into place whole and checked or
 * not at all. Those that ran when the process ended go on as soon as this is opened.
 */
export interface Downloads {
  /** Those that are not at their end. */
  list(): Download[];
  /** Begins a download or goes on with a paused or failed one. @throws DownloadFailure where the model is there already */
  start(wanted: Wanted): Promise<void>;
  /** Resolves when it stands still. */
  pause(id: string): Promise<void>;
  /** Stops it and deletes what has come. */
  cancel(id: string): Promise<void>;
  /** When it stands still: the model's folder if it came to its end, `undefined` if it was paused, cancelled or failed. */
  ended(id: string): Promise<string | undefined>;
  /** Stops all; those that run go on at the next opening. */
  close(): Promise<void>;
}

/** What is kept of an unfinished download, in `state.json`. */
interface State {
  wanted: Wanted;
  state: 'running' | 'paused' | 'failed';
  reason?: string;
  /** What the hub said there is, when it was first asked. */
  plan?: { commit: string; files: HubFile[] };
  /** SHA-256 of the files that are whole. */
  done: Record<string, string>;
  etags: Record<string, string>;
}

/** Written into a finished folder: where it is from, and what every file's bytes were. */
export interface Provenance { hub: string; repository: string; commit: string; fetched: string; licence?: string; files: Record<string, { sha256: string; bytes: number }> }
export const PROVENANCE = 'provenance.json';

const ANNOUNCE_MS = 400;
/** The rate is that of so many last seconds. */
const RATE_SECONDS = 8;

/** Takes up the unfinished downloads of a folder of models. */
export async function openDownloads(options: DownloadOptions): Promise<Downloads> {
  const below = join(options.models, '.downloading');
  const all = new Map<string, Running>();
  for (const id of await readdir(below).catch(() => [])) {
    const state = await readState(join(below, id));
    const finished = state !== undefined && (await exists(join(options.models, id)));
    // Killed between taking its place and clearing up, or before anything was there.
    if (state === undefined || finished) await rm(join(below, id), { recursive: true, force: true });
    else all.set(id, await Running.takenUp(options, state));
  }
  for (const one of all.values()) if (one.state.state === 'running') one.go();

  const running = (id: string): Running => all.get(id) ?? refuse(`There is no download of “${id}”.`);
  return {
    list: () => [...all.values()].filter((one) => !one.finished).map((one) => one.shown()),
    async start(wanted) {
      if (!/^[A-Za-z0-9][\w.-]*$/.test(wanted.id)) refuse(`“${wanted.id}” cannot be the name of a model's folder.`);
      if (await exists(join(options.models, wanted.id))) refuse(`${wanted.name} is there already.`);
      const known = all.get(wanted.id);
      if (known === undefined || known.finished) all.set(wanted.id, new Running(options, { wanted, state: 'running', done: {}, etags: {} }));
      await all.get(wanted.id)!.resume();
    },
    pause: async (id) => running(id).stop('paused'),
    async cancel(id) {
      await running(id).stop('paused');
      all.delete(id);
      await rm(join(below, id), { recursive: true, force: true });
      options.announce();
    },
    ended: async (id) => running(id).end,
    async close() {
      await Promise.all([...all.values()].map((one) => one.stop('running')));
    },
  };
}

/**
 * Takes a model's folder out of its place in one step, to where at the next start all goes that no download knows: whatever ends
 * the deleting that follows, no half of a model stays behind.
 *
 * @returns where it lies now, to be deleted
 */
export function setAside(models: string, id: string): string {
  const aside = join(models, '.downloading', `${id}.${randomUUID()}`);
  mkdirSync(dirname(aside), { recursive: true });
  if (existsSync(join(models, id))) renameSync(join(models, id), aside);
  return aside;
}

function refuse(sentence: string): never {
  throw new DownloadFailure('missing', sentence);
}

/** One download, in this process. */
class Running {
  readonly state: State;
  finished = false;
  /** Settles when it stands still. */
  end: Promise<string | undefined> = Promise.resolve(undefined);
  readonly #options: DownloadOptions;
  readonly #folder: string;
  #stop = new AbortController();
  #checking = false;
  /** Bytes of the file on its way. */
  #coming = 0;
  #pace: { at: number; bytes: number }[] = [];
  #announced = 0;
  #going = false;
  /** Writes of the state follow one another. */
  #saving: Promise<void> = Promise.resolve();

  constructor(options: DownloadOptions, state: State) {
    this.#options = options;
    this.state = state;
    this.#folder = join(options.models, '.downloading', state.wanted.id);
  }

  /** One that another process left. */
  static async takenUp(options: DownloadOptions, state: State): Promise<Running> {
    const one = new Running(options, state);
    for (const { path } of state.plan?.files ?? []) if (!(path in state.done)) one.#coming += await sizeOf(join(one.#folder, 'files', path));
    return one;
  }

  shown(): Download {
    const { wanted, state, reason, plan, done } = this.state;
    const files = plan?.files ?? [];
    const bytes = files.reduce((sum, file) => sum + (file.path in done ? file.bytes : 0), this.#coming);
    const total = plan === undefined ? wanted.bytes : files.reduce((sum, file) => sum + file.bytes, 0);
    const download: Download = { id: wanted.id, name: wanted.name, state: this.#checking && state === 'running' ? 'checking' : state, bytes, total };
    const [first, last] = [this.#pace[0], this.#pace.at(-1)];
    if (state === 'running' && !this.#checking && first !== undefined && last !== undefined && last.at > first.at && last.bytes > first.bytes) {
      download.bytesPerSecond = ((last.bytes - first.bytes) / (last.at - first.at)) * 1000;
      download.secondsLeft = (total - bytes) / download.bytesPerSecond;
    }
    if (reason !== undefined) download.reason = reason;
    return download;
  }

  async resume(): Promise<void> {
    if (this.#going && !this.#stop.signal.aborted) return;
    await this.end;
    this.state.state = 'running';
    delete this.state.reason;
    await this.#save();
    this.go();
  }

  go(): void {
    this.#stop = new AbortController();
    this.#going = true;
    this.end = this.#run(this.#stop.signal).catch(async (error: unknown) => {
      if (this.#stop.signal.aborted) return undefined;
      this.state.state = 'failed';
      this.state.reason = error instanceof Error ? error.message : String(error);
      await this.#save().catch(() => undefined); // On a full disk the reason is shown, though not kept.
      return undefined;
    }).finally(() => {
      this.#going = false;
      this.#checking = false;
      this.#pace = [];
      this.#options.announce();
    });
    this.#options.announce();
  }

  /** `as` is what the state says from then on. */
  async stop(as: 'paused' | 'running'): Promise<void> {
    this.#stop.abort();
    await this.end;
    if (this.finished || this.state.state !== 'running') return;
    this.state.state = as;
    await this.#save();
  }

  async #run(signal: AbortSignal): Promise<string> {
    const { wanted, done, etags } = this.state;
    const { models, stallSeconds = 60, retrySeconds = 1 } = this.#options;
    const plan = (this.state.plan ??= await this.#planned(signal));
    await this.#save();
    await this.#makeSureOfSpace(plan.files);
    for (const file of plan.files) {
      if (file.path in done) continue;
      done[file.path] = await transfer({
        hub: this.#options.hub(), repository: wanted.repository, commit: plan.commit, file, to: join(this.#folder, 'files', file.path), signal, stallSeconds, retrySeconds,
        etag: etags[file.path],
        onEtag: (etag) => { etags[file.path] = etag; return this.#save(); },
        onBytes: (bytes) => this.#came(bytes),
        onChecking: (checking) => { this.#checking = checking; this.#options.announce(); },
      });
      this.#coming = 0;
      await this.#save();
    }
    const provenance: Provenance = {
      hub: this.#options.hub().address ?? HUB, repository: wanted.repository, commit: plan.commit, fetched: new Date().toISOString(),
      ...(wanted.licence === undefined ? {} : { licence: wanted.licence }),
      files: Object.fromEntries(plan.files.map(({ path, bytes }) => [path, { sha256: done[path]!, bytes }])),
    };
    await writeFile(join(this.#folder, 'files', PROVENANCE), JSON.stringify(provenance, undefined, 1));
    signal.throwIfAborted();
    await rename(join(this.#folder, 'files'), join(models, wanted.id));
    this.finished = true;
    await rm(this.#folder, { recursive: true, force: true });
    return join(models, wanted.id);
  }

  /** Asks the hub what there is, before anything is fetched. */
  async #planned(signal: AbortSignal): Promise<NonNullable<State['plan']>> {
    const { repository, revision, files, sha256 = {} } = this.state.wanted;
    const hub = this.#options.hub();
    const listing = await list(hub, repository, revision, signal).catch((error: unknown) => {
      if (error instanceof DownloadFailure || signal.aborted) throw error;
      const { cause, message } = error as Error;
      throw new DownloadFailure('unreachable', `${new URL(hub.address ?? HUB).host} cannot be reached (${cause instanceof Error ? cause.message : message}). Check the network, or the hub's address in the settings.`);
    });
    const chosen = chooseFiles(listing, files);
    for (const { path, hash } of chosen) {
      const known = sha256[path];
      if (known !== undefined && !('sha256' in hash && hash.sha256 === known)) throw new DownloadFailure('wrong', `The hub has another ${path} in ${repository} than the one Lodestone knows. It was not fetched; set another hub.`);
    }
    return { commit: listing.commit, files: chosen };
  }

  async #makeSureOfSpace(files: readonly HubFile[]): Promise<void> {
    let needed = DISK_SPARE;
    for (const { path, bytes } of files) needed += bytes - (await sizeOf(join(this.#folder, 'files', path)));
    const free = await (this.#options.free ?? (() => freeBytes(this.#options.models)))();
    if (free < needed) throw new DownloadFailure('space', `${this.state.wanted.name} needs ${megabytes(needed)} on the disk, and ${megabytes(free)} are free. Make room, then go on.`);
  }

  #came(bytes: number): void {
    this.#coming = bytes;
    const now = performance.now();
    const last = this.#pace.at(-1);
    if (last === undefined || now - last.at > ANNOUNCE_MS / 2 || bytes < last.bytes) {
      this.#pace = [...this.#pace.filter(({ at, bytes: then }) => now - at < RATE_SECONDS * 1000 && then <= bytes), { at: now, bytes }];
    }
    if (now - this.#announced < ANNOUNCE_MS) return;
    this.#announced = now;
    this.#options.announce();
  }

  #save(): Promise<void> {
    const text = JSON.stringify(this.state);
    this.#saving = this.#saving.catch(() => undefined).then(async () => {
      await mkdir(this.#folder, { recursive: true });
      await writeFile(join(this.#folder, 'state.new.json'), text);
      await rename(join(this.#folder, 'state.new.json'), join(this.#folder, 'state.json'));
    });
    return this.#saving;
  }
}

async function readState(folder: string): Promise<State | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, 'state.json'), 'utf8')) as State;
  } catch {
    return undefined;
  }
}

/** Bytes a person may still write where this folder is, or will be. */
export async function freeBytes(folder: string): Promise<number> {
  await mkdir(folder, { recursive: true });
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`;
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}
