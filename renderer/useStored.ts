import { useCallback, useState } from 'react';

/** A choice about the window's looks that is kept on this machine: panel widths, which library was open. */
export function useStored<T>(name: string, start: T): [T, (value: T) => void] {
  const key = `lodestone.${name}`;
  const [value, setValue] = useState<T>(() => {
    const stored = localStorage.getItem(key);
    return stored === null ? start : (JSON.parse(stored) as T);
  });
  const store = useCallback(
    (next: T) => {
      setValue(next);
      localStorage.setItem(key, JSON.stringify(next));
    },
    [key],
  );
  return [value, store];
}
