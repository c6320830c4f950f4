import { EngineError } from '../api.ts';
import { checkRoom, estimateTokens, strict, withoutThoughts } from './estimate.ts';
import { askJson, askLines, brokenOff, leavesMachine, nameOf, parseLine, reasonIn, type Server } from './http.ts';
import type { Llm, Message, Pair, WriteOptions } from './llm.ts';
import type { ServerModel, ServerOptions } from './servers.ts';
import { streamed } from './streamed.ts';

/**
 * The interface that OpenAI defined and most servers speak: LM Studio, llama.cpp, vLLM, Jan, and services elsewhere. What
 * some of them can do beyond it is used where it is there: counting (llama.cpp), scoring (vLLM's `echo`).
 */

interface Listed { id: string; type?: string; max_model_len?: number; context_length?: number; meta?: { n_ctx_train?: number; n_params?: number; size?: number } | null; loaded_context_length?: number; max_context_length?: number; quantization?: string }
interface Chunk { choices?: { delta?: { content?: string | null }; finish_reason?: string | null }[]; error?: unknown }
interface Scored { choices?: { logprobs?: { tokens?: string[]; token_logprobs?: (number | null)[]; text_offset?: number[] } | null }[] }

const CONTEXT = 4096;
const CONTEXT_ELSEWHERE = 16_384;
const ASIDE_SECONDS = 5;

export async function openaiModels(server: Server, seconds: number): Promise<ServerModel[]> {
  return (await listed(server, seconds)).map(({ id, type, meta, quantization, ...model }) => {
    const contextTokens = contextOf({ id, meta, ...model });
    return {
      name: id,
      ...(contextTokens !== undefined && { contextTokens }),
      ...(meta?.size !== undefined && { bytes: meta.size }),
      ...(meta?.n_params !== undefined && { parameters: `${(meta.n_params / 1e9).toFixed(1)}B` }),
      ...(quantization && { quantisation: quantization }),
      ...((type === 'embeddings' || /embed|bge-|(?:^|[/-])e5-/i.test(id)) && { embedder: true }),
    };
  });
}

/** LM Studio tells more of its models in a list of its own. */
async function listed(server: Server, seconds: number): Promise<Listed[]> {
  const { data } = (await askJson(server, '/v1/models', undefined, { seconds })) as { data?: Listed[] };
  if (!Array.isArray(data)) throw new EngineError('failed', `${nameOf(server)} answers in a way that is not its interface. Is the address right?`);
  if (leavesMachine(server.url) || !data.some((model) => contextOf(model) === undefined)) return data;
  const more = (await aside(server, '/api/v0/models')) as { data?: Listed[] } | undefined;
  return Array.isArray(more?.data) ? data.map((model) => ({ ...model, ...more.data!.find(({ id }) => id === model.id) })) : data;
}

function contextOf({ loaded_context_length, max_model_len, context_length, max_context_length, meta }: Listed): number | undefined {
  return loaded_context_length ?? max_model_len ?? context_length ?? max_context_length ?? meta?.n_ctx_train;
}

