import type { Fit, ModelRole } from '../api.ts';

/** What a model of the catalogue is good for; the page has words for each in both languages. */
export type Strength = 'small' | 'precise' | 'chinese' | 'english' | 'both' | 'many-languages' | 'long-texts' | 'many-tasks' | 'thinks';

/**
 * A public model that Lodestone can run and a person may fetch. `revision` pins what was looked at, where its commit is known; sizes are of the files that
 * are fetched, rounded except where `sha256` names the very file. `memory` is what its weights take when they are open: those
 * that lie on disk in half precision are computed in float32.
 */
export interface CatalogModel {
  id: string;
  role: ModelRole;
  name: string;
  /** The family whose prompts and pooling it has (`families.ts`); absent for language models. */
  family?: string;
  format: 'safetensors' | 'onnx' | 'gguf';
  /** `owner/name` on the hub. */
  repository: string;
  /** A commit, a branch, or a reference such as `refs/pr/1`. */
  revision: string;
  /** Exactly these files; absent: what `chooseFiles` takes of the repository. */
  files?: readonly string[];
  /** SHA-256 by file, where it is known beforehand; the hub has to say the same. */
  sha256?: Readonly<Record<string, string>>;
  bytes: number;
  memory: number;
  /** Length of a vector. */
  dimensions?: number;
  /** The longest text it reads. */
  tokens: number;
  /** BCP 47; `mul` is many more. */
  languages: readonly string[];
  /** SPDX, or the name of the licence. */
  licence: string;
  strengths: readonly Strength[];
}

const MB = 1e6;
const MANY = ['zh', 'en', 'mul'];

/** A BERT-like embedder in safetensors, as its authors published it; float32 on disk. */
function encoder(id: string, repository: string, revision: string, megabytes: number, more: Pick<CatalogModel, 'name' | 'family' | 'dimensions' | 'tokens' | 'languages' | 'licence' | 'strengths'>): CatalogModel {
  return { id, role: 'embedder', format: 'safetensors', repository, revision, bytes: megabytes * MB, memory: megabytes * MB, ...more };
}

function reranker(id: string, repository: string, revision: string, megabytes: number, more: Pick<CatalogModel, 'name' | 'family' | 'tokens' | 'languages' | 'licence' | 'strengths'>): CatalogModel {
  return { id, role: 'reranker', format: 'safetensors', repository, revision, bytes: megabytes * MB, memory: megabytes * MB, ...more };
}

/** One file of llama.cpp's format. */
function gguf(role: ModelRole, id: string, repository: string, revision: string, file: string, bytes: number, sha256: string, more: Pick<CatalogModel, 'name' | 'family' | 'dimensions' | 'tokens' | 'languages' | 'licence' | 'strengths'>): CatalogModel {
  return { id, role, format: 'gguf', repository, revision, files: [file], sha256: { [file]: sha256 }, bytes, memory: bytes, ...more };
}

const bge = (id: string, revision: string, megabytes: number, dimensions: number, language: 'zh' | 'en', size: readonly Strength[]): CatalogModel =>
  encoder(id, `BAAI/${id}`, revision, megabytes, {
    name: id.replace('bge', 'BGE').replaceAll('-', ' '), family: `bge-${language}`, dimensions, tokens: 512, languages: [language], licence: 'MIT',
    strengths: [language === 'zh' ? 'chinese' : 'english', ...size],
  });

/** The authors offer a pickle only; this is the same model as transformers.js has it. */
const inOnnx = (model: CatalogModel): CatalogModel => ({ ...model, format: 'onnx', repository: model.repository.replace('BAAI', 'Xenova') });

const e5 = (size: 'small' | 'base' | 'large', revision: string, megabytes: number, dimensions: number, strengths: readonly Strength[]): CatalogModel =>
  encoder(`multilingual-e5-${size}`, `intfloat/multilingual-e5-${size}`, revision, megabytes, {
    name: `Multilingual E5 ${size}`, family: 'e5', dimensions, tokens: 512, languages: MANY, licence: 'MIT', strengths: ['both', 'many-languages', ...strengths],
  });

