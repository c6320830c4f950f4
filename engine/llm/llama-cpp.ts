import { availableParallelism } from 'node:os';
import { getLlama, InsufficientMemoryError, LlamaChat, LlamaLogLevel } from 'node-llama-cpp';
import type { ChatHistoryItem, Llama as Binding, LlamaContext, LlamaEmbeddingContext, LlamaModel, LlamaRankingContext, Token } from 'node-llama-cpp';
import { EngineError } from '../api.ts';
import type { Message, Pair, WriteOptions } from './llm.ts';
import type { Opening, RunnerVerbs } from './runner.ts';
import { streamed } from './streamed.ts';

/** Prompts are read in pieces, so that a stop is heard between two. */
const PIECE = 256;
/** So many tokens before its end LlamaChat would begin to forget the prompt. */
const SPARE = 8;
/** Scores are computed in a context of their own with exact keys and values; candidate, question and answer fit. */
const SCORING_TOKENS = 2048;
/** Beyond this, waiting for one another costs more than a further thread brings. */
const MOST_THREADS = 8;
/** A probability that float32 cannot tell from 0 or 1 is taken as this far away from it. */
const FAINTEST = 1e-38;
const SUREST = 1e-9;

/** llama.cpp behind our verbs. Nothing is built or downloaded: without a binary for this machine `open` says so. */
export function llamaRunner(): RunnerVerbs {
  let binding: Promise<Binding> | undefined;
  /** Why a model could not be loaded: llama.cpp says it in its log only. */
  let complaint: string | undefined;
  let opened: { model: LlamaModel; contextTokens: number } | undefined;
  let writing: { context: LlamaContext; chat: LlamaChat } | undefined;
  let scoring: LlamaContext | undefined;
  let embedding: LlamaEmbeddingContext | undefined;
  let ranking: LlamaRankingContext | undefined;
  /** One thing at a time: contexts are not to be shared. */
  let last: Promise<unknown> = Promise.resolve();
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = last.then(work);
    last = turn.catch(() => undefined);
    return turn;
  }

  function load({ threads = Math.min(availableParallelism(), MOST_THREADS), graphics }: Pick<Opening, 'threads' | 'graphics'> = {}): Promise<Binding> {
    const logger = (_: LlamaLogLevel, line: string): void => {
      complaint = /error loading model: (.*)/.exec(line)?.[1] ?? complaint;
    };
    binding ??= getLlama({
      gpu: graphics ?? 'auto', build: 'never', skipDownload: true, progressLogs: false, maxThreads: threads, logLevel: LlamaLogLevel.error, logger,
    }).catch((error: Error) => {
      throw new EngineError('unsupported', `llama.cpp has no binary that runs on this machine (${error.message}).`);
    });
    return binding;
  }

  function model(): LlamaModel {
    if (!opened) throw new EngineError('invalid', 'No model is open.');
    return opened.model;
  }

  async function open({ file, use, contextTokens, ...device }: Opening): Promise<{ dimensions: number }> {
    const llama = await load(device);
    const sized = { contextSize: contextTokens, threads: llama.maxThreads, ...(use !== 'write' && { batchSize: contextTokens }) };
    try {
      const model = await llama.loadModel({ modelPath: file, gpuLayers: { fitContext: { contextSize: contextTokens, embeddingContext: use !== 'write' } } });
      opened = { model, contextTokens };
      if (use === 'embed') embedding = await model.createEmbeddingContext(sized);
      else if (use === 'rank') ranking = await model.createRankingContext({ ...sized, ...wordPieceTemplate(model) });
      else {
        const context = await model.createContext({ ...sized, contextSize: contextTokens + SPARE });
        writing = { context, chat: new LlamaChat({ contextSequence: context.getSequence() }) };
      }
      return { dimensions: model.embeddingVectorSize };
    } catch (error) {
      if (error instanceof InsufficientMemoryError) throw new EngineError('failed', `There is not enough free memory for this model with a context of ${contextTokens} tokens. Close other programs, or choose a smaller model or context.`);
      throw new EngineError('failed', `llama.cpp cannot open this model: ${complaint ?? (error as Error).message}`);
    }
  }

  function promptTokens(messages: Message[]): { history: ChatHistoryItem[]; tokens: Token[] } {
    const history: ChatHistoryItem[] = messages.map(({ role, content }) =>
      role === 'assistant' ? { type: 'model', response: [content] } : { type: role, text: content });
    history.push({ type: 'model', response: [] });
    const { contextText } = writing!.chat.chatWrapper.generateContextState({ chatHistory: history });
    return { history, tokens: contextText.tokenize(model().tokenizer) };
  }

  async function write(messages: Message[], options: Omit<WriteOptions, 'signal'>, push: (text: string) => void, signal: AbortSignal): Promise<void> {
    const { chat, context } = writing!;
    const { maxTokens, temperature = 0, seed, schema } = options;
    const { history, tokens } = promptTokens(messages);
    const room = opened!.contextTokens;
    if (tokens.length + maxTokens > room) {
      throw new EngineError('invalid', `The prompt is ${tokens.length} tokens long; with up to ${maxTokens} for the answer that is more than the ${room} this model is given. Fewer or shorter passages will fit.`);
    }
    const sequence = chat.sequence;
    // The last token is left to the generation, which then finds all before it in its cache.
    await sequence.adaptStateToTokens(tokens.slice(0, -1), false);
    while (sequence.nextTokenIndex < tokens.length - 1) {
      if (signal.aborted) return;
      await sequence.evaluateWithoutGeneratingNewTokens(tokens.slice(sequence.nextTokenIndex, Math.min(tokens.length - 1, sequence.nextTokenIndex + PIECE)));
    }
    if (signal.aborted) return;
    const grammar = schema && (await context.model.llama.createGrammarForJsonSchema(schema as never));
    await chat.generateResponse(history, {
      maxTokens, temperature, ...(temperature > 0 && { minP: 0.05 }), ...(seed !== undefined && { seed }), ...(grammar && { grammar }),
      signal, stopOnAbortSignal: true, budgets: { thoughtTokens: 0 }, onTextChunk: push,
    });
  }

  async function likelihood(pairs: Pair[], signal?: AbortSignal): Promise<number[]> {
    const { contextTokens } = opened!;
    scoring ??= await model().createContext({
      contextSize: Math.min(contextTokens, SCORING_TOKENS), threads: model().llama.maxThreads, flashAttention: false, experimentalKvCacheKeyType: 'F32', experimentalKvCacheValueType: 'F32',
    });
    const room = Math.min(contextTokens, SCORING_TOKENS);
    const sequence = scoring.getSequence();
    try {
      const scores: number[] = [];
      for (const pair of pairs) {
        signal?.throwIfAborted();
        const { tokens, from } = answerTokens(model(), pair);
        if (tokens.length > room) throw new EngineError('invalid', `Prompt and answer are ${tokens.length} tokens long; a score is computed over at most ${room}.`);
        if (from >= tokens.length) throw new EngineError('invalid', 'There is no answer to score.');
        let sum = 0;
        await sequence.clearHistory();
        await sequence.controlledEvaluate(
          tokens.slice(0, -1).map((token, i) => (i + 1 < from ? token : [token, { generateNext: { probabilities: true } }])),
          {
            onTokenResult(i, { next }) {
              sum += Math.log(Math.max(FAINTEST, next.probabilities?.get(tokens[i + 1]!) ?? 0));
              // The whole vocabulary, once a token: it would pile up until the last one.
              next.probabilities?.clear();
            },
          },
        );
        scores.push(sum / (tokens.length - from));
      }
      return scores;
    } finally {
      await sequence.dispose();
    }
  }

  return {
    open,
    write: (messages, options) => streamed((push, signal) => inTurn(async () => { if (!signal.aborted) await write(messages, options, push, signal); })),
    count: async (texts) => texts.map((text) => (typeof text === 'string' ? model().tokenize(text, false, 'trimLeadingSpace') : promptTokens(text).tokens).length),
    likelihood: (pairs, signal) => inTurn(() => likelihood(pairs, signal)),
    embed: (texts) => inTurn(async () => {
      const vectors: Float32Array[] = [];
      for (const text of texts) {
        const tokens = model().tokenize(text).slice(0, opened!.contextTokens - 3);
        vectors.push(unit((await embedding!.getEmbeddingFor(tokens)).vector));
      }
      return vectors;
    }),
    rank: (question, texts) => inTurn(async () => {
      const asked = model().tokenize(question, false, 'trimLeadingSpace').slice(0, Math.floor(opened!.contextTokens / 2));
      const logits: number[] = [];
      for (const text of texts) {
        const tokens = model().tokenize(text, false, 'trimLeadingSpace');
        const room = opened!.contextTokens - 1 - ranking!.calculateInputLength(asked, []);
        const probability = Math.min(1 - SUREST, Math.max(SUREST, await ranking!.rank(asked, tokens.slice(0, room))));
        logits.push(Math.log(probability / (1 - probability)));
      }
      return logits;
    }),
    async graphics() {
      const llama = await load();
      if (llama.gpu === false) return undefined;
      const { total, free } = await llama.getVramState();
      return { kind: llama.gpu, names: await llama.getGpuDeviceNames(), bytes: total, freeBytes: free };
    },
  };
}

