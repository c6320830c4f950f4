import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { openCheckpoint, type Checkpoint } from '../nn/safetensors.ts';
import type { Prompts } from './families.ts';

/**
 * A model as Hugging Face lays it out: `config.json`, `tokenizer.json`, weights as safetensors (one file or shards with an
 * index) or ONNX, and what sentence-transformers adds: `modules.json`, pooling, a projection, prompts.
 */
export interface ModelFolder {
  path: string;
  config: Readonly<Record<string, unknown>>;
  /** What it may be called, the likeliest first. */
  names: string[];
  checkpoint?: Checkpoint;
  /** Path of the ONNX model. */
  onnx?: string;
  /** As sentence-transformers says; absent where it says nothing. */
  pooling?: 'cls' | 'mean' | 'last';
  promptSkipped?: boolean;
  normalised?: boolean;
  projection?: Projection;
  maxTokens?: number;
  prompts: Partial<Prompts>;
  score?: 'cosine' | 'dot';
  licence?: string;
  languages: string[];
  /** Files that a vector depends on, as seen from the folder. */
  files: string[];
}

/** A linear layer over the pooled vector: weight [out, in], its bias, and tanh over it where it has that. */
export interface Projection { weight: Float32Array; out: number; ins: number; bias?: Float32Array; tanh: boolean }

type Json = Record<string, unknown>;

/** Where ONNX models lie, those in full precision first. */
const ONNX = ['onnx/model.onnx', 'model.onnx', 'onnx/model_quantized.onnx', 'onnx/model_int8.onnx'];

/** Reads what the folder says of itself; weights stay where they are. Throws a sentence that names what is missing. */
export function readModelFolder(folder: string): ModelFolder {
  const path = resolve(folder);
  const config = readJson(path, 'config.json');
  if (config === undefined) throw new Error(existsSync(join(path, 'adapter_config.json'))
    ? 'it holds an adapter without its model; merge the two and save them as one folder.'
    : 'it has no config.json, so nothing says what kind of model it is.');
  if (!existsSync(join(path, 'tokenizer.json'))) throw new Error('it has no tokenizer.json; open the model with transformers\' AutoTokenizer and save it with save_pretrained, which writes one.');
  const readme = readFrontMatter(path);
  const modules = readModules(path);
  const checkpoint = openWeights(path);
  const onnx = ONNX.find((name) => existsSync(join(path, name)));
  if (checkpoint === undefined && onnx === undefined) throw new Error(lackOfWeights(path));
  const tokens = [readJson(path, 'sentence_bert_config.json')?.['max_seq_length'], readJson(path, 'tokenizer_config.json')?.['model_max_length']].filter((value): value is number => typeof value === 'number' && value > 0 && value < 1e6);
  const own = readJson(path, 'config_sentence_transformers.json');
  const prompts = (own?.['prompts'] ?? {}) as Record<string, string>;
  // What sentence-transformers puts before a text where nothing is said of its side.
  const otherwise = String(own?.['default_prompt_name'] ?? '');
  const score = own?.['similarity_fn_name'];
  return {
    path, config, ...readme, ...modules.found,
    names: namesOf(path, config, readme.title),
    ...(checkpoint === undefined ? {} : { checkpoint: checkpoint.weights }),
    ...(onnx === undefined ? {} : { onnx: join(path, onnx) }),
    ...(tokens.length === 0 ? {} : { maxTokens: Math.min(...tokens) }),
    ...(score === 'dot' || score === 'cosine' ? { score } : {}),
    prompts: { ...pick(prompts, 'query', ['query', 'search_query', otherwise]), ...pick(prompts, 'document', ['document', 'passage', 'corpus', 'search_document', otherwise]) },
    files: ['config.json', 'tokenizer.json', ...(checkpoint?.files ?? [onnx!, ...dataOf(path, onnx!)]), ...modules.files],
  };
}

/** The file's JSON, or undefined where there is none. */
function readJson(folder: string, name: string): Json | undefined {
  const file = join(folder, name);
  if (!existsSync(file)) return undefined;
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Json;
  } catch (error) {
    throw new Error(`its ${name} is not JSON (${error instanceof Error ? error.message : String(error)}).`, { cause: error });
  }
}

