import { useCallback, useEffect, useRef, useState } from 'react';
import type { Engine, Topic } from '../engine/api.ts';
import { useConnection } from './engine.tsx';

/** However often a topic changes, it is asked about at most this often (milliseconds). */
const CALM = 200;

export interface Live<T> {
  /** Absent until the first answer. Kept while a newer one is on its way, and for a new `key` until it is there. */
  value: T | undefined;
  /** The key `value` was asked with. */
  key: string;
  error: unknown;
  /** Asks again at once. */
  again(): void;
}

/**
 * What the engine says now, asked again whenever one of the topics changes, the key changes or the connection is new.
 * One question is under way at a time; a change in between asks once more afterwards.
 *
 *   const libraries = useLive(['libraries'], '', (engine) => engine.libraries());
 */
export function useLive<T>(topics: readonly Topic[], key: string, ask: (engine: Engine) => Promise<T>): Live<T> {
  const { engine, epoch, onChange } = useConnection();
  const [answer, setAnswer] = useState<{ value: T | undefined; key: string; error: unknown }>({ value: undefined, key, error: undefined });
  const latest = useRef(ask);
  latest.current = ask;
  const askAgain = useRef(() => {});
  const spelled = topics.join(' ');

  useEffect(() => {
    let left = false;
    let asking = false;
    let stale = false;
    let timer: ReturnType<typeof setTimeout> | undefined;

    async function askNow(): Promise<void> {
      timer = undefined;
      if (asking) {
        stale = true;
        return;
      }
      asking = true;
      stale = false;
      try {
        const value = await latest.current(engine);
        if (!left) setAnswer({ value, key, error: undefined });
      } catch (error) {
        if (!left) setAnswer((before) => ({ ...before, error }));
      }
      asking = false;
      if (stale && !left) soon();
    }
    const soon = (): void => {
      timer ??= setTimeout(() => void askNow(), CALM);
    };

    askAgain.current = () => void askNow();
    void askNow();
    const stop = onChange(spelled.split(' ') as Topic[], soon);
    return () => {
      left = true;
      clearTimeout(timer);
      stop();
    };
  }, [engine, epoch, onChange, spelled, key]);

  const again = useCallback(() => askAgain.current(), []);
  return { ...answer, again };
}
