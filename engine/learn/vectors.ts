import type { Matrix } from './train-query.ts';

/** Documents' vectors as one growing matrix, each once, by name. */
export class Vectors implements Matrix {
  readonly dimensions: number;
  data: Float32Array;
  readonly #rows = new Map<string, number>();

  constructor(dimensions: number) {
    this.dimensions = dimensions;
    this.data = new Float32Array(1024 * dimensions);
  }

  has(name: string): boolean { return this.#rows.has(name); }

  /** The row of a vector, put at the end if it is new. */
  add(name: string, vector: () => Float32Array): number {
    const known = this.#rows.get(name);
    if (known !== undefined) return known;
    const row = this.#rows.size;
    if ((row + 1) * this.dimensions > this.data.length) {
      const larger = new Float32Array(2 * this.data.length);
      larger.set(this.data);
      this.data = larger;
    }
    this.data.set(vector(), row * this.dimensions);
    this.#rows.set(name, row);
    return row;
  }

  /** The mean of the rows whose names begin so; zeros where there are none. */
  mean(prefix: string): Float32Array {
    const sum = new Float64Array(this.dimensions);
    let n = 0;
    for (const [name, row] of this.#rows) {
      if (!name.startsWith(prefix)) continue;
      n++;
      for (let d = 0; d < this.dimensions; d++) sum[d]! += this.data[row * this.dimensions + d]!;
    }
    return Float32Array.from(sum, (value) => value / Math.max(1, n));
  }
}
