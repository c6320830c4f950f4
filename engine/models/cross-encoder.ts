import { writeGraph } from '../nn/emission.ts';
import { openSession, type Session } from '../nn/session.ts';
import type { Reranker } from '../rank.ts';
import { runs, type EmbedderOptions } from './embedder.ts';
import { inspectFolder } from './inspect.ts';
import { familyNamed } from './families.ts';
import { feeds, type TokenText } from './network.ts';
import { promptedText } from './prompts.ts';

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
  const { folder, architecture, manifest, tokenizer } = await inspectFolder(path, options);
  if (manifest.role !== 'reranker') throw new Error(`The model in ${path} is an ${manifest.role}, not a reranker.`);
  const family = familyNamed(manifest.family);
  const settings = { ...(options.threads === undefined ? {} : { threads: options.threads }), ...(options.device === undefined ? {} : { device: options.device }), ...(folder.checkpoint === undefined ? {} : { folder: folder.checkpoint.folder }) };
  const session = architecture === undefined ? await openSession(folder.onnx!, settings)
    : await openSession(writeGraph({ logits: architecture.crossEncoder!(manifest.maxTokens) }).bytes, settings);
  return {
    id: manifest.id,
    async score(question, candidates, task) {
      const limit = manifest.maxTokens;
      const asked = tokenizer.plain(promptedText(manifest, question, 'query', task)).slice(0, Math.floor((limit * 3) / 4));
      const pairs = candidates.flatMap(({ text }, candidate) => {
        const passage = tokenizer.plain(text);
        const room = limit - asked.length - tokenizer.aroundPair;
        const parts = family?.windows && room > LEAST_ROOM ? passageWindows(passage.length, room) : [[0, room] as const];
        return parts.map(([start, end]) => ({ candidate, text: { ...tokenizer.join(asked, passage.slice(start, Math.max(start, end))), from: 0 } }));
      });
      const logits = new Array<number>(candidates.length).fill(-Infinity);
      for (const run of runs(pairs.map(({ text }) => text.ids.length))) {
        const found = await judge(session, run.map((pair) => pairs[pair]!.text), manifest.id);
        run.forEach((pair, i) => (logits[pairs[pair]!.candidate] = Math.max(logits[pairs[pair]!.candidate]!, found[i]!)));
      }
      return logits;
    },
    close: () => session.release(),
  };
}

/** Smaller windows would tear sentences apart. */
const LEAST_ROOM = 100;
const OVERLAP = 80;

/**
 * Where BCE's reranker cuts a passage of `length` tokens with `room` for them beside the question: windows that overlap, the last
 * one shorter. Throws a sentence where the question leaves too little room.
 */
export function passageWindows(length: number, room: number): [start: number, end: number][] {
  if (room <= LEAST_ROOM) throw new Error(`The question is too long to be read together with passages: it leaves them ${Math.max(0, room)} tokens. Ask in fewer words.`);
  const step = room - Math.min(OVERLAP, Math.floor(room / 4));
  const windows: [number, number][] = [[0, Math.min(room, length)]];
  for (let start = step; windows.at(-1)![1] < length; start += step) windows.push([start, Math.min(start + room, length)]);
  return windows;
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
