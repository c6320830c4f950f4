import { type ChildOptions, keepModel } from './child.ts';
import { type Gguf, readGguf } from './gguf.ts';
import type { Llm } from './llm.ts';

export interface LocalOptions extends ChildOptions {
  /** Room for prompt and answer; what the model was trained for, but at most 8192, if absent. */
  contextTokens?: number;
  threads?: number;
}

/** More context costs memory whether it is used or not, and small models lose their way in it. */
const CONTEXT = 8192;

/** A model in a file on this machine. */
export interface LocalLlm extends Llm {
  gguf: Gguf;
  likelihood: NonNullable<Llm['likelihood']>;
  /** Whether it takes memory now. */
  isRunning(): boolean;
  /** Ends the model's process as a crash would, for tests of what follows. */
  kill(): void;
}

/** How many tokens a model is given. */
export function contextOf(gguf: Gguf, wanted = CONTEXT): number {
  return Math.min(wanted, gguf.contextTokens);
}

/**
 * A GGUF file that writes, through llama.cpp in a process of its own. Only its header is read now; the weights at the
 * first question.
 *
 * @throws EngineError as `readGguf` does
 */
export async function openLocalLlm(file: string, options: LocalOptions = {}): Promise<LocalLlm> {
  const gguf = await readGguf(file);
  const contextTokens = contextOf(gguf, options.contextTokens);
  const model = keepModel({ file, use: 'write', contextTokens, ...(options.threads !== undefined && { threads: options.threads }) }, gguf.name, options);
  return {
    gguf,
    id: gguf.id,
    name: gguf.name,
    contextTokens,
    remote: false,
    estimates: false,
    write: (messages, { signal, ...options }) => model.stream((verbs) => verbs.write(messages, options), signal),
    count: (texts) => model.call((verbs) => verbs.count(texts)),
    likelihood: (pairs, signal) => model.call((verbs) => verbs.likelihood(pairs, signal)),
    isRunning: () => model.child !== undefined,
    kill: () => model.child?.kill(),
    close: () => model.close(),
  };
}
