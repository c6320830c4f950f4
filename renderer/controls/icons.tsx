/** Line drawings on a grid of 20 × 20, one and a half wide, in the colour of the text around them. */
const PATHS = {
  add: 'M10 4.5v11M4.5 10h11',
  back: 'M12 5l-5 5 5 5',
  check: 'M4.5 10.5l3.5 3.5 7.5-8',
  chevron: 'M6 8l4 4 4-4',
  close: 'M5.5 5.5l9 9M14.5 5.5l-9 9',
  conversations: 'M4 5.5h12M4 10h12M4 14.5h7',
  copy: 'M7.5 7.5h8v8h-8zM12.5 7.5v-3h-8v8h3',
  document: 'M5.5 3.5h6l3 3v10h-9zM11.5 3.5v3h3',
  download: 'M10 4v8.5M6.5 9.5L10 13l3.5-3.5M4.5 16h11',
  drop: 'M10 3.5v8.5M6.5 8.5L10 12l3.5-3.5M3.5 12v3.5a1 1 0 0 0 1 1h11a1 1 0 0 0 1-1V12',
  edit: 'M4.5 15.5l.7-3L13 4.7l2.3 2.3-7.8 7.8z',
  folder: 'M3.5 5.5h4.5l1.5 2h7v8h-13z',
  learn: 'M10 4.5L17.5 8 10 11.5 2.5 8zM5.5 9.6v4.2c0 1 2 1.9 4.5 1.9s4.5-.9 4.5-1.9V9.6M17.5 8v4.5',
  left: 'M3.5 4.5h13v11h-13zM8 4.5v11',
  globe: 'M10 3.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM3.7 8h12.6M3.7 12h12.6M10 3.5c-3.8 4-3.8 9 0 13M10 3.5c3.8 4 3.8 9 0 13',
  lock: 'M5.5 9h9v7h-9zM7.5 9V6.8a2.5 2.5 0 0 1 5 0V9',
  models: 'M10 3.5l6.5 3.5L10 10.5 3.5 7zM4.5 10.2L10 13.2l5.5-3M4.5 13.4L10 16.4l5.5-3',
  more: 'M5 10h.01M10 10h.01M15 10h.01',
  newConversation: 'M16 10.5v5a1 1 0 0 1-1 1H4.5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1h5M9 11l.5-2.2 6-6 1.7 1.7-6 6z',
  pause: 'M7.5 5.5v9M12.5 5.5v9',
  play: 'M7 5l8 5-8 5z',
  remove: 'M4.5 6h11M8 6V4h4v2M6 6l.7 10h6.6L14 6M8.6 8.8v4.4M11.4 8.8v4.4',
  retry: 'M15.5 10a5.5 5.5 0 1 1-1.7-4M15.5 3.5V7H12',
  reveal: 'M11 4.5h4.5V9M15.5 4.5L9 11M8 5.5H4.5v10h10V12',
  right: 'M3.5 4.5h13v11h-13zM12 4.5v11',
  search: 'M9 4a5 5 0 1 0 0 10A5 5 0 0 0 9 4zM12.7 12.7l3.8 3.8',
  send: 'M10 16V4.5M5 9.5l5-5 5 5',
  settings: 'M4 6h6.5M14.5 6H16M4 14h1.5M9.5 14H16M12.5 4a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM7.5 12a2 2 0 1 0 0 4 2 2 0 0 0 0-4z',
  stop: 'M6 6h8v8H6z',
  thumbDown: 'M6.5 11.5v-8h7.3c.7 0 1.3.5 1.4 1.2l.8 5c.1.9-.5 1.8-1.5 1.8H11l.6 3.2c.2 1-.5 1.8-1.4 1.8L6.5 11.5zM6.5 3.5h-3v8h3',
  thumbUp: 'M6.5 8.5v8h7.3c.7 0 1.3-.5 1.4-1.2l.8-5c.1-.9-.5-1.8-1.5-1.8H11l.6-3.2c.2-1-.5-1.8-1.4-1.8L6.5 8.5zM6.5 16.5h-3v-8h3',
  unsaid: 'M7.4 7.6a2.6 2.6 0 1 1 4 2.2c-.9.6-1.4 1.1-1.4 2.1M10 14.4h.01M10 3.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13z',
  warning: 'M10 3.8l7 12.4H3zM10 8.5v3.5M10 14.2h.01',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 20 20" fill="none" stroke="currentColor" strokeWidth={name === 'more' ? 2.2 : 1.4} strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The product's sign: a compass needle in its stone. */
export function Sign({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <path d="M16 2.5l11 5.2 2.5 11.3L22 28.5H9.5L2.5 18.5 5.5 7.5z" fill="var(--accent-soft)" stroke="var(--accent)" strokeWidth="1.5" strokeLinejoin="round" />
      <path d="M16 7l3 9h-6z" fill="var(--accent)" />
      <path d="M16 25l-3-9h6z" fill="none" stroke="var(--accent)" strokeWidth="1.3" strokeLinejoin="round" />
    </svg>
  );
}
