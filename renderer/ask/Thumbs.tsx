import type { Thumb } from '../../engine/api.ts';
import { IconButton } from '../controls/Button.tsx';
import { useAhead } from '../controls/useAhead.ts';
import './Thumbs.css';

/** Two thumbs of which one at most is pressed; pressing it again takes it back. */
export function Thumbs({ thumb = 'none', up, down, onThumb }: { thumb: Thumb | 'none' | undefined; up: string; down: string; onThumb(thumb: Thumb | 'none'): Promise<unknown> }) {
  const [now, choose] = useAhead<Thumb | 'none'>(thumb);
  const press = (pressed: Thumb): void => {
    const next = now === pressed ? 'none' : pressed;
    choose(next, () => onThumb(next));
  };
  return (
    <span className="thumbs">
      <IconButton small icon="thumbUp" label={up} aria-pressed={now === 'up'} onClick={() => press('up')} />
      <IconButton small icon="thumbDown" tone="danger" label={down} aria-pressed={now === 'down'} onClick={() => press('down')} />
    </span>
  );
}
