/** A function's value at `at`; writes its gradient there. */
export type Differentiable = (at: Float64Array, gradient: Float64Array) => number;

export interface MinimiseOptions {
  /** Times the function is asked, at most. */
  most: number;
  /** It ends where the gradient's length is less than so much of the value. */
  precision: number;
}

/** Steps that tell how the slope bends. */
const REMEMBERED = 8;
/** Share of the fall that the slope promises, which a step has to keep (Armijo). */
const KEPT = 1e-4;
const HALVINGS = 20;

/**
 * The least of a convex, smooth function, from where `at` stands; moves `at` there. L-BFGS with backtracking (Nocedal & Wright,
 * Numerical Optimization, 2nd ed., algorithms 7.4 and 3.1).
 * @param stepped is told the value after every step
 */
export function minimise(of: Differentiable, at: Float64Array, { most, precision }: MinimiseOptions, stepped?: (value: number) => void): void {
  const size = at.length;
  const gradient = new Float64Array(size);
  const tried = new Float64Array(size);
  const triedGradient = new Float64Array(size);
  const steps: { moved: Float64Array; bent: Float64Array; product: number }[] = [];
  let value = of(at, gradient);
  for (let asked = 1; asked < most && Math.sqrt(dot(gradient, gradient)) > precision * Math.max(1, Math.abs(value));) {
    const way = descent(gradient, steps);
    const slope = dot(gradient, way);
    // The first step has nothing to go by but the slope's length.
    let share = steps.length === 0 ? Math.min(1, 1 / Math.sqrt(dot(gradient, gradient))) : 1;
    let next = Infinity;
    for (let halving = 0; halving < HALVINGS && asked < most; halving++, share /= 2) {
      for (let i = 0; i < size; i++) tried[i] = at[i]! + share * way[i]!;
      next = of(tried, triedGradient);
      asked++;
      if (next <= value + KEPT * share * slope) break;
    }
    if (!(next < value)) return;
    const moved = tried.map((x, i) => x - at[i]!);
    const bent = triedGradient.map((x, i) => x - gradient[i]!);
    const product = dot(moved, bent);
    if (product > 0) steps.push({ moved, bent, product });
    if (steps.length > REMEMBERED) steps.shift();
    at.set(tried);
    gradient.set(triedGradient);
    value = next;
    stepped?.(value);
  }
}

/** −H·gradient, with H made of the remembered steps (two loops). */
function descent(gradient: Float64Array, steps: readonly { moved: Float64Array; bent: Float64Array; product: number }[]): Float64Array {
  const way = gradient.map((x) => -x);
  const shares: number[] = [];
  for (let k = steps.length - 1; k >= 0; k--) {
    const { moved, bent, product } = steps[k]!;
    add(way, bent, -(shares[k] = dot(moved, way) / product));
  }
  const last = steps.at(-1);
  const scale = last ? last.product / dot(last.bent, last.bent) : 1;
  for (let i = 0; i < way.length; i++) way[i]! *= scale;
  for (const [k, { moved, bent, product }] of steps.entries()) add(way, moved, shares[k]! - dot(bent, way) / product);
  return way;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

function add(to: Float64Array, what: Float64Array, times: number): void {
  for (let i = 0; i < to.length; i++) to[i]! += times * what[i]!;
}