const qwen = (id: string, repository: string, revision: string, file: string, bytes: number, sha256: string, more: Pick<CatalogModel, 'name' | 'strengths'>): CatalogModel =>
  gguf('llm', id, repository, revision, file, bytes, sha256, { tokens: 32768, languages: MANY, licence: 'Apache-2.0', ...more });

/** Models that read text for search, the smaller first. */
const RETRIEVAL: readonly CatalogModel[] = [
  bge('bge-small-zh-v1.5', '7999e1d3359715c523056ef9478215996d62a620', 96, 512, 'zh', ['small']),
  bge('bge-small-en-v1.5', '5c38ec7c405ec4b44b94cc5a9bb96e735b38267a', 134, 384, 'en', ['small']),
  inOnnx(bge('bge-base-zh-v1.5', 'main', 409, 768, 'zh', [])),
  bge('bge-base-en-v1.5', 'a5beb1e3e68b9ab74eb54cfd186867f64f240e1a', 438, 768, 'en', []),
  inOnnx(bge('bge-large-zh-v1.5', 'main', 1302, 1024, 'zh', ['precise'])),
  bge('bge-large-en-v1.5', 'd4aa6901d3a41ba39fb536a557fa166f842b0e09', 1341, 1024, 'en', ['precise']),
  e5('small', 'fd1525a9fd15316a2d503bf26ab031a61d056e98', 488, 384, ['small']),
  e5('base', 'd13f1b27baf31030b7fd040960d60d909913633f', 1129, 768, []),
  e5('large', 'ab10c1a7f42e74530fe7ae5be82e6d4f11a719eb', 2257, 1024, ['precise']),
  encoder('llm-embedder', 'BAAI/llm-embedder', 'c3e8ac86ff4859012570d6b59341fe67b88e55ad', 439, {
    name: 'LLM-Embedder', family: 'llm-embedder', dimensions: 768, tokens: 512, languages: ['en'], licence: 'MIT', strengths: ['english', 'many-tasks'],
  }),
  // Its authors offer a pickle only; this is the same model with the hub's own conversion to safetensors.
  encoder('bce-embedding-base_v1', 'InfiniFlow/bce-embedding-base_v1', 'dbbfe2a23da1296f9a9b01655b12f9e7dcdf3261', 1129, {
    name: 'BCE embedding base', family: 'bce', dimensions: 768, tokens: 512, languages: ['zh', 'en'], licence: 'Apache-2.0', strengths: ['both'],
  }),
  // Converted to safetensors by the hub; of the English one there is no such conversion at a known commit.
  encoder('mcontriever-msmarco', 'facebook/mcontriever-msmarco', '5ee3087c3b08ec04d66f306b3ffee90dc3f096e6', 712, {
    name: 'mContriever (MS MARCO)', family: 'contriever', dimensions: 768, tokens: 512, languages: MANY, licence: 'CC-BY-NC-4.0', strengths: ['many-languages'],
  }),
  // The authors' branch has ONNX and no safetensors.
  {
    id: 'bge-m3', role: 'embedder', name: 'BGE M3', family: 'bge-m3', format: 'onnx', repository: 'BAAI/bge-m3', revision: '5617a9f61b028005a4858fdac845db406aefb181',
    bytes: 2289 * MB, memory: 2289 * MB, dimensions: 1024, tokens: 8192, languages: MANY, licence: 'MIT', strengths: ['both', 'many-languages', 'precise', 'long-texts'],
  },
  gguf('embedder', 'bge-m3-q8', 'gpustack/bge-m3-GGUF', '2d48f1737679ad900d5c26c5aad5410e9c70fdca', 'bge-m3-Q8_0.gguf', 634_553_760, '950f4a8e5e19477a6d3c26d2f162233c20002c601f75e4b002e3239997821167', {
    name: 'BGE M3 (8 bit)', family: 'bge-m3', dimensions: 1024, tokens: 8192, languages: MANY, licence: 'MIT', strengths: ['both', 'many-languages', 'long-texts'],
  }),
  // bfloat16 on disk.
  {
    id: 'qwen3-embedding-0.6b', role: 'embedder', name: 'Qwen3 Embedding 0.6B', family: 'qwen-embedding', format: 'safetensors', repository: 'Qwen/Qwen3-Embedding-0.6B',
    revision: 'b22da495047858cce924d27d76261e96be6febc0', bytes: 1203 * MB, memory: 2383 * MB, dimensions: 1024, tokens: 32768, languages: MANY, licence: 'Apache-2.0',
    strengths: ['both', 'many-languages', 'precise', 'long-texts'],
  },
  gguf('embedder', 'qwen3-embedding-0.6b-q8', 'Qwen/Qwen3-Embedding-0.6B-GGUF', '370f27d7550e0def9b39c1f16d3fbaa13aa67728', 'Qwen3-Embedding-0.6B-Q8_0.gguf', 639_150_592, '06507c7b42688469c4e7298b0a1e16deff06caf291cf0a5b278c308249c3e439', {
    name: 'Qwen3 Embedding 0.6B (8 bit)', family: 'qwen-embedding', dimensions: 1024, tokens: 32768, languages: MANY, licence: 'Apache-2.0', strengths: ['both', 'many-languages', 'long-texts'],
  }),
  reranker('bge-reranker-base', 'BAAI/bge-reranker-base', '2cfc18c9415c912f9d8155881c133215df768a70', 1129, { name: 'BGE reranker base', family: 'bge-reranker', tokens: 512, languages: ['zh', 'en'], licence: 'MIT', strengths: ['both'] }),
  reranker('bce-reranker-base_v1', 'InfiniFlow/bce-reranker-base_v1', 'f80323a3e3e04b58099484906eb5bfb192315db8', 1129, {
    name: 'BCE reranker base', family: 'bce-reranker', tokens: 512, languages: ['zh', 'en', 'ja', 'ko'], licence: 'Apache-2.0', strengths: ['both'],
  }),
  reranker('bge-reranker-large', 'BAAI/bge-reranker-large', '55611d7bca2a7133960a6d3b71e083071bbfc312', 2257, { name: 'BGE reranker large', family: 'bge-reranker', tokens: 512, languages: ['zh', 'en'], licence: 'MIT', strengths: ['both', 'precise'] }),
  reranker('bge-reranker-v2-m3', 'BAAI/bge-reranker-v2-m3', '953dc6f6f85a1b2dbfca4c34a2796e7dde08d41e', 2289, {
    name: 'BGE reranker v2 M3', family: 'bge-reranker', tokens: 8192, languages: MANY, licence: 'Apache-2.0', strengths: ['both', 'many-languages', 'precise', 'long-texts'],
  }),
  gguf('reranker', 'bge-reranker-v2-m3-q8', 'gpustack/bge-reranker-v2-m3-GGUF', '3093af03b1a635e67b084b1d8c03c5f5e020fd05', 'bge-reranker-v2-m3-Q8_0.gguf', 635_676_416, 'a43c7c9b11a4c1517e5bf95151960e1621d1b72f7a493364b01e386cf1aaa1d3', {
    name: 'BGE reranker v2 M3 (8 bit)', family: 'bge-reranker', tokens: 8192, languages: MANY, licence: 'Apache-2.0', strengths: ['both', 'many-languages', 'long-texts'],
  }),
];

