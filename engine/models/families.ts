import type { Manifest } from './manifest.ts';

/** What stands before a text of each side. */
export interface Prompts { query: string; document: string }

/**
 * How a family of models has to be used: what its authors trained it with and its files often do not say. Used otherwise a
 * model still gives vectors, only worse ones, and nothing tells.
 */
export interface Family {
  id: string;
  name: string;
  role: Manifest['role'];
  /** What its models are called. */
  named: RegExp;
  /** `model_type` in `config.json`. */
  types: readonly string[];
  /** Prompts by task, letter by letter; the first is the one that is used where nothing is said. */
  tasks: Readonly<Record<string, Prompts>>;
  /** Before a question for a task in the person's own words, `{task}` being those; absent where a model does not follow any. */
  instruction?: string;
  pooling: 'cls' | 'mean' | 'last';
  /** Tokens of the prompt are seen but not averaged, and text and prompt are joined without a blank. */
  promptSkipped?: true;
  normalised: boolean;
  /** A linear layer follows the pooling; a folder without it is not complete. */
  projected?: true;
  score: NonNullable<Manifest['score']>;
  /** The longest text it was made for, in tokens. */
  maxTokens: number;
  /** A token that has to stand behind the text, after cutting; most tokenizers of such models do not put it there. */
  end?: string;
  /** What a pair of texts looks like where the tokenizer does not know: tokens, and the texts as A and B. */
  pair?: readonly string[];
  /** Labels of a cross-encoder; 1 if absent. */
  labels?: 2;
  /** Long passages are read in windows, and the best one counts, instead of being cut. */
  windows?: true;
  languages: readonly string[];
  licence: string;
}

const NONE: Prompts = { query: '', document: '' };
const plain = { search: NONE };
const CLS = { pooling: 'cls', normalised: true, score: 'cosine' } as const;
const MEAN = { pooling: 'mean', normalised: true, score: 'cosine' } as const;
const LAST = { pooling: 'last', normalised: true, score: 'cosine' } as const;
/** A cross-encoder has no vectors: what is said of them is never looked at. */
const PAIRS = { pooling: 'cls', normalised: false } as const;
const BERT = ['bert'];
const ROBERTA = ['xlm-roberta', 'roberta'];
const MANY = ['zh', 'en', 'mul'];

/** Instructions published with E5-mistral (https://arxiv.org/abs/2401.00368), by task. */
export const INSTRUCTIONS = {
  search: 'Given a web search query, retrieve relevant passages that answer the query',
  question: 'Given a question, retrieve Wikipedia passages that answer the question',
  chinese: 'Given a Chinese search query, retrieve web passages that answer the question',
  claim: 'Given a claim, retrieve documents that support or refute the claim',
  'multi-hop': 'Given a multi-hop question, retrieve documents that can help answer the question',
  duplicate: 'Given a question, retrieve questions that are semantically equivalent to the given question',
  citation: 'Given a scientific paper title, retrieve paper abstracts that are cited by the given paper',
} as const;

const INSTRUCT = 'Instruct: {task}\nQuery: ';
const QWEN3 = 'Instruct: {task}\nQuery:';
const SEPARATED = '{task} [SEP] ';

/** The instruction on the query's side only, so documents need not be embedded anew for another task. */
function instructed(instruction: string, tasks: Readonly<Record<string, string>> = INSTRUCTIONS): Pick<Family, 'tasks' | 'instruction'> {
  return { instruction, tasks: Object.fromEntries(Object.entries(tasks).map(([task, words]) => [task, { query: instructionFor(instruction, words), document: '' }])) };
}

/** The prompt of a task in someone's own words. */
export function instructionFor(instruction: string, task: string): string {
  return instruction.replace('{task}', () => task);
}

/** What TART is told (https://arxiv.org/abs/2211.09260): intent, domain and unit of what is looked for. */
const INTENTS = {
  search: 'Retrieve a passage to answer this question',
  paper: 'Retrieve a scientific paper paragraph to answer this question',
};

