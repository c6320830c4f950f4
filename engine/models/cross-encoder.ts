import { join } from 'node:path';
import { writeGraph } from '../nn/emission.ts';
import { openSession, type Session } from '../nn/session.ts';
import type { Reranker } from '../rank.ts';
import { runs, type EmbedderOptions } from './embedder.ts';
import { inspectFolder } from './inspect.ts';
import { familyNamed } from './families.ts';
import { feeds, type TokenText } from './network.ts';
import { promptedText } from './prompts.ts';
import { openTokenizer } from './tokenizer.ts';

export interface CrossEncoder extends Reranker {
  /** `task` as of an embedder: what is looked for, for a model that follows instructions. */
  score(question: string, candidates: readonly { text: string }[], task?: string): Promise<number[]>;
  close(): Promise<void>;
}

/**
 * Opens a cross-encoder in Hugging Face's form: question and passage are read together, one logit a pair. Long passages are
 * cut, questions to three quarters of the length at most. Throws a sentence when the folder is none.
 */
export async function openCrossEncoder(path: string, options: EmbedderOptions = {}): Promise<CrossEncoder> {
  const { folder, architecture, manifest } = await inspectFolder(path, options);
  if (manifest.role !== 'reranker') throw new Error(`The model in ${path} is an ${manifest.role}, not a reranker.`);
  const tokenizer = await openTokenizer(join(path, 'tokenizer.json'), familyNamed(manifest.family)?.pair);
  const settings = { ...(options.threads === undefined ? {} : { threads: options.threads }), ...(options.device === undefined ? {} : { device: options.device }), folder: folder.path };
  const session = architecture === undefined ? await openSession(folder.onnx!, settings)
    : await openSession(writeGraph({ logits: architecture.crossEncoder!(manifest.maxTokens) }).bytes, settings);
  return {
    id: manifest.id,
    async score(question, candidates, task) {
      const asked = promptedText(manifest, question, 'query', task);
      const pairs = candidates.map(({ text }): TokenText => ({ ...tokenizer.encodePair(asked, text, manifest.maxTokens), from: 0 }));
      const logits = new Array<number>(candidates.length);
      for (const run of runs(pairs.map(({ ids }) => ids.length))) {
        const found = await judge(session, run.map((pair) => pairs[pair]!), manifest.id);
        run.forEach((pair, i) => (logits[pair] = found[i]!));
      }
      return logits;
    },
    close: () => session.release(),
  };
}

/** One logit a pair; of two labels their difference, whose sigmoid is the second one's softmax. */
async function judge(session: Session, pairs: readonly TokenText[], model: string): Promise<number[]> {
  const name = session.outputNames.includes('logits') ? 'logits' : session.outputNames[0]!;
  const { data, dims } = (await session.run(feeds(session, pairs, 'mean'), [name]))[name]!;
  const labels = dims.length === 1 ? 1 : dims[1]!;
  if (dims[0] !== pairs.length || dims.length > 2 || labels > 2) throw new Error(`The model ${model} gives [${dims.join(', ')}] for ${pairs.length} pairs of texts, where one number each was expected.`);
  const numbers = data as Float32Array;
  return pairs.map((_, pair) => (labels === 1 ? numbers[pair]! : numbers[2 * pair + 1]! - numbers[2 * pair]!));
}