/** Models that write answers, the smaller first. Four bits a weight, the smallest ones eight, where four cost too much skill. */
const LANGUAGE: readonly CatalogModel[] = [
  qwen('qwen2.5-0.5b', 'Qwen/Qwen2.5-0.5B-Instruct-GGUF', '9217f5db79a29953eb74d5343926648285ec7e67', 'qwen2.5-0.5b-instruct-q4_k_m.gguf', 491_400_032, '74a4da8c9fdbcd15bd1f6d01d621410d31c6fc00986f5eb687824e7b93d7a9db', { name: 'Qwen2.5 0.5B', strengths: ['both', 'small'] }),
  qwen('qwen3-0.6b', 'Qwen/Qwen3-0.6B-GGUF', '23749fefcc72300e3a2ad315e1317431b06b590a', 'Qwen3-0.6B-Q8_0.gguf', 639_446_688, '9465e63a22add5354d9bb4b99e90117043c7124007664907259bd16d043bb031', { name: 'Qwen3 0.6B', strengths: ['both', 'small', 'thinks'] }),
  gguf('llm', 'gemma-3-1b', 'ggml-org/gemma-3-1b-it-GGUF', 'f9c28bcd85737ffc5aef028638d3341d49869c27', 'gemma-3-1b-it-Q4_K_M.gguf', 806_058_240, '8ccc5cd1f1b3602548715ae25a66ed73fd5dc68a210412eea643eb20eb75a135', {
    name: 'Gemma 3 1B', tokens: 32768, languages: ['en'], licence: 'Gemma Terms of Use', strengths: ['english', 'small'],
  }),
  gguf('llm', 'llama-3.2-1b', 'bartowski/Llama-3.2-1B-Instruct-GGUF', '067b946cf014b7c697f3654f621d577a3e3afd1c', 'Llama-3.2-1B-Instruct-Q4_K_M.gguf', 807_694_464, '6f85a640a97cf2bf5b8e764087b1e83da0fdb51d7c9fab7d0fece9385611df83', {
    name: 'Llama 3.2 1B', tokens: 131072, languages: ['en'], licence: 'Llama 3.2 Community License', strengths: ['english', 'small', 'long-texts'],
  }),
  qwen('qwen2.5-1.5b', 'Qwen/Qwen2.5-1.5B-Instruct-GGUF', '91cad51170dc346986eccefdc2dd33a9da36ead9', 'qwen2.5-1.5b-instruct-q4_k_m.gguf', 1_117_320_736, '6a1a2eb6d15622bf3c96857206351ba97e1af16c30d7a74ee38970e434e9407e', { name: 'Qwen2.5 1.5B', strengths: ['both', 'small'] }),
  qwen('qwen3-1.7b', 'Qwen/Qwen3-1.7B-GGUF', '90862c4b9d2787eaed51d12237eafdfe7c5f6077', 'Qwen3-1.7B-Q8_0.gguf', 1_834_426_016, '061b54daade076b5d3362dac252678d17da8c68f07560be70818cace6590cb1a', { name: 'Qwen3 1.7B', strengths: ['both', 'thinks'] }),
  gguf('llm', 'llama-3.2-3b', 'bartowski/Llama-3.2-3B-Instruct-GGUF', '5ab33fa94d1d04e903623ae72c95d1696f09f9e8', 'Llama-3.2-3B-Instruct-Q4_K_M.gguf', 2_019_377_696, '6c1a2b41161032677be168d354123594c0e6e67d2b9227c84f296ad037c728ff', {
    name: 'Llama 3.2 3B', tokens: 131072, languages: ['en'], licence: 'Llama 3.2 Community License', strengths: ['english', 'long-texts'],
  }),
  gguf('llm', 'gemma-3-4b', 'ggml-org/gemma-3-4b-it-GGUF', 'd0976223747697cb51e056d85c532013931fe52e', 'gemma-3-4b-it-Q4_K_M.gguf', 2_489_757_856, '882e8d2db44dc554fb0ea5077cb7e4bc49e7342a1f0da57901c0802ea21a0863', {
    name: 'Gemma 3 4B', tokens: 131072, languages: MANY, licence: 'Gemma Terms of Use', strengths: ['both', 'many-languages', 'long-texts'],
  }),
  qwen('qwen3-4b', 'Qwen/Qwen3-4B-GGUF', 'bc640142c66e1fdd12af0bd68f40445458f3869b', 'Qwen3-4B-Q4_K_M.gguf', 2_497_280_256, '7485fe6f11af29433bc51cab58009521f205840f5b4ae3a32fa7f92e8534fdf5', { name: 'Qwen3 4B', strengths: ['both', 'thinks', 'precise'] }),
  gguf('llm', 'qwen2.5-7b', 'bartowski/Qwen2.5-7B-Instruct-GGUF', '8911e8a47f92bac19d6f5c64a2e2095bd2f7d031', 'Qwen2.5-7B-Instruct-Q4_K_M.gguf', 4_683_074_240, '65b8fcd92af6b4fefa935c625d1ac27ea29dcb6ee14589c55a8f115ceaaa1423', {
    name: 'Qwen2.5 7B', tokens: 32768, languages: MANY, licence: 'Apache-2.0', strengths: ['both', 'precise'],
  }),
  qwen('qwen3-8b', 'Qwen/Qwen3-8B-GGUF', '7c41481f57cb95916b40956ab2f0b139b296d974', 'Qwen3-8B-Q4_K_M.gguf', 5_027_783_488, 'd98cdcbd03e17ce47681435b5150e34c1417f50b5c0019dd560e4882c5745785', { name: 'Qwen3 8B', strengths: ['both', 'thinks', 'precise'] }),
];

