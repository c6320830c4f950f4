import { useCallback, useEffect, useState } from 'react';
import { useToaster } from './Toast.tsx';

/**
 * A value that shows at once what the person chose, ahead of the engine; from then on what the engine says. If the deed
 * fails the choice is taken back, with the reason.
 */
export function useAhead<T>(value: T): [T, (chosen: T, deed: () => Promise<unknown>) => void] {
  const { run } = useToaster();
  const [ahead, setAhead] = useState<{ chosen: T }>();
  useEffect(() => setAhead(undefined), [value]);

  const choose = useCallback(
    (chosen: T, deed: () => Promise<unknown>): void => {
      setAhead({ chosen });
      run(async () => {
        try {
          await deed();
        } catch (error) {
          setAhead(undefined);
          throw error;
        }
      });
    },
    [run],
  );
  return [ahead ? ahead.chosen : value, choose];
}
