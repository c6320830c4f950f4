import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { faultOfWeights, readArchitecture, type Architecture } from './architectures.ts';
import { FAMILIES, familyOf, type Family } from './families.ts';
import { openHashes, type Hashes } from './hashes.ts';
import { readManifest, type Manifest } from './manifest.ts';
import { readModelFolder, type ModelFolder } from './model-folder.ts';
import { openTokenizer, type Tokenizer } from './tokenizer.ts';

/** A model folder that can be used, and how. */
export interface Found {
  manifest: Manifest;
  format: 'lodestone' | 'onnx' | 'safetensors';
  /** All its files together. */
  bytes: number;
  /** What its weights take in memory when it is open: those stored in half precision are computed in full. */
  memory: number;
}

/** A folder in Hugging Face's form, looked through. */
export interface FoundFolder extends Found { folder: ModelFolder; tokenizer: Tokenizer; architecture?: Architecture }

export interface InspectOptions {
  /** The family it is of, where no name tells. */
  family?: string;
  /** Where hashes of weights are remembered. */
  hashes?: Hashes;
}

/** Chunks and questions are far shorter; memory grows with the square of the length. */
const LONGEST = 2048;

const inMemory = openHashes();

/**
 * Looks at a model folder without loading it: ours with `manifest.json`, or one in Hugging Face's form. Throws a sentence
 * that names the folder and what is missing or broken.
 */
export async function inspectModel(path: string, options: InspectOptions = {}): Promise<Found> {
  if (existsSync(join(path, 'manifest.json'))) {
    const manifest = await readManifest(path);
    const bytes = sum(Object.values(manifest.files).map((file) => file.bytes));
    return { manifest, format: 'lodestone', bytes, memory: bytes };
  }
  const { manifest, format, bytes, memory } = await inspectFolder(path, options);
  return { manifest, format, bytes, memory };
}

