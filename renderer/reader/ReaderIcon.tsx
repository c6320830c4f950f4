import type { ReactNode } from 'react';

/** Line drawings on a grid of 20 × 20, in the colour of the text around them. */
const PATHS = {
  close: 'M5.5 5.5l9 9M14.5 5.5l-9 9',
  find: 'M9 4a5 5 0 1 0 0 10A5 5 0 0 0 9 4zM12.7 12.7l3.8 3.8',
  in: 'M10 4.5v11M4.5 10h11',
  out: 'M4.5 10h11',
  up: 'M5.5 12l4.5-4.5 4.5 4.5',
  down: 'M5.5 8l4.5 4.5 4.5-4.5',
  fit: 'M3.5 4.500v11M16.5 4.500v11M6.5 10h7M8.5 8l-2 2 2 2M11.5 8l2 2-2 2',
  text: 'M4.5 6V4.500h11V6M10 4.500v11M7.5 15.500h5',
  pages: 'M5.5 3.500h6l3 3v10h-9zM11.5 3.500v3h3',
  copy: 'M7.5 7.500h8v8h-8zM12.5 7.500v-3h-8v8h3',
  place: 'M10 17s5.5-5 5.5-9a5.5 5.5 0 0 0-11 0c0 4 5.5 9 5.5 9zM10 6.200a1.9 1.9 0 1 0 0 3.8 1.9 1.9 0 0 0 0-3.800z',
  why: 'M7.4 7.6a2.6 2.6 0 1 1 4 2.2c-.9.6-1.4 1.1-1.4 2.1M10 14.400h.01M10 3.500a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13z',
} as const;

export function ReaderIcon({ name }: { name: keyof typeof PATHS }): ReactNode {
  return (
    <svg className="icon" width="18" height="18" viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth="1.4" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

export interface IconButtonProps { icon: keyof typeof PATHS; name: string; pressed?: boolean; disabled?: boolean; onPress(): void }

/** A button that is a drawing; its name is read out and shown as a tooltip. */
export function IconButton({ icon, name, pressed, disabled, onPress }: IconButtonProps): ReactNode {
  return (
    <button type="button" className="reader-button" aria-label={name} title={name} aria-pressed={pressed} disabled={disabled} onClick={onPress}>
      <ReaderIcon name={icon} />
    </button>
  );
}
