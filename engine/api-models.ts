/** The nouns of models a person chooses, and what may be asked about them; `api.ts` carries them on. */

import type { TestResult } from './api-answers.ts';

export type ModelRole = 'embedder' | 'reranker' | 'llm';

/** How a model is kept: our own folder, Hugging Face's with ONNX or safetensors, a llama.cpp file, or a server that holds it. */
export type ModelFormat = 'lodestone' | 'onnx' | 'safetensors' | 'gguf' | 'server';

/** A model that is there to be used. */
export interface ModelInfo {
  id: string;
  role: ModelRole;
  name: string;
  active: boolean;
  format: ModelFormat;
  /** It ships with Lodestone and cannot be removed. */
  bundled: boolean;
  /** BGE, E5, BCE, …: decides prompts and pooling. */
  family?: string;
  dimensions?: number;
  /** The longest text it reads; of a language model its context. */
  tokens?: number;
  /** BCP 47. */
  languages: string[];
  licence: string;
  bytes: number;
  /** nDCG@10 by evaluation set, from the model's manifest. */
  quality: Record<string, number>;
  /** On the person's own test questions, where it was tried on them. */
  mine?: TestResult;
  /** Where it runs. */
  device?: DeviceInfo;
  /** Of a server. */
  address?: string;
  /** Using it sends text to another machine. */
  remote?: boolean;
  /** Of an embedder: the vectors that are kept, so that going back to it needs no work. */
  index?: { chunks: number; bytes: number };
  /** Why it cannot be used just now: a sentence. */
  trouble?: string;
}

/** Where a model runs, by a measured probe, and why not elsewhere. */
export interface DeviceInfo {
  provider: string;
  /** How many times faster than the processor. */
  speedup?: number;
  refused: { provider: string; reason: string }[];
}

/** Whether a model fits this machine. Bytes of memory it needs, against those there are. */
export interface Fit { verdict: 'well' | 'tight' | 'no'; needs: number; has: number }

/** What a folder or file holds, looked at before it is added. */
export interface FoundModel {
  path: string;
  role: ModelRole;
  name: string;
  format: ModelFormat;
  family?: string;
  dimensions?: number;
  tokens?: number;
  languages: string[];
  licence: string;
  bytes: number;
  fit: Fit;
}

/** A model that can be downloaded. Nothing is fetched before a person asks for it. */
export interface CatalogEntry {
  id: string;
  role: ModelRole;
  name: string;
  family?: string;
  /** `owner/name` on the hub. */
  repository: string;
  bytes: number;
  languages: string[];
  licence: string;
  fit: Fit;
  /** It is there already. */
  installed: boolean;
}

export interface Download {
  /** Of the catalogue entry. */
  id: string;
  name: string;
  state: 'running' | 'paused' | 'checking' | 'failed';
  bytes: number;
  total: number;
  bytesPerSecond?: number;
  secondsLeft?: number;
  /** Why it failed: a sentence. */
  reason?: string;
}

/** A server that answered on this machine, and the models it offers. */
export interface FoundServer { kind: 'ollama' | 'openai'; name: string; address: string; models: string[] }

/** A server's model to be used as language model. The key is stored encrypted and never shown again. */
export interface ServerChoice { kind: 'ollama' | 'openai'; address: string; model: string; key?: string }

/** Another embedder's index, growing beside the one that answers. */
export interface Reindexing {
  /** The model it is for. */
  model: string;
  name: string;
  done: number;
  total: number;
  chunksPerSecond?: number;
  secondsLeft?: number;
  /** Why it stands still: a sentence. `useModel` tries again. */
  reason?: string;
}

/** This machine as models see it; bytes. */
export interface Hardware { cores: number; memory: number; free: number; gpu?: { name: string; memory?: number } }

export interface ModelVerbs {
  models(): Promise<ModelInfo[]>;
  hardware(): Promise<Hardware>;
  /** Looks at a folder or a GGUF file. @throws EngineError 'invalid' with what is missing or broken */
  inspectModel(path: string): Promise<FoundModel>;
  /** Adds what stands at a path; it is used where it is, not copied. @throws EngineError 'invalid' */
  addModel(path: string): Promise<string>;
  /** Takes a model off the list, and deletes it if Lodestone downloaded it. @throws EngineError 'busy' while it is in use */
  removeModel(id: string): Promise<void>;
  /** Deletes the vectors that are kept of an embedder. @throws EngineError 'busy' while they are searched or grow */
  removeIndex(id: string): Promise<void>;
  /**
   * What it takes until search by meaning uses this embedder, from a short probe on this machine. `cut`: about so many chunks are
   * longer than it reads, and it does not see their ends.
   */
  estimateModel(id: string): Promise<{ chunks: number; seconds: number; cut: number }>;
  /**
   * Uses a model for its role; `undefined`: the bundled one, or no language model. An embedder first grows its own index, while
   * the present one answers; then the two are switched at once.
   */
  useModel(role: ModelRole, id: string | undefined): Promise<void>;
  reindexing(): Promise<Reindexing | undefined>;
  cancelReindexing(): Promise<void>;

  catalog(): Promise<CatalogEntry[]>;
  /** Begins a download, or goes on with one. */
  download(id: string): Promise<void>;
  pauseDownload(id: string): Promise<void>;
  cancelDownload(id: string): Promise<void>;
  downloads(): Promise<Download[]>;

  /** Asks the ports of this machine on which such servers usually listen. */
  findServers(): Promise<FoundServer[]>;
  /** @throws EngineError 'invalid' where nothing answers there, or not with this model */
  addServer(server: ServerChoice): Promise<string>;
}
