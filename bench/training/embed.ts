/** Embedding texts with our embedder, as a process: node embed.ts PRECISION FOLDER TEXTS.json THREADS */
import { readFileSync } from 'node:fs';
import process from 'node:process';
import { openEmbedder } from '../../engine/models/embedder.ts';
import { takeTurns } from './turns.ts';

const [precision, folder, file, threads] = process.argv.slice(2) as [string, string, string, string];
const texts = JSON.parse(readFileSync(file, 'utf8')) as string[];
const embedder = await openEmbedder(folder, { threads: Number(threads), precision: precision as 'float32' | 'int8' });
const vectors = await embedder.embed(texts.slice(0, 8), 'document');
await takeTurns({ name: embedder.precision!, vectors: vectors.map((vector) => [...vector]) }, () => embedder.embed(texts, 'document'));
await embedder.close();
