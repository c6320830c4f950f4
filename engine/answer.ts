import type { AdapterId, Answer, AnswerDetails, AppAction, Block, Citation, ConversationId, DocumentId, Hit, LibraryId, ModelsInUse, Sentence } from './api.ts';
import { openAligner } from './answer/align.ts';
import { asFound } from './answer/as-found.ts';
import { packed } from './answer/budget.ts';
import { evidenceOf, probabilityOf, SHIPPED, type Calibration } from './answer/found.ts';
import { passagesOf, worthGiving, type Numbered } from './answer/passages.ts';
import type { Exchange } from './answer/prompt.ts';
import { standalone } from './answer/rewrite.ts';
import { spoken } from './answer/spoken.ts';
import { extract, type Evidence } from './extract.ts';
import { statementsOf, type Statement } from './extract/statements.ts';
import type { openFaqs } from './faqs.ts';
import type { Llm } from './llm/llm.ts';
import type { Memory } from './memory.ts';
import { placeOf, type Placed } from './parse/document.ts';
import { RELEVANT } from './rank.ts';
import { search, type SearchParts } from './search.ts';
import { sentences } from './sentences.ts';
import { parentsOf } from './store/chunks.ts';
import { bodyWhile } from './store/contents.ts';
import { documentFrequency, wordStatistics } from './store/words.ts';

/** What answering takes beyond search; what is absent is done without. */
export interface AnswerParts extends SearchParts {
  /** Writes the answer; without one it is made of the sentences of the sources. */
  llm?: Llm;
  /** Why the language model that was chosen cannot be asked: a sentence. */
  trouble?: string;
  faqs?: ReturnType<typeof openFaqs>;
  /** Earlier turns, accepted answers and the app's actions, as far as the person wants them used. */
  memory?: Partial<Memory>;
  /** How sure a search in these libraries must be; what ships with Lodestone if absent. */
  calibration?: (libraries: readonly LibraryId[], version?: AdapterId) => Calibration;
}

/** A question as the person asked it, what was said before it in the conversation, and where to look. */
export interface AnswerQuestion { question: string; libraries: LibraryId[]; conversation?: ConversationId; before?: Exchange[] }

export type AnswerEvent =
  /** The question as it is searched for, where the conversation completed it. */
  | { kind: 'standalone'; question: string }
  | { kind: 'hits'; hits: Hit[]; models: ModelsInUse }
  /** What is known by now of how the answer comes about. */
  | { kind: 'details'; details: AnswerDetails; answerer: string; actions?: AppAction[] }
  | { kind: 'tail'; text: string }
  | { kind: 'sentence'; sentence: Sentence }
  | { kind: 'end'; outcome: Answer['outcome'] };

/**
 * A language model is given so many of the hits at most, none that is hardly relevant, and none a tenth as relevant as the best;
 * that the documents answer at all is known by then, so the best is always given.
 */
const GIVEN = 10;
const LEAST = 0.02;
const GAP = 0.9;

/**
 * The walk from question to answer: complete it, search, decide whether the documents answer it, then sentences with citations
 * that stand at exact places: a language model's where there is one, those of the sources where there is none or it fails.
 */