function pick(prompts: Record<string, string>, side: keyof Prompts, keys: readonly string[]): Partial<Prompts> {
  const key = keys.find((name) => typeof prompts[name] === 'string');
  return key === undefined ? {} : { [side]: prompts[key]! };
}

/** Checkpoints of one file, or of shards that an index names. */
function openWeights(folder: string): { weights: Checkpoint; files: string[] } | undefined {
  if (existsSync(join(folder, 'model.safetensors'))) return { weights: openCheckpoint(join(folder, 'model.safetensors')), files: ['model.safetensors'] };
  const index = readJson(folder, 'model.safetensors.index.json');
  if (index === undefined) return undefined;
  const places = index['weight_map'] as Record<string, string> | undefined;
  if (places === undefined) throw new Error('its model.safetensors.index.json does not say in which file each weight lies.');
  const files = [...new Set(Object.values(places))].sort();
  const missing = files.filter((file) => !existsSync(join(folder, file)));
  if (missing.length > 0) throw new Error(`${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing; model.safetensors.index.json names ${files.length} files of weights.`);
  const outside = files.find((file) => file !== basename(file));
  if (outside !== undefined) throw new Error(`its model.safetensors.index.json names ${outside}, which lies elsewhere.`);
  return { weights: joinShards(folder, files.map((file) => openCheckpoint(join(folder, file)))), files: ['model.safetensors.index.json', ...files] };
}

/** Several checkpoints as one. They lie in one folder, or where its links lead. */
export function joinShards(path: string, shards: readonly Checkpoint[]): Checkpoint {
  const holders = new Map(shards.flatMap((shard) => shard.names.map((name) => [name, shard] as const)));
  const holder = (name: string): Checkpoint => {
    const shard = holders.get(name);
    if (shard === undefined) throw new Error(`None of the files of weights in ${path} has a tensor "${name}".`);
    return shard;
  };
  const folder = commonFolder(shards.map((shard) => shard.folder));
  return {
    folder, metadata: Object.assign({}, ...shards.map((shard) => shard.metadata)) as Record<string, string>, names: [...holders.keys()],
    has: (name) => holders.has(name),
    shape: (name) => holder(name).shape(name),
    read: (name) => holder(name).read(name),
    tensor(name) {
      const tensor = holder(name).tensor(name);
      return 'file' in tensor ? { ...tensor, file: join(relative(folder, holder(name).folder), tensor.file) } : tensor;
    },
  };
}

/** The innermost folder that holds them all. */
function commonFolder(folders: readonly string[]): string {
  return folders.reduce((common, folder) => {
    let outer = common;
    while (relative(outer, folder).startsWith('..')) outer = dirname(outer);
    return outer;
  });
}

function lackOfWeights(folder: string): string {
  const pickled = readdirSync(folder).find((name) => /^pytorch_model.*\.(bin|pt|pth)$/.test(name) || name === 'pytorch_model.bin.index.json');
  if (pickled !== undefined) return `its weights are in ${pickled}, a pickle that could run a stranger's code; open the model with transformers and save it with save_pretrained, which writes model.safetensors.`;
  const other = readdirSync(folder).find((name) => /\.(h5|msgpack|ot|gguf)$/.test(name));
  return `it has neither model.safetensors nor onnx/model.onnx${other === undefined ? '' : `, only ${other}`}; the download may not be complete.`;
}

/** Files an ONNX model keeps its weights in beside itself. */
function dataOf(folder: string, onnx: string): string[] {
  const files = ['_data', '.data'].map((end) => onnx + end).filter((name) => existsSync(join(folder, name)));
  const place = dirname(realpathSync(join(folder, onnx)));
  const link = files.find((name) => lstatSync(join(folder, name)).isSymbolicLink() || dirname(realpathSync(join(folder, name))) !== place);
  if (link !== undefined) throw new Error(`its ${link} is a link, as in the hub's cache, and ONNX Runtime follows none to weights; copy the folder with what its links lead to.`);
  return files;
}

