import type { Adapter, Engine } from '../../engine/api.ts';
import { moment } from '../words/numbers.ts';
import type { Words } from '../words/words.ts';

/** What a version is called. */
export function nameOf({ id, made }: Adapter, { learning, language }: Words): string {
  return learning.version(id, moment(language, made));
}

/** Back to what was in use before a version, if it may still be used; `undefined`: to what shipped. */
export async function goBack(engine: Pick<Engine, 'activate' | 'deactivate'>, { parent, level }: Adapter, adapters: readonly Adapter[]): Promise<Adapter | undefined> {
  const before = adapters.find(({ id, state, takenBack }) => id === parent && state === 'accepted' && !takenBack);
  await (before ? engine.activate(before.id) : engine.deactivate(level));
  return before;
}
