import { EngineError } from '../api.ts';
import { checkRoom, estimateTokens, withoutThoughts } from './estimate.ts';
import { askJson, askLines, brokenOff, leavesMachine, nameOf, parseLine, reasonIn, type Server } from './http.ts';
import type { Llm, Message, WriteOptions } from './llm.ts';
import type { ServerModel, ServerOptions } from './servers.ts';
import { streamed } from './streamed.ts';

/** Ollama's own interface (docs/api.md of ollama/ollama): it alone lets the context be chosen. */

interface Tag { name: string; size?: number; digest?: string; remote_host?: string; details?: { parameter_size?: string; quantization_level?: string; family?: string } }
interface Shown { model_info?: Record<string, unknown>; capabilities?: string[] }
interface Line { message?: { content?: string }; done?: boolean; error?: unknown }

/** Ollama gives a model little room unless told; this much is worth its memory. */
const CONTEXT = 8192;

export async function ollamaModels(server: Server, seconds: number): Promise<ServerModel[]> {
  return (await tags(server, seconds)).map(({ name, size, details, remote_host }) => ({
    name,
    ...(size !== undefined && { bytes: size }),
    ...(details?.parameter_size && { parameters: details.parameter_size }),
    ...(details?.quantization_level && { quantisation: details.quantization_level }),
    ...(/bert/.test(details?.family ?? '') && { embedder: true }),
    ...((remote_host || leavesMachine(server.url, name)) && { remote: true }),
  }));
}

async function tags(server: Server, seconds: number): Promise<Tag[]> {
  const { models } = (await askJson(server, '/api/tags', undefined, { seconds })) as { models?: Tag[] };
  if (!Array.isArray(models)) throw new EngineError('failed', `${nameOf(server)} answers in a way that is not its interface. Is the address right?`);
  return models;
}

export async function openOllama(server: Server, model: string, options: ServerOptions): Promise<Llm> {
  const seconds = options.seconds ?? 180;
  const tag = (await tags(server, seconds)).find(({ name }) => name === model || name === `${model}:latest`);
  if (!tag) throw new EngineError('not-found', `${nameOf(server)} does not have the model ${model}. Get it with: ollama pull ${model}`);
  const { model_info = {} } = (await askJson(server, '/api/show', { model: tag.name }, { seconds })) as Shown;
  const trained = Object.entries(model_info).find(([key]) => key.endsWith('.context_length'))?.[1];
  const contextTokens = Math.min(options.contextTokens ?? CONTEXT, typeof trained === 'number' ? trained : CONTEXT);

  async function* lines(messages: Message[], { maxTokens, temperature = 0, seed, schema }: WriteOptions, signal: AbortSignal): AsyncGenerator<string> {
    const body = {
      model: tag!.name, messages, stream: true, think: false, ...(schema && { format: schema }),
      options: { num_ctx: contextTokens, num_predict: maxTokens, temperature, ...(seed !== undefined && { seed }) },
    };
    for await (const line of askLines(server, '/api/chat', body, { signal, seconds })) {
      const { message, done, error } = parseLine<Line>(server, line);
      if (error !== undefined) throw new EngineError('failed', `${nameOf(server)} failed${reasonIn({ error }, server)}`);
      if (message?.content) yield message.content;
      if (done) return;
    }
    throw brokenOff(server);
  }

  return {
    id: `ollama/${tag.name}@${(tag.digest ?? '').replace(/^sha256:/, '').slice(0, 16)}`,
    name: tag.name,
    contextTokens,
    remote: Boolean(tag.remote_host) || leavesMachine(server.url, tag.name),
    estimates: true,
    write: (messages, options) => streamed(async (push, stop) => {
      checkRoom(estimateTokens(messages), options.maxTokens, contextTokens);
      for await (const text of withoutThoughts(lines(messages, options, stop))) push(text);
    }, options.signal),
    count: async (texts) => texts.map(estimateTokens),
    close: async () => undefined,
  };
}
