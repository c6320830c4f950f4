import { createHash } from 'node:crypto';
import type { Provider } from '../nn/session.ts';
import type { Embedder } from './embedder.ts';
import { spaceIdentity, type Manifest } from './manifest.ts';
import { PROBES } from './probes.ts';

/** How the numbers of a model are kept while it computes. */
export type Precision = 'float32' | 'float16' | 'int8' | 'int4';

/**
 * What made the vectors of a space. `space` is the identity that decides which vectors may be compared (`spaceIdentity`); the rest
 * says in parts what it is made of, for a person to read and for vectors that come from elsewhere.
 */
export interface Passport {
  space: string;
  model: string;
  /** SHA-256 by file. */
  files: Record<string, string>;
  adapter: string;
  prompts: { query: string; document: string };
  pooling: Manifest['pooling'];
  /** Of what the network gives; where a vector is kept with one number more, that one fills it up to the unit sphere. */
  dimensions: number;
  normalised: boolean;
  tokens: number;
  precision: Precision;
  provider: Provider;
}

/** `adapter` is the hash of what was trained over the model, `prompt` what stands before documents where a task has its own. */
export interface Circumstances { adapter?: string; prompt?: string; precision?: Precision }

/** The passport of an embedder as it is used. */
export function passportOf(manifest: Manifest, provider: Provider, { adapter = 'none', prompt = manifest.prompts.document, precision = 'float32' }: Circumstances = {}): Passport {
  return {
    space: spaceIdentity({ ...manifest, prompts: { ...manifest.prompts, document: prompt } }, provider, adapter, precision),
    model: manifest.id,
    files: Object.fromEntries(Object.entries(manifest.files).map(([name, { sha256 }]) => [name, sha256])),
    adapter, prompts: { query: manifest.prompts.query, document: prompt },
    pooling: manifest.pooling, dimensions: manifest.dimensions ?? 0, normalised: manifest.normalised, tokens: manifest.maxTokens, precision, provider,
  };
}

/** A passport with the vectors that its embedder gives for the probes: kept with a space, and carried along with its vectors. JSON. */
export interface Probed {
  passport: Passport;
  /** Which texts; of another set nothing can be said. */
  probes: string;
  /** One vector a probe: float32, little-endian, in base64. */
  vectors: string[];
}

const PROBE_SET = createHash('sha256').update(JSON.stringify(PROBES)).digest('hex').slice(0, 16);

/** The probes as documents: it is their vectors that are stored, and a question is always embedded anew. */
export function probe(embedder: Pick<Embedder, 'embed'>): Promise<Float32Array[]> {
  return embedder.embed([...PROBES], 'document');
}

export function probed(passport: Passport, vectors: readonly Float32Array[]): Probed {
  return { passport, probes: PROBE_SET, vectors: vectors.map((vector) => Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64')) };
}

/** What was kept, read again. @throws a sentence where it is not what `probed` writes */
export function readProbed(text: string): Probed {
  try {
    const read = JSON.parse(text) as Probed;
    if (typeof read.passport.space === 'string' && typeof read.probes === 'string' && read.vectors.every((vector) => typeof vector === 'string')) return read;
  } catch {
    // Said below, as for JSON of another shape.
  }
  throw new Error('The passport that came with these vectors cannot be read; they have to be made again.');
}

/** Without what fills a vector up: beside that number, which may be nearly 1, all others look alike. */
function unpacked({ vectors, passport }: Probed): Float32Array[] {
  return vectors.map((text) => {
    const bytes = Uint8Array.from(Buffer.from(text, 'base64'));
    const length = Math.floor(bytes.length / 4);
    return new Float32Array(bytes.buffer, 0, length === passport.dimensions + 1 ? passport.dimensions : length);
  });
}

/** Two embedders' vectors are near enough from here on: what they rank is the same but for near ties. */
export const SAME_COSINE = 0.999;
/** Vectors that are not of unit length are compared by their products, so their lengths count too. */
const SAME_LENGTH = 0.01;

/** Whether vectors may stand for one another, and if not, where they part. */
export interface Equivalence {
  equivalent: boolean;
  /** The lowest cosine over the probes. */
  cosine: number;
  /** The probes that fail, by their number. */
  failed: { probe: number; cosine: number }[];
  /** Why vectors have to be made again: a sentence. */
  reason?: string;
}

/**
 * Compares two embedders by what they make of the probes: vectors made by the one may be used with the other if every probe's
 * cosine is at least `SAME_COSINE`, whatever the passports say of model, machine or provider.
 */
export function equivalent(a: Probed, b: Probed): Equivalence {
  const no = (reason: string): Equivalence => ({ equivalent: false, cosine: 0, failed: [], reason });
  if (a.probes !== PROBE_SET || b.probes !== PROBE_SET) return no('They were tried with other texts than those of this version.');
  return compare(unpacked(a), unpacked(b), a.passport.normalised && b.passport.normalised);
}

/** The same of vectors that are at hand; `unit`: both sides are of unit length. */
export function compare(a: readonly Float32Array[], b: readonly Float32Array[], unit = true): Equivalence {
  const no = (reason: string): Equivalence => ({ equivalent: false, cosine: 0, failed: [], reason });
  if (a.length !== b.length || a.length === 0) return no('They are of different numbers of texts.');
  if (a.some((vector, i) => vector.length !== b[i]!.length)) return no(`Their vectors have different lengths (${a[0]!.length} and ${b[0]!.length} numbers).`);
  const all = a.map((vector, i) => likeness(vector, b[i]!, unit));
  const failed = all.flatMap((cosine, probe) => (cosine >= SAME_COSINE ? [] : [{ probe, cosine }]));
  const cosine = Math.min(...all);
  if (failed.length === 0) return { equivalent: true, cosine, failed };
  return { equivalent: false, cosine, failed, reason: `${failed.length} of ${all.length} texts get other vectors: the cosine goes down to ${cosine.toFixed(4)}, and ${SAME_COSINE} is needed.` };
}

/** The cosine; 0 where a number is none or, of vectors that keep their length, the lengths differ. Two zero vectors are the same. */
function likeness(a: Float32Array, b: Float32Array, unit: boolean): number {
  let [product, ofA, ofB] = [0, 0, 0];
  for (let d = 0; d < a.length; d++) {
    product += a[d]! * b[d]!;
    ofA += a[d]! ** 2;
    ofB += b[d]! ** 2;
  }
  if (ofA === 0 && ofB === 0) return 1;
  const cosine = product / Math.sqrt(ofA * ofB);
  if (!Number.isFinite(cosine)) return 0;
  return !unit && Math.abs(Math.sqrt(ofA / ofB) - 1) > SAME_LENGTH ? 0 : cosine;
}
