import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FAMILIES, familyNamed, familyOf } from './families.ts';
import { instructionsFor, promptedText } from './prompts.ts';
import type { Manifest } from './manifest.ts';

/** A family as the manifest of one of its models has it. */
function promptingOf(id: string): Pick<Manifest, 'prompts' | 'tasks' | 'instruction' | 'promptSkipped'> {
  const { tasks, instruction, promptSkipped } = familyNamed(id)!;
  return { prompts: Object.values(tasks)[0]!, tasks: { ...tasks }, ...(instruction === undefined ? {} : { instruction }), ...(promptSkipped ? { promptSkipped } : {}) };
}

/** What a model of the family reads for the text T: query and document. One builder makes it wherever texts are read (seeds TA-4). */
const golden: [family: string, task: string | undefined, query: string, document: string][] = [
  ['bge-en', undefined, 'Represent this sentence for searching relevant passages: T', 'T'],
  ['bge-zh', undefined, '为这个句子生成表示以用于检索相关文章：T', 'T'],
  ['bge-m3', undefined, 'T', 'T'],
  ['bce', undefined, 'T', 'T'],
  ['llm-embedder', 'qa', 'Represent this query for retrieving relevant documents: T', 'Represent this document for retrieval: T'],
  ['llm-embedder', 'convsearch', 'Encode this query and context for searching relevant passages: T', 'Encode this passage for retrieval: T'],
  ['llm-embedder', 'chat', 'Embed this dialogue to find useful historical dialogues: T', 'Embed this historical dialogue for retrieval: T'],
  ['llm-embedder', 'lrlm', 'Embed this text chunk for finding useful historical chunks: T', 'Embed this historical text chunk for retrieval: T'],
  ['llm-embedder', 'icl', 'Convert this example into vector to look for useful examples: T', 'Convert this example into vector for retrieval: T'],
  ['llm-embedder', 'tool', 'Transform this user request for fetching helpful tool descriptions: T', 'Transform this tool description for retrieval: T'],
  ['llm-embedder', undefined, 'Represent this query for retrieving relevant documents: T', 'Represent this document for retrieval: T'],
  ['e5', undefined, 'query: T', 'passage: T'],
  ['gte', undefined, 'T', 'T'],
  ['e5-mistral', undefined, 'Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery: T', 'T'],
  ['e5-mistral', 'claim', 'Instruct: Given a claim, retrieve documents that support or refute the claim\nQuery: T', 'T'],
  ['e5-mistral', 'Find the $& clause', 'Instruct: Find the $& clause\nQuery: T', 'T'],
  ['e5-instruct', 'question', 'Instruct: Given a question, retrieve Wikipedia passages that answer the question\nQuery: T', 'T'],
  ['qwen-embedding', undefined, 'Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:T', 'T'],
  ['gte-qwen', 'chinese', 'Instruct: Given a Chinese search query, retrieve web passages that answer the question\nQuery: T', 'T'],
  ['instructor', undefined, 'Represent the question for retrieving supporting documents:T', 'Represent the document for retrieval:T'],
  ['instructor', 'wikipedia', 'Represent the Wikipedia question for retrieving supporting documents:T', 'Represent the Wikipedia document for retrieval:T'],
  ['instructor', 'Represent the legal clause for finding similar clauses: ', 'Represent the legal clause for finding similar clauses:T', 'Represent the document for retrieval:T'],
  ['contriever', undefined, 'T', 'T'],
  ['tart-dual', 'Find code that does this', 'Find code that does this [SEP] T', 'T'],
  ['tart-full', undefined, 'Retrieve a passage to answer this question [SEP] T', 'T'],
];

for (const [family, task, query, document] of golden) {
  test(`${family} reads ${JSON.stringify(query)} for ${task === undefined ? 'a question' : `a question of “${task}”`}`, () => {
    const manifest = promptingOf(family);
    const padded = manifest.promptSkipped ? ' T ' : 'T';
    assert.equal(promptedText(manifest, padded, 'query', task), query);
    assert.equal(promptedText(manifest, padded, 'document', task), document);
  });
}

test('BGE’s Chinese prompt ends in the full-width colon it was trained with', () => {
  assert.equal(familyNamed('bge-zh')!.tasks['search']!.query.codePointAt(18), 0xff1a);
});