/** What sentence-transformers does behind the network, from `modules.json`. */
function readModules(folder: string): { found: Pick<ModelFolder, 'pooling' | 'promptSkipped' | 'normalised' | 'projection'>; files: string[] } {
  const modules = readJson(folder, 'modules.json') as { type: string; path: string }[] | undefined;
  const found: Pick<ModelFolder, 'pooling' | 'promptSkipped' | 'normalised' | 'projection'> = {};
  const files: string[] = [];
  for (const { type, path } of modules ?? []) {
    const kind = type.split('.').at(-1)!;
    if (kind === 'Transformer') continue;
    if (kind === 'Normalize') found.normalised = true;
    else if (kind === 'Pooling') Object.assign(found, readPooling(readJson(folder, join(path, 'config.json')) ?? {}));
    else if (kind === 'Dense' && found.projection === undefined) {
      found.projection = readProjection(folder, path);
      files.push(`${path}/model.safetensors`);
    } else throw new Error(`its modules.json asks for "${kind}", which is not known here.`);
  }
  if (modules !== undefined) found.normalised ??= false;
  return { found, files };
}

const POOLINGS: Record<string, ModelFolder['pooling']> = { cls_token: 'cls', cls: 'cls', mean_tokens: 'mean', mean: 'mean', lasttoken: 'last' };

function readPooling(config: Json): Pick<ModelFolder, 'pooling' | 'promptSkipped'> {
  const flags = Object.keys(config).filter((key) => key.startsWith('pooling_mode_') && config[key] === true).map((key) => key.slice('pooling_mode_'.length));
  const modes = typeof config['pooling_mode'] === 'string' ? config['pooling_mode'].split('+') : flags;
  const pooling = POOLINGS[modes[0] ?? ''];
  if (modes.length !== 1 || pooling === undefined) throw new Error(`its vectors are pooled by ${modes.length === 0 ? 'nothing that is named' : `"${modes.join(' and ')}"`}; "cls", "mean" and "lasttoken" are known here.`);
  return { pooling, ...(config['include_prompt'] === false ? { promptSkipped: true } : {}) };
}

function readProjection(folder: string, path: string): Projection {
  const config = readJson(folder, join(path, 'config.json')) ?? {};
  const activation = String(config['activation_function'] ?? 'Identity').split('.').at(-1);
  if (activation !== 'Identity' && activation !== 'Tanh') throw new Error(`its projection ${path} ends in "${activation}", which is not known here; "Identity" and "Tanh" are.`);
  const file = join(folder, path, 'model.safetensors');
  if (!existsSync(file)) throw new Error(`the weights of its projection are missing: ${path}/model.safetensors${existsSync(join(folder, path, 'pytorch_model.bin')) ? ', in place of which there is a pickle; open the model with sentence-transformers and save it, which writes one' : ''}.`);
  const checkpoint = openCheckpoint(file);
  const [out, ins] = checkpoint.shape('linear.weight') as [number, number];
  const bias = checkpoint.has('linear.bias') ? { bias: checkpoint.read('linear.bias') } : {};
  return { weight: checkpoint.read('linear.weight'), out, ins, tanh: activation === 'Tanh', ...bias };
}

/** The folder's name, the repository in the hub's cache, what the model was trained from, its page's title. */
function namesOf(path: string, config: Json, title: string | undefined): string[] {
  const cached = path.split(/[\\/]/).findLast((part) => part.startsWith('models--'));
  const from = config['_name_or_path'];
  return [cached?.split('--').slice(1).join('/'), basename(path), title, typeof from === 'string' ? from : undefined].filter((name): name is string => name !== undefined && name !== '');
}

/** Licence, languages and title from the head of `README.md`, as the hub keeps them. */
function readFrontMatter(folder: string): { licence?: string; languages: string[]; title?: string } {
  const file = join(folder, 'README.md');
  if (!existsSync(file) || statSync(file).size > 5e6) return { languages: [] };
  const text = readFileSync(file, 'utf8');
  const head = /^---\r?\n([\s\S]*?)\r?\n---/.exec(text)?.[1] ?? '';
  const licence = /^license(?:_name)?:\s*["']?([\w.+-]+)["']?\s*$/m.exec(head)?.[1];
  const list = /^languages?:[ \t]*(.*(?:\r?\n[ \t]*-[ \t].*)*)/m.exec(head)?.[1] ?? '';
  const title = /^#\s+(.+)$/m.exec(text)?.[1];
  return {
    languages: [...new Set(list.match(/[a-z]{2,3}(?:-[A-Za-z]+)?\b/g) ?? [])],
    ...(licence === undefined || licence === 'other' ? {} : { licence }),
    ...(title === undefined ? {} : { title: title.trim() }),
  };
}
