/**
 * A language model that writes, wherever it runs: a GGUF file in a process of our own (`local.ts`), or a server the
 * person runs (`ollama.ts`, `openai.ts`). Whoever holds an `Llm` does not know which.
 */
export interface Llm {
  /** Identity of the model, stored with what it wrote or scored: scores of two identities are never compared. */
  id: string;
  name: string;
  /** Prompt and answer together have room for so many tokens. */
  contextTokens: number;
  /** Its address leaves this machine. */
  remote: boolean;
  /** What `count` says is an upper estimate, since the server cannot count. */
  estimates: boolean;
  /**
   * Streams the text of the next message. Leaving the loop stops the model at once; so does the signal, and the loop then
   * throws 'cancelled'. Nothing is computed before the first `next`.
   *
   * @throws EngineError 'invalid' when prompt and `maxTokens` do not fit the context, 'closed' when the model's process
   * ended in the middle (asking again starts it anew), 'not-found' when the model is not there, 'failed' with a sentence
   * for whatever else went wrong
   */
  write(messages: Message[], options: WriteOptions): AsyncIterable<string>;
  /** Lengths in the model's own tokens; messages are counted as the model reads them, with all its template puts around. */
  count(texts: (string | Message[])[]): Promise<number[]>;
  /**
   * Mean log-probability (nats, at most 0) of the answer's tokens after the prompt, one a pair: of the tokens of prompt +
   * answer, those that hold something of the answer. Not to be had from every server. A pair's score does not depend on the
   * other pairs. What the model thinks of an answer without any knowledge, r(∅), is one more pair. LLM-Embedder
   * (arXiv 2310.07554), teacher scores. @throws EngineError 'invalid' where the answer is empty or a pair too long
   */
  likelihood?(pairs: Pair[], signal?: AbortSignal): Promise<number[]>;
  /** Frees the model; an answer under way ends with 'closed'. */
  close(): Promise<void>;
}

export interface Message { role: 'system' | 'user' | 'assistant'; content: string }

/** What was asked as raw text, no template put around, and the answer that is judged; it begins where the prompt ends. */
export interface Pair { prompt: string; answer: string }

export interface WriteOptions {
  /** No more than so many tokens are written. */
  maxTokens: number;
  /** 0, the model's likeliest token each time, if absent. */
  temperature?: number;
  /** The same seed, model and prompt give the same text, as far as server and device keep to it. */
  seed?: number;
  /**
   * The text is one JSON value of this schema: it cannot be anything else (from a server: as far as it keeps to it, and
   * without lengths), but may be cut short by `maxTokens`.
   */
  schema?: JsonSchema;
  signal?: AbortSignal;
}

/** As much of JSON Schema as every runner can hold a model to. */
export type JsonSchema =
  | { type: 'object'; properties: Record<string, JsonSchema>; required?: string[]; additionalProperties?: false }
  | { type: 'array'; items: JsonSchema; minItems?: number; maxItems?: number }
  | { type: 'string'; minLength?: number; maxLength?: number }
  | { type: 'number' | 'integer' | 'boolean' | 'null' }
  | { enum: (string | number | boolean | null)[] };
