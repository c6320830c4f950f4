import type { ParsedDocument } from './parse/document.ts';

/** A stretch of a document that is found and embedded as one. Parents hold children; children are what is searched. */
export interface Chunk {
  /** Index of its parent in `Chunks.parents`. */
  parent: number;
  /** Offsets in the document's text: `text === document.text.slice(start, end)`. */
  start: number;
  end: number;
  text: string;
  headings: string[];
  /** Of a piece of a cut table: the header row, said again for whoever reads the piece alone. */
  header?: string;
  tokens: number;
}

export interface Chunks { parents: { start: number; end: number }[]; chunks: Chunk[] }

export interface ChunkSizes { parentTokens: number; childTokens: number }

export const CHUNK_SIZES: ChunkSizes = { parentTokens: 800, childTokens: 256 };

export type CountTokens = (text: string) => number;

/** Splits a document by its structure. */
export declare function split(document: ParsedDocument, countTokens: CountTokens, sizes?: ChunkSizes): Chunks;
