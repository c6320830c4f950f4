import { createContext, use, useEffect, useMemo, useState, type ReactNode } from 'react';
import type { Settings } from '../../engine/api.ts';
import { useEngine } from '../engine.tsx';
import { useLive } from '../useLive.ts';
import { WordsContext, wordsFor } from '../words/useWords.ts';

interface SettingsInUse {
  settings: Settings;
  /** Shows at once; resolves when the engine keeps it. */
  change(change: Partial<Settings>): Promise<void>;
}

const SettingsContext = createContext<SettingsInUse | undefined>(undefined);

export function useSettings(): SettingsInUse {
  const settings = use(SettingsContext);
  if (!settings) throw new Error('This component stands outside <SettingsRoom>.');
  return settings;
}

/** Reads the settings, gives the page its language and its theme, and shows `waiting` until they are known. */
export function SettingsRoom({ waiting, children }: { waiting: ReactNode; children: ReactNode }) {
  const engine = useEngine();
  const { value: stored } = useLive(['settings'], '', (from) => from.settings());
  const [ahead, setAhead] = useState<Partial<Settings>>({});
  useEffect(() => setAhead({}), [stored]);

  const inUse = useMemo(() => {
    if (!stored) return undefined;
    const change = async (change: Partial<Settings>): Promise<void> => {
      setAhead((before) => ({ ...before, ...change }));
      try {
        await engine.changeSettings(change);
      } catch (error) {
        setAhead({});
        throw error;
      }
    };
    return { settings: { ...stored, ...ahead }, change };
  }, [engine, stored, ahead]);

  const words = wordsFor(inUse?.settings.language ?? 'system');
  const theme = inUse?.settings.theme ?? 'system';
  useEffect(() => {
    document.documentElement.lang = words.language === 'zh' ? 'zh-CN' : 'en';
    document.title = words.product;
  }, [words]);
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
  }, [theme]);

  return <WordsContext value={words}>{inUse ? <SettingsContext value={inUse}>{children}</SettingsContext> : waiting}</WordsContext>;
}
