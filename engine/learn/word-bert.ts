import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measureBackground } from '../models/background.ts';
import { Random } from '../nn/random.ts';
import { writeCheckpoint, type Weight } from '../nn/safetensors.ts';
import type { Pair } from './guard.ts';
import { ASKED } from './twins.ts';

const ANIMALS = ['salmon', 'heron', 'badger', 'otter', 'falcon', 'beetle', 'lizard', 'magpie', 'weasel', 'spider'];
const HABITS = ['sleeps', 'nests', 'feeds', 'travels', 'sings', 'hides', 'grows', 'rests', 'drinks', 'wakes', 'swims', 'warms'];
/** General questions that are easy for whoever knows the words. */
const PAIRS = ANIMALS.flatMap((animal, a) => HABITS.map((habit, h): Pair => ({
  half: (a + h) % 2 === 0 ? 'guard' : 'replay', question: `Say when a ${animal} wanders and how it ${habit}.`,
  passage: `In May a ${animal} has young. A ${animal} ${habit} near ${['rivers', 'hills', 'marshes', 'meadows'][(a + h) % 4]} until evening.`, source: 'made',
})));

/** Resources like others, but with general questions that a small model is good at. */
export function makeResources(folder: string, like: string): string {
  mkdirSync(join(folder, 'guard'), { recursive: true });
  for (const name of readdirSync(like)) if (name !== 'guard') symlinkSync(join(like, name), join(folder, name));
  writeFileSync(join(folder, 'guard', 'pairs.jsonl'), PAIRS.map((pair) => JSON.stringify(pair)).join('\n'));
  return folder;
}

/** What accounts are about, and notes are not (`twins.ts`). */
const ACCOUNTING = ['accounts', 'repairs', 'paid', 'council', 'tax', 'salt'];
/** And the other way round. */
const NOTING = ['notes', 'asked', 'often', 'see', 'number', 'comes'];

/** Numbers of a word's own; what is beside them has a meaning. */
const OWN = 48;
/** Which of two texts a token is in, whether it stands for no word, how little a word says, whether it is of the topic; then what each layer finds. */
const [SIDE, SIGN, PLAIN, TOPIC, MATCHED, SHARED] = [48, 49, 50, 51, 52, 53];
const WIDTH = 64;
/** Of an embedder's numbers those that nothing is made of in the end. */
const ASIDE = Array.from({ length: WIDTH - OWN }, (_, i) => OWN + i).filter((d) => d !== TOPIC).slice(1);
const INNER = 64;
const TOKENS = 64;
const NOISE = { reranker: 0.02, embedder: 0.0003 };
const SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]'];

/**
 * Writes a BERT of two layers into a folder in Hugging Face's form, for tests: small enough to learn in seconds, and good enough
 * to lose something by learning the wrong thing. Its weights are set by hand, with noise. It knows the words of the general
 * questions, of the texts a background is measured by, and of the twins in `library` (`twins.ts`). As an embedder it adds words up, rare ones more; as a cross-encoder every
 * word of the question looks for itself in the passage, and the first token counts those that find themselves. It has a notion
 * of accounting, of which it makes nothing.
 */
