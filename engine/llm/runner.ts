import type { Message, Pair, WriteOptions } from './llm.ts';

/** What llama.cpp found to compute on. */
export interface Graphics { kind: 'cuda' | 'vulkan' | 'metal'; names: string[]; bytes: number; freeBytes: number }

/** How a file is to be opened: with a context of so many tokens, on so many threads (all useful ones if absent). */
export interface Opening {
  file: string;
  use: 'write' | 'embed' | 'rank';
  contextTokens: number;
  threads?: number;
  /** Without the graphics card. */
  graphics?: false;
}

/** What the process that runs llama.cpp may be asked; one model a process, `open` comes first. */
export interface RunnerVerbs {
  open(opening: Opening): Promise<{ dimensions: number }>;
  write(messages: Message[], options: Omit<WriteOptions, 'signal'>): AsyncIterable<string>;
  count(texts: (string | Message[])[]): Promise<number[]>;
  likelihood(pairs: Pair[], signal?: AbortSignal): Promise<number[]>;
  /** Unit length, one a text; longer texts are cut at the context. */
  embed(texts: string[]): Promise<Float32Array[]>;
  /** Logits, one a text. */
  rank(question: string, texts: string[]): Promise<number[]>;
  graphics(): Promise<Graphics | undefined>;
}

export const RUNNER_STREAMS = ['write'] as const satisfies readonly (keyof RunnerVerbs)[];