/** The families, the more special before the more general: the first that fits is the one. */
export const FAMILIES: readonly Family[] = [
  {
    id: 'llm-embedder', name: 'LLM-Embedder', role: 'embedder', named: /llm-?embedder/i, types: BERT, ...CLS, maxTokens: 512, languages: ['en'], licence: 'MIT',
    tasks: {
      qa: { query: 'Represent this query for retrieving relevant documents: ', document: 'Represent this document for retrieval: ' },
      convsearch: { query: 'Encode this query and context for searching relevant passages: ', document: 'Encode this passage for retrieval: ' },
      chat: { query: 'Embed this dialogue to find useful historical dialogues: ', document: 'Embed this historical dialogue for retrieval: ' },
      lrlm: { query: 'Embed this text chunk for finding useful historical chunks: ', document: 'Embed this historical text chunk for retrieval: ' },
      icl: { query: 'Convert this example into vector to look for useful examples: ', document: 'Convert this example into vector for retrieval: ' },
      tool: { query: 'Transform this user request for fetching helpful tool descriptions: ', document: 'Transform this tool description for retrieval: ' },
    },
  },
  { id: 'bge-reranker', name: 'BGE reranker', role: 'reranker', named: /bge-reranker-(base|large|v2-m3)/i, types: ROBERTA, ...PAIRS, tasks: plain, score: 'logit', maxTokens: 512, languages: MANY, licence: 'MIT' },
  { id: 'bge-m3', name: 'BGE M3', role: 'embedder', named: /bge-m3/i, types: ROBERTA, ...CLS, tasks: plain, maxTokens: 8192, languages: MANY, licence: 'MIT' },
  {
    id: 'bge-zh', name: 'BGE (Chinese)', role: 'embedder', named: /bge-(small|base|large)-zh/i, types: BERT, ...CLS, maxTokens: 512, languages: ['zh'], licence: 'MIT',
    // With the full-width colon, which is another token than the half-width one.
    tasks: { search: { query: '为这个句子生成表示以用于检索相关文章：', document: '' } },
  },
  {
    id: 'bge-en', name: 'BGE (English)', role: 'embedder', named: /bge-(small|base|large)-en/i, types: BERT, ...CLS, maxTokens: 512, languages: ['en'], licence: 'MIT',
    tasks: { search: { query: 'Represent this sentence for searching relevant passages: ', document: '' } },
  },
  { id: 'bce-reranker', name: 'BCE reranker', role: 'reranker', named: /bce-reranker/i, types: ROBERTA, ...PAIRS, tasks: plain, score: 'sigmoid', windows: true, maxTokens: 512, languages: ['zh', 'en'], licence: 'Apache-2.0' },
  { id: 'bce', name: 'BCE', role: 'embedder', named: /bce-embedding/i, types: ROBERTA, ...CLS, tasks: plain, maxTokens: 512, languages: ['zh', 'en'], licence: 'Apache-2.0' },
  { id: 'e5-mistral', name: 'E5 Mistral', role: 'embedder', named: /e5-mistral/i, types: ['mistral'], ...LAST, ...instructed(INSTRUCT), maxTokens: 4096, end: '</s>', languages: ['en', 'mul'], licence: 'MIT' },
  { id: 'qwen-embedding', name: 'Qwen3 Embedding', role: 'embedder', named: /qwen3-embedding/i, types: ['qwen3'], ...LAST, ...instructed(QWEN3), maxTokens: 32768, end: '<|endoftext|>', languages: MANY, licence: 'Apache-2.0' },
  { id: 'gte-qwen', name: 'GTE Qwen', role: 'embedder', named: /gte-qwen/i, types: ['qwen2'], ...LAST, ...instructed(INSTRUCT), maxTokens: 32768, end: '<|endoftext|>', languages: MANY, licence: 'Apache-2.0' },
  { id: 'e5-instruct', name: 'E5 (instructed)', role: 'embedder', named: /e5-(small|base|large)-instruct/i, types: ROBERTA, ...MEAN, ...instructed(INSTRUCT), maxTokens: 512, languages: MANY, licence: 'MIT' },
  {
    id: 'e5', name: 'E5', role: 'embedder', named: /\be5-(small|base|large)/i, types: [...BERT, ...ROBERTA], ...MEAN, maxTokens: 512, languages: MANY, licence: 'MIT',
    tasks: { search: { query: 'query: ', document: 'passage: ' }, symmetric: { query: 'query: ', document: 'query: ' } },
  },
  { id: 'gte-zh', name: 'GTE (Chinese)', role: 'embedder', named: /gte-(small|base|large)-zh/i, types: BERT, ...CLS, tasks: plain, maxTokens: 512, languages: ['zh'], licence: 'MIT' },
  { id: 'gte', name: 'GTE', role: 'embedder', named: /gte-(small|base|large)$/i, types: BERT, ...MEAN, tasks: plain, maxTokens: 512, languages: ['en'], licence: 'MIT' },
  {
    id: 'instructor', name: 'INSTRUCTOR', role: 'embedder', named: /instructor-(base|large|xl)/i, types: ['t5'], ...MEAN, projected: true, promptSkipped: true, instruction: '{task}', maxTokens: 512, languages: ['en'], licence: 'Apache-2.0',
    tasks: {
      search: { query: 'Represent the question for retrieving supporting documents: ', document: 'Represent the document for retrieval: ' },
      wikipedia: { query: 'Represent the Wikipedia question for retrieving supporting documents: ', document: 'Represent the Wikipedia document for retrieval: ' },
    },
  },
  { id: 'gtr', name: 'GTR and Sentence-T5', role: 'embedder', named: /gtr-t5|sentence-t5/i, types: ['t5'], ...MEAN, projected: true, tasks: plain, maxTokens: 512, languages: ['en'], licence: 'Apache-2.0' },
  {
    id: 'tart-full', name: 'TART-full', role: 'reranker', named: /tart-full/i, types: ['t5'], ...PAIRS, ...instructed(SEPARATED, INTENTS), score: 'sigmoid', labels: 2,
    pair: ['<s>', 'A', '</s>', 'B', '</s>'], maxTokens: 512, languages: ['en'], licence: 'CC-BY-NC-4.0',
  },
  { id: 'tart-dual', name: 'TART-dual', role: 'embedder', named: /tart-dual/i, types: BERT, ...MEAN, normalised: false, score: 'dot', ...instructed(SEPARATED, INTENTS), maxTokens: 512, languages: ['en'], licence: 'CC-BY-NC-4.0' },
  { id: 'contriever', name: 'Contriever', role: 'embedder', named: /contriever/i, types: BERT, ...MEAN, normalised: false, score: 'dot', tasks: plain, maxTokens: 512, languages: ['en'], licence: 'CC-BY-NC-4.0' },
];

/** The family of a model by what it is called, the likeliest name first; undefined where no name is known. */
export function familyOf(names: readonly string[], type: string, role: Family['role']): Family | undefined {
  for (const name of names) {
    const found = FAMILIES.find((family) => family.role === role && family.types.includes(type) && family.named.test(name));
    if (found !== undefined) return found;
  }
  return undefined;
}

export function familyNamed(id: string | undefined): Family | undefined {
  return FAMILIES.find((family) => family.id === id);
}