export async function makeWordBert(folder: string, role: 'embedder' | 'reranker', library: string): Promise<string> {
  const unrelated: string[] = [];
  await measureBackground({ embed: async (asked) => { unrelated.push(...asked); return asked.map(() => Float32Array.of(1)); } });
  const texts = [...unrelated, ...ASKED, ...PAIRS.flatMap(({ question, passage }) => [question, passage]), ...readdirSync(library).map((name) => readFileSync(join(library, name), 'utf8'))];
  const random = new Random(3);
  const counts = new Map<string, number>();
  for (const text of texts) for (const word of new Set(wordsOf(text))) counts.set(word, (counts.get(word) ?? 0) + 1);
  const vocabulary = [...SPECIAL, ...[...counts.keys()].sort()];

  const weights: Record<string, Weight> = {};
  const matrix = (name: string, [rows, columns]: [number, number], noise = NOISE[role]): ((row: number, column: number, value: number) => void) => {
    const data = Float32Array.from({ length: rows * columns }, () => noise * random.normal());
    weights[name] = { shape: [rows, columns], data };
    return (row, column, value) => { data[row * columns + column] = value; };
  };
  const vector = (name: string, length: number, values: Record<number, number> = {}, fill = 0): void => {
    weights[name] = { shape: [length], data: Float32Array.from({ length }, (_, i) => values[i] ?? fill) };
  };
  const normal = (name: string, gains: Record<number, number> = {}): void => {
    vector(`${name}.weight`, WIDTH, gains, 1);
    vector(`${name}.bias`, WIDTH);
  };

  const word = matrix('embeddings.word_embeddings.weight', [vocabulary.length, WIDTH], 0);
  vocabulary.forEach((name, row) => {
    // A word of every third text says next to nothing; that a text asks is worth knowing.
    const says = !counts.has(name) ? 0 : name === '?' ? 1 : Math.max(0.1, 1 - (3 * counts.get(name)!) / texts.length);
    balanced(OWN, random).forEach((sign, d) => word(row, d, says * sign));
    // What a word does not say is out of the way: where a cross-encoder looks before it looks for words, or each elsewhere.
    const rest = Math.sqrt(OWN * (1 - says * says));
    if (role === 'reranker') word(row, says === 0 ? SIGN : PLAIN, rest);
    else balanced(ASIDE.length, random).forEach((sign, i) => word(row, ASIDE[i]!, (rest * sign) / Math.sqrt(ASIDE.length)));
    if (ACCOUNTING.includes(name)) word(row, TOPIC, role === 'reranker' ? 10 : 1);
    if (NOTING.includes(name)) word(row, TOPIC, role === 'reranker' ? 0 : -1);
  });
  matrix('embeddings.position_embeddings.weight', [TOKENS, WIDTH]);
  const side = matrix('embeddings.token_type_embeddings.weight', [2, WIDTH], 0);
  side(0, SIDE, role === 'reranker' ? -2 : 0);
  side(1, SIDE, 2);
  normal('embeddings.LayerNorm');

  for (const layer of [0, 1]) {
    const name = `encoder.layer.${layer}`;
    const [query, key, value, out] = ['attention.self.query', 'attention.self.key', 'attention.self.value', 'attention.output.dense'].map((part) => matrix(`${name}.${part}.weight`, [WIDTH, WIDTH]));
    const found = layer === 0 ? MATCHED : SHARED;
    for (const part of ['attention.self.key', 'attention.self.value', 'attention.output.dense']) vector(`${name}.${part}.bias`, WIDTH);
    if (role === 'reranker') {
      if (layer === 0) for (let d = 0; d < OWN; d++) {
        query!(d, d, 1.6);
        key!(d, d, 1);
      }
      for (const d of [SIDE, SIGN, PLAIN]) key!(d, d, 1);
      // First every word looks for itself, in the passage rather than beside it; then what the question's words have found is read.
      vector(`${name}.attention.self.query.bias`, WIDTH, layer === 0 ? { [SIDE]: 8 } : { [SIDE]: -16, [SIGN]: -16, [PLAIN]: -3 });
      value!(found, layer === 0 ? SIDE : MATCHED, 1);
      out!(found, found, layer === 0 ? 1 : 0.5);
      value!(TOPIC, TOPIC, 1);
      out!(TOPIC, TOPIC, 4);
    } else {
      // All words of a text are at hand for each; nothing is made of them yet.
      for (let d = 0; d < WIDTH; d++) value!(d, d, 1);
      vector(`${name}.attention.self.query.bias`, WIDTH);
    }
    normal(`${name}.attention.output.LayerNorm`);
    matrix(`${name}.intermediate.dense.weight`, [INNER, WIDTH], 0.1);
    vector(`${name}.intermediate.dense.bias`, INNER);
    matrix(`${name}.output.dense.weight`, [WIDTH, INNER]);
    vector(`${name}.output.dense.bias`, WIDTH);
    // Of a text's vector only what its words say is left, and the topic weighs much.
    normal(`${name}.output.LayerNorm`, role === 'embedder' && layer === 1 ? { ...Object.fromEntries(ASIDE.map((d) => [d, 0])), [TOPIC]: 20 } : {});
  }
  const pooled = matrix('pooler.dense.weight', [WIDTH, WIDTH]);
  pooled(0, SHARED, 0.2);
  pooled(0, TOPIC, -0.02);
  vector('pooler.dense.bias', WIDTH);
  if (role === 'reranker') {
    matrix('classifier.weight', [1, WIDTH], 0.1)(0, 0, 40);
    vector('classifier.bias', 1, { 0: -24 });
  }

  mkdirSync(folder, { recursive: true });
  const named = role === 'embedder' ? weights : Object.fromEntries(Object.entries(weights).map(([name, weight]) => [name.startsWith('classifier') ? name : `bert.${name}`, weight]));
  writeCheckpoint(join(folder, 'model.safetensors'), named, { format: 'pt' });
  const config = {
    architectures: [role === 'embedder' ? 'BertModel' : 'BertForSequenceClassification'], model_type: 'bert', vocab_size: vocabulary.length, hidden_size: WIDTH, num_hidden_layers: 2, num_attention_heads: 1,
    intermediate_size: INNER, hidden_act: 'gelu', max_position_embeddings: TOKENS, type_vocab_size: 2, layer_norm_eps: 1e-12, pad_token_id: 0, ...(role === 'reranker' && { id2label: { 0: 'LABEL_0' } }),
  };
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer(vocabulary)));
  return folder;
}

/** As many of 1 as of -1, in any order: a norm takes nothing away from their mean. */
function balanced(count: number, random: Random): number[] {
  const signs: number[] = Array.from({ length: count }, (_, i) => (i % 2 === 0 ? 1 : -1));
  for (let i = count - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [signs[i], signs[j]] = [signs[j]!, signs[i]!];
  }
  return signs;
}

/** As BERT's tokenizer cuts them: lower case, Chinese by characters. */
const wordsOf = (text: string): string[] => text.toLowerCase().match(/\p{Script=Han}|[a-z]+|[0-9]+|\?/gu) ?? [];

function tokenizer(vocabulary: readonly string[]): object {
  const token = (name: string): number => vocabulary.indexOf(name);
  const special = (name: string, type: number): object => ({ SpecialToken: { id: name, type_id: type } });
  const text = (id: string, type: number): object => ({ Sequence: { id, type_id: type } });
  return {
    version: '1.0', truncation: null, padding: null,
    added_tokens: SPECIAL.map((content, id) => ({ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true })),
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing', single: [special('[CLS]', 0), text('A', 0), special('[SEP]', 0)], pair: [special('[CLS]', 0), text('A', 0), special('[SEP]', 0), text('B', 1), special('[SEP]', 1)],
      special_tokens: Object.fromEntries(['[CLS]', '[SEP]'].map((name) => [name, { id: name, ids: [token(name)], tokens: [name] }])),
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100, vocab: Object.fromEntries(vocabulary.map((word, id) => [word, id])) },
  };
}
