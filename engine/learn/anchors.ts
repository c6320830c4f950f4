import type { Anchor } from './trainee.ts';

/** What an anchored text pays for its vector being moved. With 1, passages like those a person called right hardly followed them. */
const ANCHOR = 0.2;

/**
 * λ · mean(1 − cos(new, base)) over anchored texts: what nobody spoke of stays where it is. Adds its gradient.
 *
 * @param vectors of unit length, [texts, width]
 * @param anchors where each anchored text is among these, and its vector before the first step
 */
export function anchorLoss(vectors: Float32Array, width: number, anchors: readonly { at: number; vector: Float32Array }[], gradient: Float32Array): number {
  let loss = 0;
  const share = ANCHOR / Math.max(1, anchors.length);
  for (const { at, vector } of anchors) {
    let cosine = 0;
    for (let d = 0; d < width; d++) {
      cosine += vectors[at * width + d]! * vector[d]!;
      gradient[at * width + d]! -= share * vector[d]!;
    }
    loss += share * (1 - cosine);
  }
  return loss;
}

/** The vectors of anchors before the first step, each made once. */
export function heldBy(vectorsOf: (texts: readonly Anchor[]) => Promise<Float32Array[]>): (anchors: readonly Anchor[]) => Promise<Float32Array[]> {
  const known = new Map<string, Float32Array>();
  const nameOf = ({ side, text }: Anchor): string => `${side} ${text}`;
  return async (anchors) => {
    const missing = anchors.filter((anchor) => !known.has(nameOf(anchor)));
    if (missing.length > 0) (await vectorsOf(missing)).forEach((vector, i) => known.set(nameOf(missing[i]!), vector.slice()));
    return anchors.map((anchor) => known.get(nameOf(anchor))!);
  };
}

/** Mean cosine of all pairs of vectors of unit length: towards 1 they all say the same. */
export function likeness(vectors: readonly Float32Array[]): number {
  if (vectors.length < 2) return 0;
  const sum = new Float64Array(vectors[0]!.length);
  for (const vector of vectors) for (let d = 0; d < sum.length; d++) sum[d]! += vector[d]!;
  const all = sum.reduce((total, value) => total + value * value, 0);
  return (all - vectors.length) / (vectors.length * (vectors.length - 1));
}
