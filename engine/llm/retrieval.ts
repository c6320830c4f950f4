import { EngineError } from '../api.ts';
import type { Embedder } from '../models/embedder.ts';
import type { Reranker } from '../rank.ts';
import { type ChildOptions, keepModel } from './child.ts';
import { type Gguf, readGguf, readVocabulary } from './gguf.ts';
import { pieceCounter } from './pieces.ts';

export interface GgufEmbedderOptions extends ChildOptions {
  /** Put before a text of that side, as the model was trained; the file does not say. */
  prompts?: { query: string; document: string };
  /** Longer texts are cut; what the model was trained for, but at most 1024, if absent. */
  maxTokens?: number;
  background?: { mean: number; deviation: number };
  threads?: number;
}

export interface GgufRerankerOptions extends ChildOptions { maxTokens?: number; threads?: number }

/** Passages are shorter, and a longer context costs memory. */
const TOKENS = 1024;

/**
 * An embedder in a GGUF file, through llama.cpp in a process of its own. Vectors have unit length.
 *
 * @throws EngineError as `readGguf` does, and 'unsupported' where the file is no embedder
 */
export async function openGgufEmbedder(file: string, options: GgufEmbedderOptions = {}): Promise<Embedder> {
  const gguf = await fileFor(file, 'embedder');
  const { prompts = { query: '', document: '' }, threads, background } = options;
  const maxTokens = Math.min(options.maxTokens ?? TOKENS, gguf.contextTokens);
  const count = pieceCounter(await readVocabulary(file));
  const model = keepModel({ file, use: 'embed', contextTokens: maxTokens, ...(threads !== undefined && { threads }) }, gguf.name, options);
  return {
    id: gguf.id,
    space: [
      gguf.id, 'adapter=none', `document=${JSON.stringify(prompts.document)}`, `pooling=${gguf.pooling ?? 'last'}`, 'normalised=true', `tokens=${maxTokens}`, 'provider=llama.cpp',
    ].join(' '),
    dimensions: gguf.dimensions,
    ...(background && { background }),
    countTokens: count,
    embed: (texts, side) => model.call((verbs) => verbs.embed(texts.map((text) => prompts[side] + text))),
    close: () => model.close(),
  };
}

/**
 * A cross-encoder in a GGUF file, through llama.cpp in a process of its own.
 *
 * @throws EngineError as `readGguf` does, and 'unsupported' where the file is no reranker
 */
export async function openGgufReranker(file: string, options: GgufRerankerOptions = {}): Promise<Reranker & { close(): Promise<void> }> {
  const gguf = await fileFor(file, 'reranker');
  const { threads } = options;
  const maxTokens = Math.min(options.maxTokens ?? TOKENS, gguf.contextTokens);
  const model = keepModel({ file, use: 'rank', contextTokens: maxTokens, ...(threads !== undefined && { threads }) }, gguf.name, options);
  return {
    id: gguf.id,
    score: (question, candidates) => model.call((verbs) => verbs.rank(question, candidates.map(({ text }) => text))),
    close: () => model.close(),
  };
}

async function fileFor(file: string, use: 'embedder' | 'reranker'): Promise<Gguf> {
  const gguf = await readGguf(file);
  if (gguf.use !== use) throw new EngineError('unsupported', `${gguf.name} is ${{ writer: 'a model that writes', embedder: 'an embedder', reranker: 'a reranker' }[gguf.use]}, not ${use === 'embedder' ? 'an embedder' : 'a reranker'}.`);
  return gguf;
}