/** Everything that is offered. Nothing of it is fetched before a person asks for it. */
export const CATALOG: readonly CatalogModel[] = [...RETRIEVAL, ...LANGUAGE];

export function catalogModel(id: string): CatalogModel | undefined {
  return CATALOG.find((model) => model.id === id);
}

/** The machine as far as it decides what fits; bytes. `disk` is what is free where models are kept. */
export interface Machine { cores: number; memory: number; disk: number; /** Of a graphics card with memory of its own. */ gpuMemory?: number }

/** `limit` is what there is too little of; `needs` and `has` are of that, or of memory where all is well. */
export interface MachineFit extends Fit { limit?: 'memory' | 'disk' | 'cores' }

/** What runs beside the weights: activations and the runtime; of a language model the cache of its context too. */
const BESIDE = { embedder: 300 * MB, reranker: 300 * MB, llm: 1000 * MB };
/** The system and other programs want their share of the memory. */
const WELL = 0.5;
const TIGHT = 0.8;
/** Left on the disk after a download. */
export const DISK_SPARE = 500 * MB;
/** A language model reads all its weights for each token: beyond this many bytes a core, answers come slower than a person reads. */
const BYTES_A_CORE = 900 * MB;

/**
 * Whether a model fits a machine: a hint from its size, no measurement. `bytes` is what would have to be fetched yet, 0 for a
 * model that is there.
 */
export function fitOf(model: { role: ModelRole; memory: number }, bytes: number, machine: Machine): MachineFit {
  if (bytes > 0 && bytes + DISK_SPARE > machine.disk) return { verdict: 'no', limit: 'disk', needs: bytes + DISK_SPARE, has: machine.disk };
  const needs = model.memory + BESIDE[model.role];
  const onCard = model.role === 'llm' && (machine.gpuMemory ?? 0) >= needs;
  const fit = { needs, has: machine.memory };
  if (onCard || needs <= machine.memory * WELL) {
    const slow = model.role === 'llm' && !onCard && model.memory > machine.cores * BYTES_A_CORE;
    return slow ? { verdict: 'tight', limit: 'cores', ...fit } : { verdict: 'well', ...fit };
  }
  return { verdict: needs <= machine.memory * TIGHT ? 'tight' : 'no', limit: 'memory', ...fit };
}
