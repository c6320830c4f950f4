import { useEffect } from 'react';
import type { DocumentState, Library } from '../../engine/api.ts';
import { Segmented } from '../controls/Segmented.tsx';
import { count } from '../words/numbers.ts';
import { useWords } from '../words/useWords.ts';

type Shown = DocumentState['kind'] | 'all';

/** Which documents to show, offered only while there is something to tell apart. */
export function StateFilter({ library, state, onChange }: { library: Library; state: Shown; onChange(state: Shown): void }) {
  const words = useWords();
  const counts: Partial<Record<Shown, number>> = { ready: library.ready, waiting: library.waiting, failed: library.failed };
  const shown = (['all', 'ready', 'waiting', 'failed'] as const).filter((kind) => kind === 'all' || counts[kind]! > 0);
  const gone = !shown.includes(state as (typeof shown)[number]);
  useEffect(() => {
    if (gone) onChange('all');
  }, [gone, onChange]);

  if (library.waiting === 0 && library.failed === 0) return null;
  return (
    <Segmented
      label={words.library.showStates}
      value={state}
      onChange={onChange}
      options={shown.map((kind) => ({ value: kind as Shown, label: words.library.states[kind], ...(kind !== 'all' && { detail: count(words.language, counts[kind]!) }) }))}
    />
  );
}
