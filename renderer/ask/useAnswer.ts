import { useCallback, useEffect, useRef, useState } from 'react';
import type { ConversationId, Hit, LibraryId, Sentence, Turn, TurnId } from '../../engine/api.ts';
import { useEngine } from '../engine.tsx';

/** An answer that is being made, or was until it was stopped or lost. */
export interface Making {
  question: string;
  conversation: ConversationId | undefined;
  turn: TurnId | undefined;
  standalone: string | undefined;
  hits: Hit[];
  sentences: Sentence[];
  /** The sentence that is being written. */
  tail: string;
  /** `done` once the engine gave the whole turn. */
  state: { kind: 'asking' } | { kind: 'stopped' } | { kind: 'lost'; error: unknown } | { kind: 'done'; turn: Turn };
}

export interface Answering {
  making: Making | undefined;
  ask(question: string, conversation: ConversationId | undefined, libraries: LibraryId[] | undefined): void;
  stop(): void;
  /** Forgets the answer that was made; the stored turn stands for it now. */
  clear(): void;
}

/** Asks one question at a time and holds the answer while it grows. `onBegun` hears which conversation it belongs to. */
export function useAnswer(onBegun: (conversation: ConversationId) => void): Answering {
  const engine = useEngine();
  const [making, setMaking] = useState<Making>();
  const running = useRef<{ leave(): void } | undefined>(undefined);
  const begun = useRef(onBegun);
  begun.current = onBegun;

  const stop = useCallback(() => {
    if (!running.current) return;
    running.current.leave();
    running.current = undefined;
    setMaking((now) => now && { ...now, state: { kind: 'stopped' } });
  }, []);

  const ask = useCallback(
    (question: string, conversation: ConversationId | undefined, libraries: LibraryId[] | undefined) => {
      running.current?.leave();
      const parts = engine.ask({ question, ...(conversation !== undefined && { conversation }), ...(libraries && { libraries }) })[Symbol.asyncIterator]();
      const here = { leave: () => void parts.return?.() };
      running.current = here;
      setMaking({ question, conversation, turn: undefined, standalone: undefined, hits: [], sentences: [], tail: '', state: { kind: 'asking' } });

      void (async () => {
        const grow = (step: (now: Making) => Making): void => {
          if (running.current === here) setMaking((now) => now && step(now));
        };
        try {
          for (let next = await parts.next(); !next.done && running.current === here; next = await parts.next()) {
            const part = next.value;
            if (part.kind === 'begun') {
              grow((now) => ({ ...now, conversation: part.conversation, turn: part.turn, standalone: part.standalone }));
              begun.current(part.conversation);
            } else if (part.kind === 'hits') grow((now) => ({ ...now, hits: part.hits }));
            else if (part.kind === 'sentence') grow((now) => ({ ...now, sentences: [...now.sentences, part.sentence], tail: '' }));
            else if (part.kind === 'tail') grow((now) => ({ ...now, tail: part.text }));
            else grow((now) => ({ ...now, state: { kind: 'done', turn: part.turn } }));
          }
        } catch (error) {
          grow((now) => ({ ...now, state: { kind: 'lost', error } }));
        }
        if (running.current === here) running.current = undefined;
      })();
    },
    [engine],
  );

  const clear = useCallback(() => setMaking(undefined), []);
  useEffect(() => () => running.current?.leave(), []);
  return { making, ask, stop, clear };
}
