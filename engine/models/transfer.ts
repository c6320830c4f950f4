import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rm, stat, truncate } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { DownloadFailure } from './failure.ts';
import { fileUrl, get, refusal, type Hub, type HubFile } from './hub.ts';

/** One file on its way from the hub to a path. */
export interface Transfer {
  hub: Hub;
  repository: string;
  commit: string;
  file: HubFile;
  to: string;
  /** Ends the transfer; what has come stays and is gone on with next time. */
  signal: AbortSignal;
  /** What the server calls this content, from an earlier time; it sends the rest only if it still has the same. */
  etag: string | undefined;
  onEtag(etag: string): Promise<void>;
  /** Bytes of the file that are there. */
  onBytes(bytes: number): void;
  /** Whether bytes that came before are being read again. */
  onChecking(checking: boolean): void;
  /** A connection without a byte for so long is given up and made anew. */
  stallSeconds: number;
  /** Before the first new try; doubles with each. */
  retrySeconds: number;
}

/** So many times in a row a connection may bring nothing. */
const TRIES = 6;
const LONGEST_WAIT = 60;

/**
 * Fetches a file, or the rest of it, and returns its SHA-256, which was computed as the bytes came and compared with what the hub
 * had said of it. A file of other content does not stay. @throws DownloadFailure; the signal's reason when it was ended
 */
export async function transfer(work: Transfer): Promise<string> {
  await mkdir(dirname(work.to), { recursive: true });
  const part = await Part.open(work);
  for (let tries = 0; part.bytes < work.file.bytes;) {
    const before = part.bytes;
    try {
      await receive(work, part);
    } catch (error) {
      if (work.signal.aborted) throw work.signal.reason;
      const failure = failureOf(error, work);
      if (failure.code === 'wrong') await part.discard();
      if (!['unreachable', 'dropped', 'busy'].includes(failure.code)) throw failure;
      tries = part.bytes > before ? 1 : tries + 1;
      if (tries >= TRIES) throw failure;
      await after(1000 * Math.min(failure.wait ?? work.retrySeconds * 2 ** (tries - 1), LONGEST_WAIT), undefined, { signal: work.signal });
    }
  }
  return part.checked();
}

/** The bytes that are there, and their hashes. */
class Part {
  bytes = 0;
  readonly #work: Transfer;
  #sha256: Hash = createHash('sha256');
  /** Only of files the hub knows by git's name: it costs as much again. */
  #git: Hash | undefined;

  private constructor(work: Transfer) {
    this.#work = work;
    this.#git = gitHash(work.file);
  }

  /** What came before is read again, since a hash cannot be kept half made. */
  static async open(work: Transfer): Promise<Part> {
    const part = new Part(work);
    const size = (await stat(work.to).catch(() => undefined))?.size ?? 0;
    if (size > work.file.bytes) await rm(work.to);
    else if (size > 0) {
      work.onChecking(true);
      for await (const chunk of createReadStream(work.to, { signal: work.signal })) part.took(chunk as Buffer);
      work.onChecking(false);
    }
    // A file without content is there as soon as it is made.
    if (work.file.bytes === 0) await (await open(work.to, 'a')).close();
    work.onBytes(part.bytes);
    return part;
  }

  took(chunk: Uint8Array): void {
    this.#sha256.update(chunk);
    this.#git?.update(chunk);
    this.bytes += chunk.length;
    this.#work.onBytes(this.bytes);
  }

