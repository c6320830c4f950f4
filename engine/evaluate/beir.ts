import { existsSync, readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { Judgements } from './metrics.ts';

/** An evaluation set in the form of BEIR: `corpus.jsonl`, `queries.jsonl`, `qrels.tsv`. */
export interface EvaluationSet {
  name: string;
  documents: { id: string; title: string; text: string }[];
  questions: { id: string; text: string }[];
  judged: Map<string, Judgements>;
}

/**
 * Reads a set. Questions without judgements are left out, as pytrec_eval does.
 * @throws a sentence with file and line where a file is missing or a line is not of the form
 */
export function readSet(folder: string): EvaluationSet {
  const documents = readLines(folder, 'corpus.jsonl', (line, where) => {
    const row = parse(line, where);
    return { id: text(row, '_id', where), title: typeof row.title === 'string' ? row.title : '', text: text(row, 'text', where) };
  });
  const judged = readJudgements(folder);
  const questions = readLines(folder, 'queries.jsonl', (line, where) => {
    const row = parse(line, where);
    return { id: text(row, '_id', where), text: text(row, 'text', where) };
  });
  unique(documents, join(folder, 'corpus.jsonl'));
  unique(questions, join(folder, 'queries.jsonl'));
  return { name: basename(resolve(folder)), documents, questions: questions.filter(({ id }) => judged.has(id)), judged };
}

/** `qrels.tsv`, or `qrels/test.tsv` as BEIR itself lays it out; a heading line is skipped. */
function readJudgements(folder: string): Map<string, Judgements> {
  const name = existsSync(join(folder, 'qrels.tsv')) ? 'qrels.tsv' : join('qrels', 'test.tsv');
  const judged = new Map<string, Map<string, number>>();
  let heading = true;
  readLines(folder, existsSync(join(folder, name)) ? name : 'qrels.tsv', (line, where) => {
    const [question, document, grade, ...more] = line.split('\t');
    const skipped = heading && Number.isNaN(Number(grade));
    heading = false;
    if (skipped) return;
    if (!question || !document || grade === undefined || more.length > 0 || !/^-?\d+\s*$/.test(grade)) {
      throw new Error(`${where}: expected question, document and a whole grade parted by tabs, found "${line}".`);
    }
    const judgements = judged.get(question) ?? new Map<string, number>();
    judged.set(question, judgements.set(document, Number(grade)));
  });
  return judged;
}

function readLines<Row>(folder: string, name: string, read: (line: string, where: string) => Row): Row[] {
  const path = join(folder, name);
  if (!existsSync(path)) throw new Error(`${path} is missing: a set holds corpus.jsonl, queries.jsonl and qrels.tsv.`);
  return readFileSync(path, 'utf8').replace(/^\ufeff/, '').split(/\r?\n/).flatMap((line, i) => line.trim() === '' ? [] : [read(line, `${path}:${i + 1}`)]);
}

function parse(line: string, where: string): Record<string, unknown> {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch (error) {
    throw new Error(`${where}: not JSON (${error instanceof Error ? error.message : error}).`, { cause: error });
  }
  if (typeof row !== 'object' || row === null || Array.isArray(row)) throw new Error(`${where}: expected an object.`);
  return { ...row };
}

function text(row: Record<string, unknown>, field: string, where: string): string {
  const value = row[field];
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') throw new Error(`${where}: expected "${field}" to be a text.`);
  return value;
}

function unique(rows: { id: string }[], path: string): void {
  const seen = new Set<string>();
  for (const { id } of rows) {
    if (seen.has(id)) throw new Error(`${path}: the id "${id}" stands on two lines.`);
    seen.add(id);
  }
}
