import { noise, type Weights } from './gguf.ts';
import { type MicroLlama, type Shape, VOCABULARY, writeLlama } from './micro-llama.ts';

/** Where a token's vector keeps what: codes of 32 signs, and a one. */
const CODE = 32;
const [OWN, BEFORE, SAID, ONE] = [0, CODE, 2 * CODE, 3 * CODE];
/** As long as a code, so that the norm of a vector is known at every layer. */
const ONE_LENGTH = Math.sqrt(CODE);

const shape: Shape = {
  dimensions: 128, layers: 2, heads: 1, keyHeads: 1, feedForward: 32,
  // From 1 down by a factor of 1.5 a pair: the first pairs know single positions, those beyond the 32nd do not turn.
  ropeBase: 1e12,
};
const TURNING_PAIRS = 16;
const STILL = 64;

/**
 * A language model that reads, built by hand: what followed the present token before is likely to follow it again. Its two
 * layers are the induction head of Olsson et al. (arXiv 2209.11895): the first has each position look at the one before it
 * and note its token; the second has it look for a position that noted the present token, and say what stands there.
 */
export function writeMicroCopier(file: string): MicroLlama {
  const { dimensions, feedForward } = shape;
  const zeros = (rows: number, columns: number): Weights => ({ shape: [rows, columns], data: new Float32Array(rows * columns) });
  const ones = (): Weights => ({ shape: [dimensions], data: new Float32Array(dimensions).fill(1) });
  const set = ({ data }: Weights, row: number, column: number, value: number): void => { data[row * dimensions + column] = value; };
  /** A matrix that takes a code from one place to another. */
  const moving = (from: number, to: number, by: number): Weights => {
    const matrix = zeros(dimensions, dimensions);
    for (let d = 0; d < CODE; d++) set(matrix, to + d, from + d, by);
    return matrix;
  };

  const random = noise(3);
  const embedding = zeros(VOCABULARY.length, dimensions);
  const output = zeros(VOCABULARY.length, dimensions);
  for (let token = 0; token < VOCABULARY.length; token++) {
    set(embedding, token, ONE, ONE_LENGTH);
    for (let d = 0; d < CODE; d++) {
      const sign = random() < 0 ? -1 : 1;
      set(embedding, token, OWN + d, sign);
      set(output, token, SAID + d, sign * 0.4);
    }
  }
  // Layer by layer a norm brings a vector of so many codes to the length of `dimensions`.
  const scale = (codes: number): number => Math.sqrt(dimensions / (codes * CODE));

  // The score of a distance is the sum of cos((distance - 1) · speed) over the turning pairs: highest at one.
  const [asking, answering] = [zeros(dimensions, dimensions), zeros(dimensions, dimensions)];
  for (let pair = 0; pair < TURNING_PAIRS; pair++) {
    const speed = shape.ropeBase ** (-(2 * pair) / dimensions);
    const strength = 15 / (ONE_LENGTH * scale(2));
    set(asking, 2 * pair, ONE, strength * Math.cos(speed));
    set(asking, 2 * pair + 1, ONE, -strength * Math.sin(speed));
    set(answering, 2 * pair, ONE, strength);
  }
  return writeLlama(file, 'Micro copier', shape, {
    'token_embd.weight': embedding, 'output.weight': output, 'output_norm.weight': ones(),
    ...layer(0, { q: asking, k: answering, v: moving(OWN, OWN, 1 / scale(2)), output: moving(OWN, BEFORE, 1) }),
    ...layer(1, { q: moving(OWN, STILL, 3 / scale(3)), k: moving(BEFORE, STILL, 3 / scale(3)), v: moving(OWN, OWN, 1 / scale(3)), output: moving(OWN, SAID, 1) }),
  });

  /** Attention as given, and nothing after it. */
  function layer(number: number, { q, k, v, output }: Record<'q' | 'k' | 'v' | 'output', Weights>): Record<string, Weights> {
    const named = {
      attn_norm: ones(), attn_q: q, attn_k: k, attn_v: v, attn_output: output,
      ffn_norm: ones(), ffn_gate: zeros(feedForward, dimensions), ffn_up: zeros(feedForward, dimensions), ffn_down: zeros(dimensions, feedForward),
    };
    return Object.fromEntries(Object.entries(named).map(([name, weights]) => [`blk.${number}.${name}.weight`, weights]));
  }
}