  async startOver(): Promise<void> {
    if (this.bytes > 0) await truncate(this.#work.to);
    this.bytes = 0;
    this.#sha256 = createHash('sha256');
    this.#git = gitHash(this.#work.file);
    this.#work.onBytes(0);
  }

  async discard(): Promise<void> {
    await rm(this.#work.to, { force: true });
    this.#work.onBytes(0);
  }

  async checked(): Promise<string> {
    const { file, repository } = this.#work;
    const sha256 = this.#sha256.digest('hex');
    const same = 'sha256' in file.hash ? sha256 === file.hash.sha256 : this.#git?.digest('hex') === file.hash.git;
    if (!same) {
      await this.discard();
      throw new DownloadFailure('wrong', `${file.path} of ${repository} arrived with another content than the hub had said. It was deleted; try again, or set another hub.`);
    }
    return sha256;
  }
}

/** Git names a content by the SHA-1 of its length and its bytes. */
function gitHash({ bytes, hash }: HubFile): Hash | undefined {
  return 'sha256' in hash ? undefined : createHash('sha1').update(`blob ${bytes}\0`);
}

/** One connection: asks for what is missing and writes it behind what is there. */
async function receive(work: Transfer, part: Part): Promise<void> {
  const stall = new AbortController();
  const stalled = (): void => stall.abort(new DownloadFailure('dropped', `${host(work)} sent nothing for ${work.stallSeconds} seconds.`));
  let timer = setTimeout(stalled, work.stallSeconds * 1000);
  try {
    const asked = part.bytes > 0 ? { range: `bytes=${part.bytes}-`, ...(work.etag === undefined ? {} : { 'if-range': work.etag }) } : undefined;
    const response = await get(work.hub, fileUrl(work.hub, work, work.file.path), asked ?? {}, AbortSignal.any([work.signal, stall.signal]));
    try {
      await begin(work, part, response, asked !== undefined);
      const file = await open(work.to, 'a');
      try {
        for await (const chunk of response.body ?? []) {
          clearTimeout(timer);
          timer = setTimeout(stalled, work.stallSeconds * 1000);
          if (part.bytes + chunk.length > work.file.bytes) throw lies(work, 'sends');
          await file.appendFile(chunk);
          part.took(chunk);
        }
        await file.sync();
      } finally {
        await file.close();
      }
    } finally {
      await response.body?.cancel().catch(() => undefined);
    }
    if (part.bytes < work.file.bytes) throw new DownloadFailure('dropped', `${host(work)} ended the connection before ${work.file.path} was there.`);
  } finally {
    clearTimeout(timer);
  }
}

/** Looks at an answer's head: what it brings is the rest of the file, or all of it again. */
async function begin(work: Transfer, part: Part, response: Response, asked: boolean): Promise<void> {
  if (response.status === 416 && asked) {
    await part.startOver();
    throw new DownloadFailure('dropped', `${host(work)} does not have the rest of ${work.file.path}.`);
  }
  if (!response.ok) throw refusal(response, work.repository);
  if (response.status === 206 && asked) {
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '');
    if (range?.[2] !== '*' && Number(range?.[2]) !== work.file.bytes) throw lies(work, 'has');
    if (Number(range?.[1]) !== part.bytes) {
      await part.startOver();
      throw new DownloadFailure('dropped', `${host(work)} sent another part of ${work.file.path} than was asked for.`);
    }
  } else await part.startOver(); // The server knows no ranges, or has another content than before.
  const length = response.headers.get('content-length');
  if (length !== null && Number(length) !== work.file.bytes - part.bytes) throw lies(work, 'announces');
  const etag = response.headers.get('etag');
  // A weak one does not say that every byte is the same.
  if (etag !== null && etag.startsWith('"') && etag !== work.etag) {
    work.etag = etag;
    await work.onEtag(etag);
  }
}

function lies(work: Transfer, what: string): DownloadFailure {
  return new DownloadFailure('wrong', `${host(work)} ${what} another number of bytes of ${work.file.path} than the hub had said (${work.file.bytes}). It was deleted; try again, or set another hub.`);
}

function failureOf(error: unknown, work: Transfer): DownloadFailure {
  if (error instanceof DownloadFailure) return error;
  const { code, cause, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT') return new DownloadFailure('space', `The disk is full. Make room (${work.file.path} takes ${Math.ceil(work.file.bytes / 1e6)} MB), then go on.`);
  if ('syscall' in (error as object)) return new DownloadFailure('broken', `${work.to} cannot be written: ${message}.`);
  const why = cause instanceof Error ? cause.message : message;
  return new DownloadFailure('unreachable', `${host(work)} cannot be reached (${why}). Check the network, or the hub's address in the settings.`);
}

function host({ hub, repository, commit, file }: Transfer): string {
  return new URL(fileUrl(hub, { repository, commit }, file.path)).host;
}
