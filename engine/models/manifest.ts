import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Provider } from '../nn/session.ts';

/** What a model folder says of itself in `manifest.json`. Models differ only by this and by their files. */
export interface Manifest {
  id: string;
  name: string;
  role: 'embedder' | 'reranker';
  /** Kind of network: `static`, `bert`, … */
  architecture: string;
  /** Length of a vector; absent for a reranker. */
  dimensions?: number;
  /** Longer texts are cut to so many tokens, special tokens included. */
  maxTokens: number;
  /** How token vectors become one: the graph does it itself, the first token, the mean over the text, the last token. */
  pooling: 'graph' | 'cls' | 'mean' | 'last';
  /** Whether vectors are brought to unit length. */
  normalised: boolean;
  /** Put before a text of that side, exactly as the model was trained. */
  prompts: { query: string; document: string };
  /** The row of `families.ts` a model was recognised by. */
  family?: string;
  /** Prompts by task, where a model was trained for several; `prompts` are those used where no task is named. */
  tasks?: Record<string, { query: string; document: string }>;
  /** Before a question for a task in the person's own words, `{task}` being those. */
  instruction?: string;
  /** Tokens of the prompt are seen but not averaged, and text and prompt are joined without a blank. */
  promptSkipped?: true;
  /** How two vectors, or two texts, are scored: cosine if absent; `sigmoid` is a logit whose sigmoid is meant as a probability. */
  score?: 'cosine' | 'dot' | 'logit' | 'sigmoid';
  /** A token that stands behind every text, after cutting. */
  end?: string;
  /** Cosine of a query and a document that have nothing to do with each other: similarities mean something against this. */
  background?: { mean: number; deviation: number };
  /** BCP 47. */
  languages: string[];
  licence: string;
  /** What it was trained on, with licences. */
  attribution: { source: string; licence: string; pairs?: number }[];
  /** How it was trained: whatever is needed to do it again. */
  recipe: Record<string, unknown>;
  /** nDCG@10 by evaluation set. */
  quality: Record<string, number>;
  files: Record<string, { sha256: string; bytes: number }>;
}

const ROLES = ['embedder', 'reranker'];
const POOLINGS = ['graph', 'cls', 'mean', 'last'];
const NEEDED_FILES = ['model.onnx', 'tokenizer.json'];

/**
 * Reads and checks the manifest of a model folder, and that its files are there in full length. Throws a sentence that names
 * the folder and what is missing or broken.
 */
export async function readManifest(folder: string): Promise<Manifest> {
  const refuse = (why: string): never => {
    throw new Error(`The model folder ${folder} cannot be used: ${why}`);
  };
  let text: string;
  try {
    text = await readFile(join(folder, 'manifest.json'), 'utf8');
  } catch {
    return refuse('it has no manifest.json.');
  }
  let manifest: Manifest;
  try {
    manifest = JSON.parse(text) as Manifest;
  } catch (error) {
    return refuse(`its manifest.json is not JSON (${error instanceof Error ? error.message : String(error)}).`);
  }
  const fault = faultOf(manifest);
  if (fault !== undefined) refuse(`in its manifest.json ${fault}.`);
  for (const [name, file] of Object.entries(manifest.files)) {
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found === undefined) refuse(`${name} is missing.`);
    else if (found.size !== file.bytes) refuse(`${name} has ${found.size} bytes instead of ${file.bytes}; it was not copied or downloaded in full.`);
  }
  return manifest;
}

/** What is wrong with a manifest, or undefined. */
function faultOf(manifest: Manifest): string | undefined {
  if (typeof manifest !== 'object' || manifest === null) return 'there is no object';
  for (const key of ['id', 'name', 'architecture', 'licence'] as const) if (typeof manifest[key] !== 'string' || manifest[key] === '') return `"${key}" is missing`;
  if (!ROLES.includes(manifest.role)) return `"role" is ${JSON.stringify(manifest.role)} instead of one of ${ROLES.join(', ')}`;
  if (!POOLINGS.includes(manifest.pooling)) return `"pooling" is ${JSON.stringify(manifest.pooling)} instead of one of ${POOLINGS.join(', ')}`;
  if (manifest.role === 'embedder' && !isCount(manifest.dimensions)) return '"dimensions" is not a whole number above 0';
  if (!isCount(manifest.maxTokens)) return '"maxTokens" is not a whole number above 0';
  if (typeof manifest.normalised !== 'boolean') return '"normalised" is not true or false';
  if (typeof manifest.prompts?.query !== 'string' || typeof manifest.prompts.document !== 'string') return '"prompts" lacks a text for "query" or "document"';
  if (!Array.isArray(manifest.languages)) return '"languages" is not a list';
  if (!Array.isArray(manifest.attribution)) return '"attribution" is not a list';
  for (const key of ['recipe', 'quality', 'files'] as const) if (typeof manifest[key] !== 'object' || manifest[key] === null) return `"${key}" is missing`;
  for (const name of NEEDED_FILES) if (manifest.files[name] === undefined) return `"files" does not list ${name}`;
  for (const [name, file] of Object.entries(manifest.files)) {
    if (name.includes('..') || name.startsWith('/')) return `"files" names ${name}, which lies outside the folder`;
    if (!/^[0-9a-f]{64}$/.test(file.sha256) || !isCount(file.bytes)) return `"files" does not give sha256 and bytes of ${name}`;
  }
  return undefined;
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value > 0;
}

/** Reads every file and compares its hash: for a folder that was just copied or downloaded. Throws a sentence on a difference. */
export async function verifyFiles(folder: string, manifest: Manifest): Promise<void> {
  for (const [name, file] of Object.entries(manifest.files)) {
    if ((await hashFile(join(folder, name))) !== file.sha256) throw new Error(`The model folder ${folder} cannot be used: the content of ${name} is not what its manifest says; get the model again.`);
  }
}

/** SHA-256 of a file, in hexadecimal. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** One hash over all files of a model. */
export function modelHash({ files }: Pick<Manifest, 'files'>): string {
  return createHash('sha256').update(Object.keys(files).sort().map((name) => files[name]!.sha256).join()).digest('hex').slice(0, 16);
}

/**
 * The vector space of an embedder as a stable text: two vectors may be compared only if theirs is equal. The query's prompt
 * is not part of it, since it can change without the stored vectors becoming wrong; `adapter` is the hash of trained weights
 * laid over the model, `precision` that of its numbers.
 */
export function spaceIdentity(manifest: Manifest, provider: Provider, adapter = 'none', precision = 'float32'): string {
  return [
    `${manifest.id}@${modelHash(manifest)}`, `adapter=${adapter}`, `document=${JSON.stringify(manifest.prompts.document)}`, `pooling=${manifest.pooling}`,
    `normalised=${manifest.normalised}`, `tokens=${manifest.maxTokens}`, ...(manifest.promptSkipped ? ['prompt=skipped'] : []), ...(manifest.end === undefined ? [] : [`end=${manifest.end}`]),
    ...(manifest.score === 'dot' ? ['score=dot'] : []), ...(precision === 'float32' ? [] : [`precision=${precision}`]), `provider=${provider}`,
  ].join(' ');
}
