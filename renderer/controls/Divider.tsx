import type { KeyboardEvent, PointerEvent } from 'react';
import './Divider.css';

const STEP = 24;

/** The line between two panels: drag it, or move it with the arrow keys. `grows` says which way makes the panel wider. */
export function Divider({ label, width, least, most, grows, onChange }: { label: string; width: number; least: number; most: number; grows: 'right' | 'left'; onChange(width: number): void }) {
  const sign = grows === 'right' ? 1 : -1;
  const set = (value: number): void => onChange(Math.round(Math.max(least, Math.min(value, most))));

  function drag(event: PointerEvent<HTMLDivElement>): void {
    const line = event.currentTarget;
    const from = event.clientX;
    line.setPointerCapture(event.pointerId);
    const move = (next: globalThis.PointerEvent): void => set(width + sign * (next.clientX - from));
    const stop = (): void => line.removeEventListener('pointermove', move);
    line.addEventListener('pointermove', move);
    line.addEventListener('lostpointercapture', stop, { once: true });
  }
  function press(event: KeyboardEvent): void {
    const goal = { ArrowRight: width + sign * STEP, ArrowLeft: width - sign * STEP, Home: least, End: most }[event.key];
    if (goal === undefined) return;
    event.preventDefault();
    set(goal);
  }

  return (
    <div
      className="divider"
      role="separator"
      aria-orientation="vertical"
      aria-label={label}
      aria-valuenow={Math.round(width)}
      aria-valuemin={least}
      aria-valuemax={Math.round(most)}
      tabIndex={0}
      onPointerDown={drag}
      onKeyDown={press}
    />
  );
}
