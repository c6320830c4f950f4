import { EngineError } from '../api.ts';
import type { JsonSchema, Message } from './llm.ts';

/** Marks of a chat template around a message. */
const PER_MESSAGE = 8;

/**
 * More tokens than any of today's vocabularies makes of a text, for servers that do not count: of Latin letters one per
 * three, of anything else one a character, and two a character beyond ASCII (older vocabularies cut Chinese into bytes).
 */
export function estimateTokens(text: string | Message[]): number {
  if (typeof text !== 'string') return text.reduce((sum, { content }) => sum + PER_MESSAGE + estimateTokens(content), PER_MESSAGE);
  let tokens = 0;
  for (const run of text.matchAll(/[A-Za-z]+|[\x21-\x7e]|[\n\t]+| +|[^\x00-\x7f]/gu)) {
    const [found] = run;
    tokens += /^[A-Za-z]/.test(found) ? Math.ceil(found.length / 3) : found.startsWith(' ') ? (found.length > 1 ? 1 : 0) : found > '\x7f' ? 2 : 1;
  }
  return tokens;
}

/** @throws EngineError 'invalid' where prompt and answer do not fit */
export function checkRoom(promptTokens: number, maxTokens: number, contextTokens: number): void {
  if (promptTokens + maxTokens <= contextTokens) return;
  throw new EngineError('invalid', `The prompt is up to ${promptTokens} tokens long; with up to ${maxTokens} for the answer that is more than the ${contextTokens} this model is given. Fewer or shorter passages will fit.`);
}

/** For servers that hold a model to a schema only if it says everything: all properties wanted, no others, no lengths. */
export function strict(schema: JsonSchema): object {
  if (!('type' in schema)) return schema;
  if (schema.type === 'object') {
    return {
      type: 'object', required: Object.keys(schema.properties), additionalProperties: false,
      properties: Object.fromEntries(Object.entries(schema.properties).map(([name, value]) => [name, strict(value)])),
    };
  }
  if (schema.type === 'array') return { ...schema, items: strict(schema.items) };
  return { type: schema.type };
}

/** The text without the thoughts that some models put before it between `<think>` marks. */
export async function* withoutThoughts(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  const [OPEN, CLOSE] = ['<think>', '</think>'];
  let held = '';
  let state: 'begin' | 'thinking' | 'thought' | 'writing' = 'begin';
  for await (const piece of pieces) {
    if (state === 'writing') {
      yield piece;
      continue;
    }
    held += piece;
    if (state === 'begin' && held.trimStart().startsWith(OPEN)) state = 'thinking';
    if (state === 'thinking' && held.includes(CLOSE)) {
      held = held.slice(held.indexOf(CLOSE) + CLOSE.length);
      state = 'thought';
    }
    if (state === 'thought') held = held.trimStart();
    if (state === 'thinking' || held === '' || (state === 'begin' && OPEN.startsWith(held.trimStart()))) continue;
    state = 'writing';
    yield held;
  }
  if (state === 'begin' && held !== '') yield held;
}