export async function* answer(parts: AnswerParts, { question, libraries, conversation, before = [] }: AnswerQuestion, signal?: AbortSignal): AsyncGenerator<AnswerEvent> {
  const start = performance.now();
  const { db, embedder, memory } = parts;
  const completed = await standalone(parts.llm, question, before, signal);
  if (completed.by) yield { kind: 'standalone', question: completed.question };
  const { hits, models } = await search(parts, { question: completed.question, libraries }, true);
  yield { kind: 'hits', hits, models };

  const sources = new Sources(db, hits);
  const statistics = { df: (token: string) => documentFrequency(db, token), total: wordStatistics(db).total };
  const background = embedder?.background;
  const calibration = parts.calibration?.(libraries, models.adapter) ?? SHIPPED;
  const evidence = await evidenceOf(completed.question, asFound(hits), { statistics, ...(embedder && { embed: (texts, side) => embedder.embed(texts, side) }), ...(background && { background }) });
  const details: AnswerDetails = { found: { probability: probabilityOf(evidence, calibration), threshold: calibration.threshold } };
  if (completed.by) details.completedBy = completed.by;
  if (parts.trouble !== undefined) details.fallback = parts.trouble;
  const actions = (await memory?.actions?.(question)) ?? [];
  const tell = (answerer: string): AnswerEvent => ({ kind: 'details', details, answerer, ...(actions.length > 0 && { actions }) });

  const stored = await parts.faqs?.match(completed.question, libraries);
  if (stored) {
    details.faq = stored.faq.question;
    details.found.probability = Math.max(details.found.probability, stored.nearness);
    yield tell('faq');
    yield* said(stored.faq.answer);
    yield { kind: 'end', outcome: 'answered' };
    return;
  }
  yield tell(models.answerer);
  if (hits.length === 0 || details.found.probability < details.found.threshold) {
    yield { kind: 'end', outcome: 'not-found' };
    return;
  }
  if (parts.llm) {
    const writing = written({ parts, llm: parts.llm, question, hits, libraries, before, sources, details, start, ...(conversation !== undefined && { conversation }), ...(signal && { signal }) });
    const outcome = yield* writing(tell);
    if (outcome !== undefined) {
      yield { kind: 'end', outcome };
      return;
    }
    yield tell(models.answerer);
  }
  const made = await extract(completed.question, hits, {
    blocks: (hit) => sources.blocks(hit), statistics, threshold: Math.min(RELEVANT, Math.max(...hits.map(({ relevance }) => relevance))),
    ...(embedder && { embed: async (asked, statements) => [...(await embedder.embed([asked], 'query')), ...(await embedder.embed(statements, 'document'))] }),
  });
  for (const { text, citations, opens } of made.sentences) {
    yield { kind: 'sentence', sentence: { text, citations: citations.map((evidence) => sources.citation(evidence)), ...(opens !== undefined && { opens }) } };
  }
  yield { kind: 'end', outcome: made.outcome };
}

/** A text a person wrote, as sentences. */
function* said(text: string): Generator<AnswerEvent> {
  for (const [i, { start, end }] of sentences(text, 0, text.length, true).entries()) {
    const own = text.slice(start, end).trim();
    if (own !== '') yield { kind: 'sentence', sentence: { text: own, citations: [], ...(i > 0 && /\n\s*$/.test(text.slice(0, start)) && { opens: true }) } };
  }
}

interface Writing {
  parts: AnswerParts; llm: Llm; question: string; hits: Hit[]; libraries: LibraryId[]; before: Exchange[]; sources: Sources; details: AnswerDetails; start: number;
  conversation?: ConversationId; signal?: AbortSignal;
}

/**
 * The answer as a language model writes it, each sentence with the places that support it, found afterwards. Gives no outcome
 * where the model failed before its first word; `details.fallback` then says why.
 */
