import { DownloadFailure } from './failure.ts';

/** Where models come from if a person sets no other address; a mirror such as https://hf-mirror.com speaks the same. */
export const HUB = 'https://huggingface.co';

export interface Hub {
  /** `HUB` if absent. */
  address?: string;
  /** For models whose owners want a promise first; sent to the hub's own address and to no other. */
  token?: string;
}

/** A file of a repository, and how its bytes are known: SHA-256, or the name git gives a small file's content. */
export interface HubFile { path: string; bytes: number; hash: { sha256: string } | { git: string } }

/** What a repository holds at one commit. */
export interface Listing { repository: string; commit: string; files: HubFile[] }

const REDIRECTS = 8;

/**
 * One GET, following redirects by hand: the token goes with it only as long as the address stays the hub's, and a secure
 * address never leads to an insecure one. Like Node's own `fetch` this minds HTTP_PROXY, HTTPS_PROXY and NO_PROXY only where Node
 * was started with NODE_USE_ENV_PROXY=1.
 */
export async function get(hub: Hub, url: string, headers: Record<string, string>, signal: AbortSignal): Promise<Response> {
  let place = new URL(url);
  for (let hop = 0; hop <= REDIRECTS; hop++) {
    const own = place.origin === new URL(hub.address ?? HUB).origin;
    const response = await fetch(place, {
      redirect: 'manual', signal,
      // Bytes are counted and hashed as they lie on the hub, so nothing may be packed on the way.
      headers: { 'user-agent': 'Lodestone', 'accept-encoding': 'identity', ...headers, ...(own && hub.token ? { authorization: `Bearer ${hub.token}` } : {}) },
    });
    const location = response.headers.get('location');
    if (response.status < 300 || response.status >= 400 || response.status === 304 || location === null) return response;
    await response.body?.cancel();
    const next = URL.parse(location, place);
    if (next === null || !/^https?:$/.test(next.protocol) || (place.protocol === 'https:' && next.protocol !== 'https:')) {
      throw new DownloadFailure('broken', `${place.host} leads to an address that cannot be trusted (${location.slice(0, 80)}).`);
    }
    place = next;
  }
  throw new DownloadFailure('broken', `${new URL(url).host} leads from one address to the next without end.`);
}

/** The files of a repository at a revision, with sizes and hashes, as the hub tells them before anything is fetched. @throws DownloadFailure */
export async function list(hub: Hub, repository: string, revision: string, signal: AbortSignal): Promise<Listing> {
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository)) throw new DownloadFailure('missing', `“${repository}” is no repository: it is written as owner/name.`);
  const url = `${address(hub)}/api/models/${repository}/revision/${encodeURIComponent(revision)}?blobs=true`;
  const response = await get(hub, url, {}, signal);
  if (!response.ok) {
    await response.body?.cancel();
    throw refusal(response, repository);
  }
  const said = await response.json().catch(() => undefined) as { sha?: unknown; siblings?: unknown } | undefined;
  if (typeof said?.sha !== 'string' || !/^[0-9a-f]{40}$/.test(said.sha) || !Array.isArray(said.siblings)) {
    throw new DownloadFailure('broken', `${new URL(url).host} does not answer like a model hub. Check the hub's address in the settings.`);
  }
  return { repository, commit: said.sha, files: said.siblings.flatMap((file) => hubFile(file)) };
}

/** A file with a safe path, a size and a hash; others are not offered. */
function hubFile(said: unknown): HubFile[] {
  const file = said as { rfilename?: unknown; size?: unknown; blobId?: unknown; lfs?: { sha256?: unknown; size?: unknown } };
  const bytes = file.lfs?.size ?? file.size;
  if (typeof file.rfilename !== 'string' || !isSafe(file.rfilename) || typeof bytes !== 'number' || !Number.isSafeInteger(bytes) || bytes < 0) return [];
  if (typeof file.lfs?.sha256 === 'string' && /^[0-9a-f]{64}$/.test(file.lfs.sha256)) return [{ path: file.rfilename, bytes, hash: { sha256: file.lfs.sha256 } }];
  if (file.lfs === undefined && typeof file.blobId === 'string' && /^[0-9a-f]{40}$/.test(file.blobId)) return [{ path: file.rfilename, bytes, hash: { git: file.blobId } }];
  return [];
}

