import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bertHidden, readBertConfig } from '../../engine/nn/bert.ts';
import { writeGraph } from '../../engine/nn/emission.ts';
import { randomBert } from '../../engine/nn/plain-bert.ts';
import { Random } from '../../engine/nn/random.ts';
import { openCheckpoint, writeCheckpoint } from '../../engine/nn/safetensors.ts';
import { Weights } from '../../engine/nn/weights.ts';

/** The sizes of a BERT encoder. */
export interface Size { layers: number; width: number }

/** Rows of the table of words, as BERT's own have: they count in memory. */
const VOCABULARY = 30_522;
const SPECIAL = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
/** All pieces of words are syllables of three letters, so a word falls apart in one way only. */
const SYLLABLES = [...'bdfgklmnprstvz'].flatMap((first) => [...'aeiou'].flatMap((vowel) => [...'klmnrst'].map((last) => first + vowel + last)));
/** What is left of the table stands for characters, so that real texts are not all the same unknown word. */
const CHARACTERS = [...'abcdefghijklmnopqrstuvwxyz0123456789.,:;()-/', ...Array.from({ length: 6000 }, (_, i) => String.fromCodePoint(0x4e00 + i))];

/**
 * Makes a BERT of random weights in the form Hugging Face and sentence-transformers keep models in, pooled by the mean, with the same
 * network as ONNX for those who read nothing else. All who are compared open this one folder.
 */
export function makeFolder(folder: string, { layers, width }: Size): void {
  const json = {
    architectures: ['BertModel'], model_type: 'bert', vocab_size: VOCABULARY, hidden_size: width, num_attention_heads: width / 32, num_hidden_layers: layers, intermediate_size: 4 * width,
    hidden_act: 'gelu', layer_norm_eps: 1e-12, max_position_embeddings: 512, type_vocab_size: 2, pad_token_id: 0, hidden_dropout_prob: 0.1, attention_probs_dropout_prob: 0.1, dtype: 'float32',
  };
  const write = (name: string, content: unknown): void => writeFileSync(join(folder, name), JSON.stringify(content));
  for (const name of ['', 'onnx', '1_Pooling']) mkdirSync(join(folder, name), { recursive: true });
  write('config.json', json);
  write('tokenizer.json', tokenizer());
  write('tokenizer_config.json', { tokenizer_class: 'PreTrainedTokenizerFast', model_max_length: 512, pad_token: '[PAD]', unk_token: '[UNK]', cls_token: '[CLS]', sep_token: '[SEP]', mask_token: '[MASK]' });
  write('sentence_bert_config.json', { max_seq_length: 512, do_lower_case: false });
  write('modules.json', [
    { idx: 0, name: '0', path: '', type: 'sentence_transformers.models.Transformer' },
    { idx: 1, name: '1', path: '1_Pooling', type: 'sentence_transformers.models.Pooling' },
    { idx: 2, name: '2', path: '2_Normalize', type: 'sentence_transformers.models.Normalize' },
  ]);
  write('1_Pooling/config.json', { word_embedding_dimension: width, pooling_mode_cls_token: false, pooling_mode_mean_tokens: true, pooling_mode_max_tokens: false, pooling_mode_mean_sqrt_len_tokens: false });
  const config = readBertConfig(json);
  const weights = randomBert(config, { vocabulary: VOCABULARY, between: 4 * width }, '', 1);
  // Of the size that real encoders have: larger ones would run away over the layers.
  for (const [name, { data }] of Object.entries(weights)) if (!name.includes('LayerNorm')) for (let i = 0; i < data.length; i++) data[i]! *= 0.1;
  const file = join(folder, 'model.safetensors');
  writeCheckpoint(file, weights, { format: 'pt' });
  const checkpoint = openCheckpoint(file);
  // ONNX Runtime reads no weights from above a model's own folder, so they are written again.
  const inside = new Weights({ ...checkpoint, tensor: (name) => ({ type: 'float32', shape: checkpoint.shape(name), data: checkpoint.read(name) }) });
  writeFileSync(join(folder, 'onnx', 'model.onnx'), writeGraph({ last_hidden_state: bertHidden(config, inside, layers) }).bytes);
}

function tokenizer(): object {
  const words = [...SPECIAL, ...SYLLABLES, ...SYLLABLES.map((syllable) => `##${syllable}`), ...CHARACTERS];
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: SPECIAL.map((content, id) => ({ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true })),
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase: true },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [{ SpecialToken: { id: '[CLS]', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }, { SpecialToken: { id: '[SEP]', type_id: 0 } }],
      pair: [{ SpecialToken: { id: '[CLS]', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }, { SpecialToken: { id: '[SEP]', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }, { SpecialToken: { id: '[SEP]', type_id: 1 } }],
      special_tokens: { '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] }, '[SEP]': { id: '[SEP]', ids: [3], tokens: ['[SEP]'] } },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100, vocab: Object.fromEntries(words.map((word, id) => [word, id])) },
  };
}

/** Texts whose lengths in tokens, special ones included, are spread evenly over the powers of two from 16 to 256, in no order. */
export function mixedTexts(count: number): string[] {
  const random = new Random(7);
  return Array.from({ length: count }, () => {
    let tokens = Math.round(16 * 16 ** random.next()) - 2;
    const words: string[] = [];
    while (tokens > 0) {
      const pieces = Math.min(tokens, 1 + random.below(2));
      words.push(Array.from({ length: pieces }, () => SYLLABLES[random.below(SYLLABLES.length)]!).join(''));
      tokens -= pieces;
    }
    return words.join(' ');
  });
}
