import { useCallback, useEffect, useRef, useState } from 'react';
import type { LibraryId } from '../engine/api.ts';
import { useToaster } from './controls/Toast.tsx';
import { useEngine } from './engine.tsx';
import { take, type Gift } from './host.ts';
import { sentenceOf, useWords } from './words/useWords.ts';

/**
 * Takes what a person gives — dropped, chosen, or opened from the system — into the library that is open, and makes a
 * first library where there is none. Says in one line what came of it. `step` is how far an upload is.
 */
export function useIntake(library: LibraryId | undefined, onLibrary: (library: LibraryId) => void): { give(gift: Gift): void; step: { done: number; total: number } | undefined } {
  const words = useWords();
  const engine = useEngine();
  const { say, run } = useToaster();
  const [step, setStep] = useState<{ done: number; total: number }>();

  const give = useCallback(
    (gift: Gift): void => {
      if (gift.paths.length + gift.files.length === 0) return;
      run(async () => {
        const into = library ?? (await engine.createLibrary(words.library.firstName));
        if (library === undefined) onLibrary(into);
        try {
          const { documents, unchanged, refused } = await take(engine, into, gift, (done, total) => setStep(total > 1 ? { done, total } : undefined));
          if (refused.length > 0) say(words.library.refused(refused.length, refused[0]!.name, sentenceOf(refused[0]!.error, words)));
          else if (documents.length === 0) say(words.library.nothingAdded);
          else say(words.library.added(documents.length, unchanged));
        } finally {
          setStep(undefined);
        }
      });
    },
    [engine, library, onLibrary, run, say, words],
  );

  const latest = useRef(give);
  latest.current = give;
  useEffect(() => window.lodestone?.onOpenFiles((paths) => latest.current({ paths, files: [] })), []);
  return { give, step };
}