/** A path that stays within the model's folder, on every system. */
function isSafe(path: string): boolean {
  return path.length < 200 && path.split('/').every((part) => /^[\w][\w .+@=-]*$|^\.gitattributes$/.test(part) && !part.endsWith('.') && !part.endsWith(' '));
}

/** Where a file's bytes are. */
export function fileUrl(hub: Hub, { repository, commit }: Pick<Listing, 'repository' | 'commit'>, path: string): string {
  return `${address(hub)}/${repository}/resolve/${commit}/${path.split('/').map(encodeURIComponent).join('/')}`;
}

function address(hub: Hub): string {
  const url = URL.parse(hub.address ?? HUB);
  if (url === null || !/^https?:$/.test(url.protocol)) throw new DownloadFailure('unreachable', `The hub's address “${hub.address}” is no web address. Set it in the settings.`);
  return url.href.replace(/\/+$/, '');
}

/** What an answer that is no success means. */
export function refusal(response: Response, repository: string): DownloadFailure {
  const { status } = response;
  if (status === 401 || status === 403) return new DownloadFailure('gated', `${repository} is not open to everyone (${status}): its owners ask for an account, or for their conditions to be accepted, on the hub's page.`);
  if (status === 404) return new DownloadFailure('missing', `The hub does not have ${repository} in this revision any more (404).`);
  const wait = Number(response.headers.get('retry-after'));
  if (status === 429 || status >= 500) return new DownloadFailure('busy', `The hub is busy (${status}). Try again later.`, wait > 0 ? wait : undefined);
  return new DownloadFailure('broken', `The hub answered ${status} for ${repository}.`);
}

/** Read beside the weights, where the repository has them; the head of README.md says licence and languages. */
const BESIDE = /^(config|tokenizer|tokenizer_config|special_tokens_map|generation_config|modules|config_sentence_transformers|sentence_bert_config)\.json$|^\d_[A-Za-z]+\/(config\.json|model\.safetensors)$|^(LICEN[CS]E|NOTICE)(\.(txt|md))?$|^README\.md$/;
const SHARD = /^model-\d+-of-\d+\.safetensors$/;

/**
 * The files that make a model of a repository: the weights in the best form there is (safetensors, else ONNX), the tokenizer,
 * configurations and the licence; or exactly those of `wanted`. @throws DownloadFailure naming what is missing
 */
export function chooseFiles({ repository, files }: Listing, wanted?: readonly string[]): HubFile[] {
  const missing = (what: string): never => { throw new DownloadFailure('missing', `${repository} cannot be used: it has no ${what}.`); };
  if (wanted !== undefined) return wanted.map((path) => files.find((file) => file.path === path) ?? missing(path));
  const has = (path: string): HubFile[] => files.filter((file) => file.path === path);
  const shards = files.filter((file) => SHARD.test(file.path));
  const weights = [
    () => has('model.safetensors'),
    () => (shards.length > 0 ? [...has('model.safetensors.index.json'), ...shards] : []),
    () => files.filter(({ path }) => /^onnx\/(model\.onnx([._]data)?|\w+_attr__value)$/.test(path)),
    () => files.filter(({ path }) => /^model\.onnx([._]data)?$/.test(path)),
  ].map((choice) => choice()).find((choice) => choice.length > 0) ?? missing('weights in safetensors or ONNX (pickled weights are not opened, since they can run programs)');
  for (const needed of ['config.json', 'tokenizer.json']) if (has(needed).length === 0) missing(needed);
  return [...files.filter(({ path }) => BESIDE.test(path)), ...weights];
}