test('what a model is told of a task is known in words, without the frame around them', () => {
  const told = (family: string, task: string) => Object.values(instructionsFor(promptingOf(family), task));
  assert.deepEqual(told('llm-embedder', 'chat'), ['Embed this dialogue to find useful historical dialogues: ', 'Embed this historical dialogue for retrieval: ']);
  assert.deepEqual(told('e5-mistral', 'claim'), ['Given a claim, retrieve documents that support or refute the claim', '']);
  assert.deepEqual(told('instructor', 'qa'), ['Represent the question for retrieving supporting documents: ', 'Represent the document for retrieval: '], 'of a task it does not know, what is always there');
  assert.deepEqual(told('e5', 'qa'), ['query: ', 'passage: ']);
  assert.deepEqual(told('bge-m3', 'qa'), ['', '']);
});

test('a task that a model was not trained for is refused by name', () => {
  assert.throws(() => promptedText(promptingOf('llm-embedder'), 'T', 'query', 'poems'), /knows no task "poems", only qa, convsearch, chat, lrlm, icl, tool/);
  assert.throws(() => promptedText({ prompts: { query: '', document: '' } }, 'T', 'query', 'poems'), /has one way to embed only/);
});

describe('families are recognised by what models are called', () => {
  const names: [name: string, type: string, family: string | undefined][] = [
    ['BAAI/bge-small-zh-v1.5', 'bert', 'bge-zh'], ['bge-large-en', 'bert', 'bge-en'], ['bge-m3', 'xlm-roberta', 'bge-m3'], ['bge-m3-gguf-copy', 'qwen2', undefined],
    ['maidalun1020/bce-embedding-base_v1', 'xlm-roberta', 'bce'], ['llm-embedder', 'bert', 'llm-embedder'],
    ['intfloat/e5-base-v2', 'bert', 'e5'], ['multilingual-e5-large', 'xlm-roberta', 'e5'], ['multilingual-e5-large-instruct', 'xlm-roberta', 'e5-instruct'],
    ['e5-mistral-7b-instruct', 'mistral', 'e5-mistral'], ['Qwen3-Embedding-0.6B', 'qwen3', 'qwen-embedding'], ['gte-Qwen2-1.5B-instruct', 'qwen2', 'gte-qwen'],
    ['thenlper/gte-large', 'bert', 'gte'], ['gte-large-zh', 'bert', 'gte-zh'], ['hkunlp/instructor-xl', 't5', 'instructor'], ['gtr-t5-base', 't5', 'gtr'],
    ['facebook/contriever-msmarco', 'bert', 'contriever'], ['tart-dual-contriever-msmarco', 'bert', 'tart-dual'], ['my-model', 'bert', undefined],
  ];
  for (const [name, type, family] of names) test(`${name} (${type}): ${family ?? 'none'}`, () => assert.equal(familyOf([name], type, 'embedder')?.id, family));
  test('the likeliest name counts before others', () => assert.equal(familyOf(['bge-base-zh', 'contriever'], 'bert', 'embedder')?.id, 'bge-zh'));
  test('rerankers are families of their own', () => {
    assert.equal(familyOf(['bge-reranker-v2-m3'], 'xlm-roberta', 'reranker')?.id, 'bge-reranker');
    assert.equal(familyOf(['bce-reranker-base_v1'], 'xlm-roberta', 'reranker')?.id, 'bce-reranker');
    assert.equal(familyOf(['tart-full-flan-t5-xl'], 't5', 'reranker')?.id, 'tart-full');
    assert.equal(familyOf(['bge-reranker-base'], 'xlm-roberta', 'embedder'), undefined);
  });
});

test('every family says all that is needed', () => {
  assert.equal(new Set(FAMILIES.map(({ id }) => id)).size, FAMILIES.length);
  for (const { id, role, tasks, score, languages, licence, normalised, instruction } of FAMILIES) {
    assert.ok(Object.keys(tasks).length > 0 && languages.length > 0 && licence !== '', id);
    assert.ok(role === 'embedder' ? ['cosine', 'dot'].includes(score) : ['logit', 'sigmoid'].includes(score), id);
    assert.equal(normalised, role === 'embedder' && score === 'cosine', id);
    assert.ok(instruction === undefined || instruction.includes('{task}'), id);
  }
});
