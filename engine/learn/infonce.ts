import { writeModel, type Node } from '../nn/onnx.ts';
import { openSession, Tensor, type Session } from '../nn/session.ts';

/**
 * The contrastive loss InfoNCE (van den Oord 2018, https://arxiv.org/abs/1807.03748) with in-batch negatives, both ways, and
 * its gradient, as one ONNX graph written by hand. With unit rows q̂, p̂ and S = q̂ p̂ᵀ / τ + mask, the loss is the mean of
 * −log softmax(S) along rows and along columns on the diagonal, and ∂loss/∂S = (softmax_rows + softmax_columns − 2I) / 2B.
 */
export interface Contrast { loss: number; queries: Float32Array; passages: Float32Array }

export class InfoNCE {
  private readonly session: Session;
  private readonly dimensions: number;

  private constructor(session: Session, dimensions: number) {
    this.session = session;
    this.dimensions = dimensions;
  }

  static async open(dimensions: number, temperature: number, threads: number): Promise<InfoNCE> {
    return new InfoNCE(await openSession(lossGraph(dimensions, temperature), { threads }), dimensions);
  }

  /**
   * Loss and its gradients for `queries` and `passages` of shape [B, dimensions], not normalised, row i belonging to row i.
   * `mask` [B, B] is added to the similarities: 0, or a large negative number where i and j are no honest negatives.
   */
  async run(queries: Float32Array, passages: Float32Array, mask: Float32Array): Promise<Contrast> {
    const size = queries.length / this.dimensions;
    const results = await this.session.run({
      queries: new Tensor('float32', queries, [size, this.dimensions]),
      passages: new Tensor('float32', passages, [size, this.dimensions]),
      mask: new Tensor('float32', mask, [size, size]),
    });
    return {
      loss: (results['loss']!.data as Float32Array)[0]!,
      queries: results['d_queries']!.data as Float32Array,
      passages: results['d_passages']!.data as Float32Array,
    };
  }

  async close(): Promise<void> {
    await this.session.release();
  }
}

function lossGraph(dimensions: number, temperature: number): Uint8Array {
  const node = (op: string, inputs: string[], output: string, attributes: Node['attributes'] = {}): Node => ({ op, inputs, outputs: [output], attributes });
  const unit = (name: string): Node[] => [
    node('ReduceL2', [name], `${name}_norm0`, { axes: { ints: [1] }, keepdims: { int: 1 } }),
    node('Add', [`${name}_norm0`, 'tiny'], `${name}_norm`),
    node('Div', [name, `${name}_norm`], `${name}_unit`),
  ];
  // Through y = x / |x|: dx = (dy − y (y·dy)) / |x|.
  const unitGradient = (name: string): Node[] => [
    node('Mul', [`d_${name}_unit`, `${name}_unit`], `${name}_along0`),
    node('ReduceSum', [`${name}_along0`, 'axis1'], `${name}_along`, { keepdims: { int: 1 } }),
    node('Mul', [`${name}_unit`, `${name}_along`], `${name}_radial`),
    node('Sub', [`d_${name}_unit`, `${name}_radial`], `${name}_tangent`),
    node('Div', [`${name}_tangent`, `${name}_norm`], `d_${name}`),
  ];
  const batch = { type: 'float32' as const, shape: ['batch', dimensions] };
  return writeModel({
    name: 'infonce',
    inputs: { queries: batch, passages: batch, mask: { type: 'float32', shape: ['batch', 'batch'] } },
    outputs: { loss: { type: 'float32', shape: [] }, d_queries: batch, d_passages: batch },
    constants: {
      tiny: { type: 'float32', shape: [], data: Float32Array.of(1e-9) },
      sharpness: { type: 'float32', shape: [], data: Float32Array.of(1 / temperature) },
      half: { type: 'float32', shape: [], data: Float32Array.of(0.5) },
      two: { type: 'float32', shape: [], data: Float32Array.of(2) },
      axis1: { type: 'int64', shape: [1], data: BigInt64Array.of(1n) },
    },
    nodes: [
      ...unit('queries'),
      ...unit('passages'),
      node('Transpose', ['passages_unit'], 'passages_t', { perm: { ints: [1, 0] } }),
      node('MatMul', ['queries_unit', 'passages_t'], 'cosine'),
      node('Mul', ['cosine', 'sharpness'], 'sharp'),
      node('Add', ['sharp', 'mask'], 'scores'),
      node('EyeLike', ['mask'], 'eye', { dtype: { int: 1 } }),
      node('ReduceSum', ['eye', ''], 'size', { keepdims: { int: 0 } }),
      node('LogSoftmax', ['scores'], 'log_rows', { axis: { int: 1 } }),
      node('LogSoftmax', ['scores'], 'log_columns', { axis: { int: 0 } }),
      node('Add', ['log_rows', 'log_columns'], 'log_both'),
      node('Mul', ['log_both', 'eye'], 'log_right'),
      node('ReduceSum', ['log_right', ''], 'log_sum', { keepdims: { int: 0 } }),
      node('Mul', ['log_sum', 'half'], 'log_half'),
      node('Div', ['log_half', 'size'], 'log_mean'),
      node('Neg', ['log_mean'], 'loss'),
      node('Exp', ['log_rows'], 'rows'),
      node('Exp', ['log_columns'], 'columns'),
      node('Add', ['rows', 'columns'], 'expected'),
      node('Mul', ['eye', 'two'], 'right'),
      node('Sub', ['expected', 'right'], 'surprise'),
      node('Div', ['half', 'size'], 'share'),
      node('Mul', ['share', 'sharpness'], 'rate'),
      node('Mul', ['surprise', 'rate'], 'd_cosine'),
      node('MatMul', ['d_cosine', 'passages_unit'], 'd_queries_unit'),
      node('Transpose', ['d_cosine'], 'd_cosine_t', { perm: { ints: [1, 0] } }),
      node('MatMul', ['d_cosine_t', 'queries_unit'], 'd_passages_unit'),
      ...unitGradient('queries'),
      ...unitGradient('passages'),
    ],
  });
}
