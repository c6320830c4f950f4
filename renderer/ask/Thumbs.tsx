import { useEffect, useState } from 'react';
import type { Thumb } from '../../engine/api.ts';
import { IconButton } from '../controls/Button.tsx';
import { useToaster } from '../controls/Toast.tsx';
import './Thumbs.css';

/** Two thumbs of which one at most is pressed; pressing it again takes it back. Shows at once, then tells the engine. */
export function Thumbs({ thumb, up, down, onThumb }: { thumb: Thumb | undefined; up: string; down: string; onThumb(thumb: Thumb | 'none'): Promise<unknown> }) {
  const { run } = useToaster();
  const [ahead, setAhead] = useState<Thumb | 'none'>();
  useEffect(() => setAhead(undefined), [thumb]);
  const now = ahead ?? thumb ?? 'none';

  const press = (pressed: Thumb): void => {
    const next = now === pressed ? 'none' : pressed;
    setAhead(next);
    run(async () => {
      try {
        await onThumb(next);
      } catch (error) {
        setAhead(undefined);
        throw error;
      }
    });
  };
  return (
    <span className="thumbs">
      <IconButton small icon="thumbUp" label={up} aria-pressed={now === 'up'} onClick={() => press('up')} />
      <IconButton small icon="thumbDown" tone="danger" label={down} aria-pressed={now === 'down'} onClick={() => press('down')} />
    </span>
  );
}