/** What only some servers answer. */
async function aside(server: Server, path: string, body?: object): Promise<unknown> {
  try {
    return await askJson(server, path, body, { seconds: ASIDE_SECONDS });
  } catch (error) {
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}

export async function openOpenai(server: Server, model: string, options: ServerOptions): Promise<Llm> {
  const seconds = options.seconds ?? 180;
  const remote = leavesMachine(server.url);
  const found = (await listed(server, seconds)).find(({ id }) => id === model);
  if (!found) throw new EngineError('not-found', `${nameOf(server)} does not have the model ${model}.`);
  const props = remote ? undefined : ((await aside(server, '/props')) as { default_generation_settings?: { n_ctx?: number } } | undefined);
  const given = props?.default_generation_settings?.n_ctx ?? contextOf(found);
  const contextTokens = Math.min(options.contextTokens ?? given ?? (remote ? CONTEXT_ELSEWHERE : CONTEXT), given ?? Infinity);
  const counts = props !== undefined && (await tokenize(server, 'a', false)) !== undefined;

  async function count(texts: (string | Message[])[]): Promise<number[]> {
    if (!counts) return texts.map(estimateTokens);
    return Promise.all(texts.map(async (text) => {
      if (typeof text === 'string') return (await tokenize(server, text, false)) ?? estimateTokens(text);
      const templated = (await aside(server, '/apply-template', { messages: text })) as { prompt?: string } | undefined;
      return (templated?.prompt === undefined ? undefined : await tokenize(server, templated.prompt, true)) ?? estimateTokens(text);
    }));
  }

  /** Models that think before they write want another word for the length, and no temperature. */
  let thinks = false;
  async function* lines(messages: Message[], options: WriteOptions, signal: AbortSignal): AsyncGenerator<string> {
    try {
      yield* asked(messages, options, signal);
    } catch (error) {
      if (thinks || !(error instanceof EngineError) || error.code !== 'invalid' || !error.message.includes('max_completion_tokens')) throw error;
      thinks = true;
      yield* asked(messages, options, signal);
    }
  }

  async function* asked(messages: Message[], { maxTokens, temperature = 0, seed, schema }: WriteOptions, signal: AbortSignal): AsyncGenerator<string> {
    const body = {
      model, messages, stream: true, ...(thinks ? { max_completion_tokens: maxTokens } : { max_tokens: maxTokens, temperature }), ...(seed !== undefined && { seed }),
      ...(schema && { response_format: { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema: strict(schema) } } }),
    };
    let finished = false;
    for await (const line of askLines(server, '/v1/chat/completions', body, { signal, seconds })) {
      const data = /^data: ?(.*)$/.exec(line)?.[1];
      // Names of events and comments, which keep connections alive.
      if (data === undefined && /^(?:event|id|retry)?:/.test(line)) continue;
      if (data === '[DONE]') return;
      const { choices, error } = parseLine<Chunk>(server, data ?? line);
      if (error !== undefined) throw new EngineError('failed', `${nameOf(server)} failed${reasonIn({ error }, server)}`);
      const text = choices?.[0]?.delta?.content;
      if (text) yield text;
      finished ||= Boolean(choices?.[0]?.finish_reason);
    }
    if (!finished) throw brokenOff(server);
  }

  const scores = options.scores && (await score(server, model, { prompt: 'a b', answer: ' c' }).then((value) => value <= 0, () => false));
  return {
    id: `${new URL(server.url).host}/${model}`,
    name: model,
    contextTokens,
    remote,
    estimates: !counts,
    write: (messages, options) => streamed(async (push, stop) => {
      checkRoom((await count([messages]))[0]!, options.maxTokens, contextTokens);
      for await (const text of withoutThoughts(lines(messages, options, stop))) push(text);
    }, options.signal),
    count,
    ...(scores && {
      async likelihood(pairs: Pair[], signal?: AbortSignal) {
        const all: number[] = [];
        for (const pair of pairs) all.push(await score(server, model, pair, { seconds, ...(signal && { signal }) }));
        return all;
      },
    }),
    close: async () => undefined,
  };
}

async function tokenize(server: Server, content: string, special: boolean): Promise<number | undefined> {
  const { tokens } = ((await aside(server, '/tokenize', { content, add_special: special, parse_special: special })) ?? {}) as { tokens?: unknown[] };
  return Array.isArray(tokens) ? tokens.length : undefined;
}

/** The prompt and the answer come back with what each token's probability was. */
async function score(server: Server, model: string, { prompt, answer }: Pair, asking: { seconds: number; signal?: AbortSignal } = { seconds: ASIDE_SECONDS }): Promise<number> {
  const whole = prompt + answer;
  const { choices } = (await askJson(server, '/v1/completions', { model, prompt: whole, max_tokens: 1, temperature: 0, echo: true, logprobs: 1 }, asking)) as Scored;
  const { token_logprobs = [], text_offset = [] } = choices?.[0]?.logprobs ?? {};
  // Offsets count code points. The one token that had to be written begins where the text ends.
  const [from, end] = [[...prompt].length, [...whole].length];
  const logs = token_logprobs.filter((log, i): log is number => log !== null && text_offset[i]! < end && (text_offset[i + 1] ?? end) > from);
  if (logs.length === 0 || text_offset[0] !== 0) throw new EngineError('failed', `${nameOf(server)} does not say how likely an answer is.`);
  return logs.reduce((sum, log) => sum + log, 0) / logs.length;
}