/**
 * A cross-encoder over word pieces was trained with one mark between question and text; what is put there otherwise are
 * the two of XLM-RoBERTa.
 */
function wordPieceTemplate(model: LlamaModel): { template?: `${string}{{query}}${string}{{document}}${string}` } {
  const { bosString, sepString } = model.tokens;
  if (model.fileInfo.metadata.tokenizer.ggml.model !== 'bert' || bosString === null || sepString === null) return {};
  return { template: `${bosString}{{query}}${sepString}{{document}}${sepString}` };
}

/**
 * The tokens of prompt + answer, and which is the first that holds something of the answer. Found by what the tokens say,
 * not by counting those of the prompt alone: tokens may reach over the border.
 */
function answerTokens(model: LlamaModel, { prompt, answer }: Pair): { tokens: Token[]; from: number } {
  const tokens = model.tokenize(prompt + answer);
  // Some vocabularies put a space before every text.
  const added = model.detokenize(tokens).length - (prompt + answer).length;
  let first = 0;
  let end = tokens.length;
  while (first < end) {
    const middle = (first + end) >> 1;
    if (model.detokenize(tokens.slice(0, middle + 1)).length - added > prompt.length) end = middle;
    else first = middle + 1;
  }
  const bos = model.tokens.shouldPrependBosToken ? model.tokens.bos : null;
  // The very first token of a text is after nothing, and has no probability.
  return bos === null ? { tokens, from: Math.max(1, first) } : { tokens: [bos, ...tokens], from: first + 1 };
}

function unit(vector: readonly number[]): Float32Array {
  const length = Math.hypot(...vector) || 1;
  return Float32Array.from(vector, (value) => value / length);
}
