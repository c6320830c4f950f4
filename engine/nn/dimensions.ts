import type { Dimension } from './onnx.ts';

/**
 * Arithmetic on lengths that are only known when a graph runs. A dimension is a polynomial in names with whole coefficients,
 * written in one normal form ("2*batch*tokens+1"), so equal lengths are equal strings.
 */
export type Shape = readonly Dimension[];

/** Product of names, sorted and joined by `*` (empty for the constant) → coefficient. */
type Polynomial = Map<string, number>;

export function times(...dimensions: Dimension[]): Dimension {
  if (dimensions.every((dimension) => typeof dimension === 'number')) return dimensions.reduce((product, length) => product * length, 1);
  return format(dimensions.map(parse).reduce((a, b) => {
    const product: Polynomial = new Map();
    for (const [left, x] of a) for (const [right, y] of b) accumulate(product, [...names(left), ...names(right)].sort().join('*'), x * y);
    return product;
  }, new Map([['', 1]])));
}

export function plus(a: Dimension, b: Dimension): Dimension {
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  const sum: Polynomial = new Map();
  for (const [term, coefficient] of [...parse(a), ...parse(b)]) accumulate(sum, term, coefficient);
  return format(sum);
}

export function minus(a: Dimension, b: Dimension): Dimension {
  return plus(a, times(-1, b));
}

/** Its terms: a coefficient and the names it is multiplied by. */
export function termsOf(dimension: Dimension): { coefficient: number; names: string[] }[] {
  return [...parse(dimension)].map(([term, coefficient]) => ({ coefficient, names: names(term) }));
}

/** The length, given those of the names in it. Throws when a name has none. */
export function lengthOf(dimension: Dimension, lengths: Readonly<Record<string, number>>): number {
  if (typeof dimension === 'number') return dimension;
  return termsOf(dimension).reduce((sum, term) => sum + term.names.reduce((product, name) => {
    const length = lengths[name];
    if (length === undefined) throw new Error(`No length is known for the dimension "${name}".`);
    return product * length;
  }, term.coefficient), 0);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dimension, axis) => dimension === b[axis]);
}

export function describe(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** The shape two shapes broadcast to (as NumPy does), or undefined where they do not. */
export function broadcast(a: Shape, b: Shape): Dimension[] | undefined {
  const rank = Math.max(a.length, b.length);
  const shape: Dimension[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) return undefined;
    shape.push(left === 1 ? right : left);
  }
  return shape;
}

function names(term: string): string[] {
  return term === '' ? [] : term.split('*');
}

function accumulate(polynomial: Polynomial, term: string, coefficient: number): void {
  polynomial.set(term, (polynomial.get(term) ?? 0) + coefficient);
}

function parse(dimension: Dimension): Polynomial {
  const polynomial: Polynomial = new Map();
  for (const part of String(dimension).replaceAll('-', '+-').split('+')) {
    if (part === '') continue;
    const factors = part.split('*');
    const coefficient = /^-?\d+$/.test(factors[0]!) ? Number(factors.shift()) : 1;
    accumulate(polynomial, factors.sort().join('*'), coefficient);
  }
  return polynomial;
}

function format(polynomial: Polynomial): Dimension {
  const terms = [...polynomial].filter(([, coefficient]) => coefficient !== 0).sort(([a], [b]) => (a === '' ? 1 : b === '' ? -1 : a < b ? -1 : 1));
  if (terms.every(([term]) => term === '')) return terms[0]?.[1] ?? 0;
  return terms.map(([term, coefficient]) => (term === '' ? String(coefficient) : coefficient === 1 ? term : `${coefficient}*${term}`)).join('+');
}