function written({ parts, llm, question, hits, libraries, before, sources, details, start, conversation, signal }: Writing) {
  return async function* (tell: (answerer: string) => AnswerEvent): AsyncGenerator<AnswerEvent, Answer['outcome'] | undefined> {
    const { db, embedder, memory } = parts;
    let begun = false;
    let all = '';
    try {
      const given = hits.slice(0, Math.min(GIVEN, Math.max(1, worthGiving(hits.map(({ relevance }) => relevance), LEAST, GAP))));
      const parents = parentsOf(db, given.map(({ chunk }) => chunk));
      const remembered = (await memory?.turns?.(question, conversation, libraries)) ?? [];
      const examples = (await memory?.examples?.(question, remembered.map(({ id }) => id))) ?? [];
      const prompt = await packed(llm, { question, history: before.filter((exchange) => exchange.answer !== ''), remembered, examples, passages: passagesOf(given, (hit) => sources.blocks(hit), ({ chunk }) => parents.get(chunk)) });
      const along = { remembered: remembered.slice(remembered.length - prompt.along.remembered), examples: examples.slice(examples.length - prompt.along.examples) };
      if (along.remembered.length > 0) {
        details.remembered = along.remembered.map((turn) => turn.question);
        details.recalled = along.remembered.map(({ id }) => id);
      }
      if (along.examples.length > 0) details.examples = along.examples.map(({ id }) => id);
      const aligner = await openAligner(prompt.numbered.flatMap((passage) => sources.statements(passage)), {
        statistics: { df: (token) => documentFrequency(db, token), total: wordStatistics(db).total },
        ...(embedder && { embed: (texts) => embedder.embed(texts, 'document') }), ...(embedder?.background && { background: embedder.background }),
      });
      const pieces = llm.write(prompt.messages, { maxTokens: prompt.maxTokens, ...(signal && { signal }) });
      const counted = (async function* () {
        for await (const piece of pieces) {
          all += piece;
          yield piece;
        }
      })();
      for await (const next of spoken(counted)) {
        if (!begun) {
          details.written = { model: llm.name, promptTokens: prompt.promptTokens, answerTokens: 0, firstWord: Math.round(performance.now() - start), remote: llm.remote, given: prompt.given.length };
          yield tell(llm.id);
          begun = true;
        }
        if (next.kind === 'nothing') return 'not-found';
        if (next.kind === 'tail') {
          yield next;
          continue;
        }
        const hinted = new Set(next.marks.flatMap((mark) => prompt.numbered.find(({ number }) => number === mark)?.hit ?? []));
        const { statements, empty } = await aligner.align(next.text, hinted);
        const sentence: Sentence = { text: next.text, citations: statements.map((statement) => sources.citation(statement)) };
        if (next.opens) sentence.opens = true;
        if (statements.length === 0 && !empty) sentence.unsupported = true;
        yield { kind: 'sentence', sentence };
      }
      if (!begun) {
        details.fallback = 'The language model wrote nothing.';
        return undefined;
      }
      [details.written!.answerTokens] = (await llm.count([all])) as [number];
      yield tell(llm.id);
      return 'answered';
    } catch (error) {
      if (signal?.aborted) throw error;
      details.fallback = error instanceof Error ? error.message : String(error);
      if (!begun) return undefined;
      // What was said stays said.
      yield tell(llm.id);
      return 'stopped';
    }
  };
}

/** The documents of the hits, read once, and citations of them: numbers count chunks in the order in which the answer first leans on them. */
class Sources {
  readonly #db: AnswerParts['db'];
  readonly #hits: readonly Hit[];
  readonly #bodies = new Map<DocumentId, Placed>();
  readonly #numbers = new Map<number, number>();

  constructor(db: AnswerParts['db'], hits: readonly Hit[]) {
    this.#db = db;
    this.#hits = hits;
  }

  /** Of a document that was removed or read anew since it was found, nothing is cited: its places are no more. */
  #body({ document, contentHash }: Hit): Placed {
    let body = this.#bodies.get(document);
    if (!body) this.#bodies.set(document, (body = bodyWhile(this.#db, document, contentHash) ?? { blocks: [] }));
    return body;
  }

  blocks(hit: Hit): readonly Block[] {
    return this.#body(hit).blocks;
  }

  /** What a passage says, all that was given of it. */
  statements({ hit: index, start, end }: Numbered): Statement[] {
    const hit = this.#hits[index]!;
    return statementsOf({ ...hit, place: { ...hit.place, start, end } }, index, this.blocks(hit));
  }

  citation({ hit: index, start, end, quote }: Evidence): Citation {
    const source = this.#hits[index]!;
    const { chunk, document, documentName, type } = source;
    const number = this.#numbers.get(index) ?? this.#numbers.size + 1;
    this.#numbers.set(index, number);
    return { number, chunk, document, documentName, type, quote, place: placeOf(this.#body(source), start, end) };
  }
}
