import { createContext, use, type ReactNode } from 'react';
import type { ModelInfo } from '../../engine/api.ts';
import { useLive } from '../useLive.ts';

const ModelsContext = createContext<readonly ModelInfo[] | undefined>(undefined);

/** Reads once, for the whole window, which models there are. */
export function ModelsRoom({ children }: { children: ReactNode }) {
  const { value } = useLive(['models'], '', (engine) => engine.models());
  return <ModelsContext value={value}>{children}</ModelsContext>;
}

/** The models that are there; absent until they are known. */
export function useModelList(): readonly ModelInfo[] | undefined {
  return use(ModelsContext);
}