/** The same of a folder in Hugging Face's form, with what is needed to open it. */
export async function inspectFolder(path: string, options: InspectOptions = {}): Promise<FoundFolder> {
  try {
    if (!existsSync(path) || !statSync(path).isDirectory()) throw new Error('there is no such folder.');
    return await look(resolve(path), options);
  } catch (error) {
    throw new Error(`The model folder ${path} cannot be used: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

async function look(path: string, { family: chosen, hashes = inMemory }: InspectOptions): Promise<FoundFolder> {
  const folder = readModelFolder(path);
  const type = String(folder.config['model_type']);
  const role = roleOf(folder.config);
  const family = chosen === undefined ? familyOf(folder.names, type, role) : chosenFamily(chosen, type, role);
  // ONNX is for what cannot be built from the weights themselves.
  const architecture = folder.checkpoint === undefined ? undefined : attempt(() => readArchitecture(folder.config, folder.checkpoint!), folder.onnx !== undefined);
  const labels = labelsOf(folder, role, family);
  if (architecture !== undefined) {
    const fault = faultOfWeights(folder.checkpoint!, architecture.needed(role, labels));
    if (fault !== undefined) throw new Error(fault);
    if (role === 'reranker' && architecture.crossEncoder === undefined) throw new Error(`it judges pairs of texts with a decoder of type "${type}", which is not read.`);
  }
  const tokenizer = await openTokenizer(join(path, 'tokenizer.json'), family?.pair);
  const rows = architecture?.vocabulary ?? Number(folder.config['vocab_size']);
  if (tokenizer.largest >= rows) throw new Error(`its tokenizer.json has tokens up to number ${tokenizer.largest}, but the model only knows ${rows}; the two do not belong together.`);
  if (family?.end !== undefined && tokenizer.id(family.end) === undefined) throw new Error(`its tokenizer.json has no token ${family.end}, which has to end every text of the family ${family.name}.`);
  const { projection } = folder;
  if (family?.projected && projection === undefined) throw new Error(`it lacks the linear layer of the family ${family.name}: modules.json and 2_Dense of sentence-transformers.`);
  if (architecture !== undefined && projection !== undefined && projection.ins !== architecture.width) throw new Error(`its projection takes vectors of ${projection.ins} numbers, but the model gives ${architecture.width}.`);
  const manifest = manifestOf(folder, role, family, architecture);
  manifest.files = Object.fromEntries(await Promise.all(folder.files.map(async (name) => [name, { sha256: await hashes.of(join(path, name)), bytes: statSync(join(path, name)).size }] as const)));
  const bytes = sum(Object.values(manifest.files).map((file) => file.bytes));
  const memory = architecture === undefined ? bytes : 4 * sum(Object.values(architecture.needed(role, labels)).map((shape) => shape.reduce((product, length) => product * length, 1)));
  return { manifest, format: architecture === undefined ? 'onnx' : 'safetensors', bytes, memory, folder, tokenizer, ...(architecture === undefined ? {} : { architecture }) };
}

/** What our own models say of themselves in `manifest.json`, of this one; its files are still to be listed. */
function manifestOf(folder: ModelFolder, role: Manifest['role'], family: Family | undefined, architecture: Architecture | undefined): Manifest {
  const tasks = Object.fromEntries(Object.entries(family?.tasks ?? {}).map(([task, prompts]) => [task, { ...prompts }]));
  const name = folder.names[0]!;
  return {
    id: name.split('/').at(-1)!, name, role, architecture: String(folder.config['model_type']), ...(family === undefined ? {} : { family: family.id }),
    ...(role === 'embedder' ? { dimensions: folder.projection?.out ?? architecture?.width ?? widthOf(folder.config) } : {}),
    maxTokens: Math.min(folder.maxTokens ?? Infinity, family?.maxTokens ?? Infinity, architecture?.longest ?? positionsOf(folder.config), LONGEST),
    ...(role === 'reranker' ? { pooling: 'cls' as const, normalised: false, score: family?.score ?? ('logit' as const) } : vectorsOf(folder, family, architecture)),
    // What the folder itself says of prompts is about this very model.
    prompts: { ...(Object.values(tasks)[0] ?? { query: '', document: '' }), ...folder.prompts },
    ...(Object.keys(tasks).length > 1 ? { tasks } : {}),
    ...(family?.instruction === undefined ? {} : { instruction: family.instruction }),
    ...(folder.promptSkipped === true || family?.promptSkipped === true ? { promptSkipped: true as const } : {}),
    ...(family?.end === undefined ? {} : { end: family.end }),
    languages: languagesOf(folder.languages, family),
    licence: folder.licence ?? family?.licence ?? 'unknown',
    attribution: [], recipe: {}, quality: {}, files: {},
  };
}

/** A page that lists dozens of languages means many. */
function languagesOf(listed: readonly string[], family: Family | undefined): string[] {
  if (listed.length > 0 && listed.length < 4) return [...listed];
  return [...(family?.languages ?? (listed.length > 0 ? ['mul'] : []))];
}

/** How vectors are made: what the folder says, then the family; a model of which neither says is not guessed at. */
function vectorsOf(folder: ModelFolder, family: Family | undefined, architecture: Architecture | undefined): Pick<Manifest, 'pooling' | 'normalised' | 'score'> {
  const pooling = folder.pooling ?? family?.pooling;
  if (pooling === undefined) throw new Error(`nothing says how its vectors are made: it has no modules.json of sentence-transformers, and "${folder.names.join('", "')}" is none of the known families (${FAMILIES.filter(({ role }) => role === 'embedder').map(({ id }) => id).join(', ')}).`);
  if (architecture !== undefined && !architecture.poolings.includes(pooling)) throw new Error(`its vectors are pooled by "${pooling}", which a model of type "${String(folder.config['model_type'])}" is not known to be trained for.`);
  // Where sentence-transformers leaves vectors as they are, a family that compares by cosine still means their directions.
  const dot = (folder.score ?? family?.score) === 'dot' && !(folder.normalised ?? family?.normalised ?? true);
  return { pooling, normalised: !dot, score: dot ? 'dot' : 'cosine' };
}

function roleOf(config: Readonly<Record<string, unknown>>): Manifest['role'] {
  const [architecture = ''] = (config['architectures'] ?? []) as string[];
  if (/ForCausalLM$|ForConditionalGeneration$|ForMaskedLM$|EncoderModel$|Model$|^$/.test(architecture)) return 'embedder';
  if (architecture.endsWith('ForSequenceClassification')) return 'reranker';
  throw new Error(`it is a "${architecture}", which neither makes vectors nor judges pairs of texts.`);
}

/** How many numbers a cross-encoder gives for a pair. */
function labelsOf({ config }: ModelFolder, role: Manifest['role'], family: Family | undefined): number {
  const labels = config['id2label'] === undefined ? Number(config['num_labels'] ?? 2) : Object.keys(config['id2label'] as object).length;
  const wanted = family?.labels ?? 1;
  if (role === 'reranker' && labels !== wanted) throw new Error(`it sorts texts into ${labels} classes; a reranker ${wanted === 1 ? 'gives one number for a pair of texts' : `of the family ${family!.name} has ${wanted}`}.`);
  return labels;
}

function chosenFamily(id: string, type: string, role: Manifest['role']): Family {
  const family = FAMILIES.find((known) => known.id === id);
  if (family === undefined) throw new Error(`no family is called "${id}"; there are ${FAMILIES.map((known) => known.id).join(', ')}.`);
  if (family.role !== role || !family.types.includes(type)) throw new Error(`it is ${role === 'embedder' ? 'an embedder' : 'a reranker'} of type "${type}", and none of the family ${family.name}.`);
  return family;
}

function attempt<T>(read: () => T, elsewise: boolean): T | undefined {
  try {
    return read();
  } catch (error) {
    if (elsewise) return undefined;
    throw error;
  }
}

function widthOf(config: Readonly<Record<string, unknown>>): number {
  const width = config['hidden_size'] ?? config['d_model'] ?? config['dim'];
  if (typeof width !== 'number') throw new Error('its config.json does not say its hidden_size, which is the length of its vectors.');
  return width;
}

function positionsOf(config: Readonly<Record<string, unknown>>): number {
  const positions = config['max_position_embeddings'] ?? config['n_positions'];
  if (typeof positions !== 'number') return Infinity;
  return /roberta/.test(String(config['model_type'])) ? positions - Number(config['pad_token_id'] ?? 1) - 1 : positions;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, value) => total + value, 0);
}

