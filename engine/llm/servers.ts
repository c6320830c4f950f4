import { EngineError } from '../api.ts';
import type { Server } from './http.ts';
import type { Llm } from './llm.ts';
import { openOllama, ollamaModels } from './ollama.ts';
import { openaiModels, openOpenai } from './openai.ts';

export type { Server } from './http.ts';
export { leavesMachine } from './http.ts';

/** A model that a server has. */
export interface ServerModel {
  name: string;
  bytes?: number;
  /** As the server says it: `7.6B`. */
  parameters?: string;
  quantisation?: string;
  contextTokens?: number;
  /** Made for vectors: it cannot write. */
  embedder?: boolean;
  /** The server is here, but has it computed elsewhere: what is asked leaves this machine. */
  remote?: boolean;
}

export interface ServerOptions {
  /** Room for prompt and answer, where the server does not say; if absent, 4096 here and 16,384 elsewhere. */
  contextTokens?: number;
  /** So long a server may take to begin an answer, loading the model included; 180 if absent. */
  seconds?: number;
  /** Find out, with one token's worth of work, whether the server can score a given answer. */
  scores?: boolean;
}

/** A server that was found, and what it has. */
export interface FoundServer extends Server { product: string; models: ServerModel[] }

/** Where programs that run language models listen unless told otherwise. */
const KNOWN: readonly (Server & { product: string })[] = [
  { kind: 'ollama', url: 'http://127.0.0.1:11434', product: 'Ollama' },
  { kind: 'openai', url: 'http://127.0.0.1:1234', product: 'LM Studio' },
  { kind: 'openai', url: 'http://127.0.0.1:8080', product: 'llama.cpp' },
  { kind: 'openai', url: 'http://127.0.0.1:8000', product: 'vLLM' },
  { kind: 'openai', url: 'http://127.0.0.1:1337', product: 'Jan' },
  { kind: 'openai', url: 'http://127.0.0.1:4891', product: 'GPT4All' },
];

/** Whoever listens on this machine answers this fast. */
const FINDING_SECONDS = 1;
const LISTING_SECONDS = 20;

/**
 * Asks the known ports of this machine, and only those, which models they have; not there is no error. Only to be called
 * when a person wants to know.
 */
export async function findServers(known: readonly (Server & { product: string })[] = KNOWN): Promise<FoundServer[]> {
  const found = await Promise.all(known.map(async (server) => {
    try {
      return { ...server, models: await serverModels(server, FINDING_SECONDS) };
    } catch (error) {
      // Nobody there, or somebody else.
      if (error instanceof EngineError) return undefined;
      throw error;
    }
  }));
  return found.filter((server) => server !== undefined);
}

/** What a server has. @throws EngineError with a sentence where it is not there, wants a key, or is no such server */
export function serverModels(server: Server, seconds: number = LISTING_SECONDS): Promise<ServerModel[]> {
  return server.kind === 'ollama' ? ollamaModels(server, seconds) : openaiModels(server, seconds);
}

/** A model of a server. @throws EngineError 'not-found' where the server is not there or does not have it */
export function openServerLlm(server: Server, model: string, options: ServerOptions = {}): Promise<Llm> {
  return server.kind === 'ollama' ? openOllama(server, model, options) : openOpenai(server, model, options);
}
