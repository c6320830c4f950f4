import type { Adapter, AdapterId } from '../../engine/api.ts';
import { moment } from '../words/numbers.ts';
import type { Words } from '../words/words.ts';

/** What a version is called. */
export function nameOf({ id, made }: Adapter, { learning, language }: Words): string {
  return learning.version(id, moment(language, made));
}

/** What was in use before a version, if it may still be used; `undefined`: search as it shipped. */
export function usedBefore({ parent }: Adapter, adapters: readonly Adapter[]): AdapterId | undefined {
  return adapters.find(({ id, state }) => id === parent && state === 'accepted')?.id;
}
