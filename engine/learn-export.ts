import type { ExportFile } from './api.ts';
import { lessonsOf, type LearnParts } from './learn.ts';
import { besideSamples } from './learn/beside-samples.ts';
import { exportFiles, type ExportParts } from './learn/export-files.ts';
import { groupsOf } from './learn/groups.ts';
import { chunkNamed } from './learn/kept-aside.ts';
import { Marks } from './learn/learned.ts';
import { rewordingSamples } from './learn/rewordings.ts';
import { parseSamples, samplesOf, type Sample } from './learn/samples.ts';
import { WordList } from './learn/train-weighing.ts';
import type { Db } from './store/database.ts';
import { chunksAt, eventTimes, importedSamples } from './store/judged.ts';
import { rewardsFor } from './store/rewards.ts';

/** The judged questions, what was said of earlier turns, examples and actions, how questions were better put, and what was imported or written, as files of samples. */
export async function exportSamples({ db, embedder, reranker, tokenizer }: Pick<LearnParts, 'db' | 'embedder' | 'reranker'> & Pick<ExportParts, 'tokenizer'>): Promise<ExportFile[]> {
  const { lessons, judged } = await lessonsOf({ db, embedder, reranker }, new WordList(), async () => undefined);
  const at = eventTimes(db);
  const { instructionsFor } = embedder;
  const own = samplesOf(lessons, { at, instructionsFor, rewardsFor: (question, answer) => rewardsFor(db, question, answer), ...(reranker && { reranker: reranker.id }) });
  const marks = new Marks(db);
  marks.refresh();
  const groupOf = groupsOf(db);
  const all = [...own, ...besideSamples(db, marks.beside, { at, groupOf, instructionsFor }), ...rewordingSamples(judged, { at, groupOf }), ...importedSamples(db).flatMap(parseSamples)];
  return exportFiles(all, { titles: titlesOf(db, all), ...(tokenizer && { tokenizer }) });
}

/** Titles of the documents that samples' texts stand in, by text. */
function titlesOf(db: Db, samples: readonly Sample[]): Map<string, string> {
  const names = new Map<string, string>();
  const named = (texts: readonly string[], ids: readonly string[]): void => texts.forEach((text, i) => { if (ids[i] !== undefined && !names.has(text)) names.set(text, ids[i]); });
  for (const { pos, pos_ids, neg, neg_ids, key, key_ids } of samples) {
    named(pos, pos_ids);
    named(neg, neg_ids);
    named(key, key_ids);
  }
  return new Map([...names].flatMap(([text, id]): [string, string][] => {
    const name = chunkNamed(id);
    const stands = name && chunksAt(db, name).find((chunk) => chunk.text === text);
    return stands ? [[text, stands.title ?? stands.documentName]] : [];
  }));
}
