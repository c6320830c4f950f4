import { useCallback, useState } from 'react';

/**
 * A choice about the window's looks that is kept on this machine: panel widths, which library was open; `where`: or only until
 * the window is closed.
 */
export function useStored<T>(name: string, start: T, where = localStorage): [T, (value: T) => void] {
  const key = `lodestone.${name}`;
  const [value, setValue] = useState<T>(() => {
    const stored = where.getItem(key);
    return stored === null ? start : (JSON.parse(stored) as T);
  });
  const store = useCallback(
    (next: T) => {
      setValue(next);
      where.setItem(key, JSON.stringify(next));
    },
    [key, where],
  );
  return [value, store];
}
