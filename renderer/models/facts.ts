import type { DeviceInfo, Fit, ModelInfo, ModelsInUse, TestResult } from '../../engine/api.ts';
import { bytes, decimal } from '../words/numbers.ts';
import type { Words } from '../words/words.ts';

/** The models that took part in finding, by their names where they are still there, and what was learned. */
export function modelsInWords({ embedder, reranker, adapter }: ModelsInUse, models: readonly ModelInfo[], { answers: { foundBy: words } }: Words): string {
  // An embedder is said with its space: its id, then `@` and what else decides its vectors.
  const named = (said: string | undefined): string | undefined => {
    const id = said?.split('@', 1)[0];
    return models.find((model) => model.id === id)?.name ?? id;
  };
  const taking = [named(embedder), named(reranker), adapter !== undefined && words.learned(adapter)].filter(Boolean);
  return taking.length === 0 ? words.wordsAlone : taking.join(' + ');
}

/** Languages by their names: "Chinese, English"; of very many, the first and how many more. */
export function languageNames(codes: readonly string[], { language, models }: Words): string {
  if (codes.length === 0) return models.unknown;
  const names = new Intl.DisplayNames([language === 'zh' ? 'zh-CN' : 'en-GB'], { type: 'language', fallback: 'code' });
  const shown = codes.slice(0, MOST_LANGUAGES).map((code) => (code === 'mul' ? models.manyLanguages : nameOf(code, names)));
  if (codes.length > shown.length) shown.push(`+${codes.length - shown.length}`);
  return shown.join(language === 'zh' ? '、' : ', ');
}

const MOST_LANGUAGES = 4;

/** Some models say "multilingual" or "101 languages" where a code belongs. */
function nameOf(code: string, names: Intl.DisplayNames): string {
  try {
    return names.of(code) ?? code;
  } catch {
    return code;
  }
}

/** Whether it fits this machine, in words, with the figures. */
export function fitInWords({ verdict, needs, has }: Fit, { language, models }: Words): string {
  const detail = models.fitDetail(bytes(language, needs), bytes(language, has));
  return language === 'zh' ? `${models.fits[verdict]}（${detail}）` : `${models.fits[verdict]} (${detail})`;
}

/** Where a model runs: a name a person knows, and how much faster than the processor. */
export function deviceInWords({ provider, speedup }: DeviceInfo, { language, models }: Words): string {
  const name = /^cpu$/i.test(provider) ? models.providers.cpu : provider;
  return speedup !== undefined && speedup > 1.05 ? models.faster(name, decimal(language, speedup, 1)) : models.runsOn(name);
}

/** 0…1 as a score of 100 points. */
export function points(value: number, { language }: Pick<Words, 'language'>): string {
  return decimal(language, value * 100, 1);
}

/** Whether two results say something about each other: they were asked of about the same questions. */
export function isComparable(a: TestResult | undefined, b: TestResult | undefined): boolean {
  return a !== undefined && b !== undefined && a.questions > 0 && Math.abs(a.questions - b.questions) <= a.questions * 0.1;
}

/** The models of a role, the one in use first, then those that come along, then by name. */
export function ordered(models: readonly ModelInfo[]): ModelInfo[] {
  return models.toSorted((a, b) => Number(b.active) - Number(a.active) || Number(b.bundled) - Number(a.bundled) || a.name.localeCompare(b.name));
}

/** An address as people type it, whole: servers on one's own machine rarely speak https. */
export function withScheme(address: string): string {
  const text = address.trim();
  return /^[a-z]+:\/\//i.test(text) ? text : `http://${text}`;
}

/** Whether a server on this machine only passes a model on: so Ollama names those that are computed elsewhere. */
export function isCloud(model: string): boolean {
  return /[:-]cloud$/.test(model.trim());
}

/** What goes where when a remote model answers, in a sentence. */
export function awayInWords(address: string, sentence: (address: string) => string, { models }: Words): string {
  return isLocal(address) ? models.cloudText : sentence(address);
}

/** An address at which this very machine answers. `undefined` where it is no address yet. */
export function isLocal(address: string): boolean | undefined {
  if (address.trim() === '') return undefined;
  try {
    const { hostname } = new URL(withScheme(address));
    return hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
  } catch {
    return undefined;
  }
}
