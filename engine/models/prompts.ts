import { instructionFor, type Prompts } from './families.ts';
import type { Manifest } from './manifest.ts';
import type { Tokenizer } from './tokenizer.ts';

/** A document and the question that looks for it are not always embedded alike. */
export type Side = 'query' | 'document';

type Prompting = Pick<Manifest, 'prompts' | 'tasks' | 'instruction' | 'promptSkipped'>;

/**
 * What stands before texts for a task: one the model was trained for, by name, or one in the person's own words where it
 * follows instructions; these are put before questions only. Throws a sentence where the model knows no such task.
 */
export function promptsFor(manifest: Prompting, task?: string): Prompts {
  if (task === undefined) return manifest.prompts;
  const known = manifest.tasks?.[task];
  if (known !== undefined) return known;
  if (manifest.instruction !== undefined) return { ...manifest.prompts, query: instructionFor(manifest.instruction, task) };
  const tasks = Object.keys(manifest.tasks ?? {});
  throw new Error(`The model knows no task "${task}"${tasks.length === 0 ? '; it has one way to embed only' : `, only ${tasks.join(', ')}`}.`);
}

/**
 * What a model is told of a task on either side, in words: what stands before its texts, without the frame that is put around
 * an instruction. Of a task that it does not know, what stands there always.
 */
export function instructionsFor({ prompts, tasks, instruction = '{task}' }: Prompting, task: string): Prompts {
  const { query, document } = tasks?.[task] ?? prompts;
  const [before = '', after = ''] = instruction.split('{task}');
  const framed = query.length >= before.length + after.length && query.startsWith(before) && query.endsWith(after);
  return { query: framed ? query.slice(before.length, query.length - after.length) : query, document };
}

/** The text a model reads, wherever it is trained, indexed or asked: prompt and text. */
export function promptedText(manifest: Prompting, text: string, side: Side, task?: string): string {
  const prompt = promptsFor(manifest, task)[side];
  return manifest.promptSkipped ? prompt.trim() + text.trim() : prompt + text;
}

/**
 * How many tokens at the beginning are the prompt's: those that end within it. Counting the prompt's own tokens would be off
 * by one where the text changes how its end is cut.
 */
export function promptTokens(tokenizer: Tokenizer, prompt: string, ids: readonly number[]): number {
  const before = tokenizer.before;
  const alone = tokenizer.encode(prompt).slice(before, before + tokenizer.count(prompt));
  const found = ids.slice(before);
  const differing = alone.findIndex((id, i) => id !== found[i]);
  const same = differing < 0 ? alone.length : differing;
  let rest = alone.slice(same).reduce((sum, id) => sum + tokenizer.length(id), 0);
  let count = same;
  for (; count < found.length && rest >= tokenizer.length(found[count]!) && rest > 0; count++) rest -= tokenizer.length(found[count]!);
  return before + Math.min(count, found.length);
}
