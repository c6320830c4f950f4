import { useId, useRef, type KeyboardEvent, type ReactElement, type ReactNode, cloneElement } from 'react';
import { float } from './floating.ts';
import { Icon, type IconName } from './icons.tsx';
import './Menu.css';

export interface MenuItem {
  label: string;
  icon?: IconName;
  /** Marks the one chosen among several. */
  checked?: boolean;
  danger?: boolean;
  disabled?: boolean;
  /** Set apart from the items before it. */
  parted?: boolean;
  detail?: ReactNode;
  do(): void;
}

/**
 * A menu that opens from its button (the child). Arrow keys move, Home and End jump, letters find, Escape closes and
 * gives the focus back.
 */
export function Menu({ label, items, align = 'start', children }: { label: string; items: MenuItem[]; align?: 'start' | 'end'; children: ReactElement<Record<string, unknown>> }) {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLElement>(null);
  // A press outside closes the menu before its button hears of the click.
  const wasOpen = useRef(false);
  const chooses = items.some((item) => item.checked !== undefined);

  const enabled = (): HTMLElement[] => [...list.current!.querySelectorAll<HTMLElement>('[role^=menuitem]:not(:disabled)')];
  function open(): void {
    list.current!.showPopover();
    float(list.current!, button.current!, { align });
    button.current!.setAttribute('aria-expanded', 'true');
    (enabled().find((item) => item.getAttribute('aria-checked') === 'true') ?? enabled()[0])?.focus();
  }
  function close(): void {
    list.current!.hidePopover();
    button.current?.focus();
  }
  function move(event: KeyboardEvent): void {
    const all = enabled();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const goal = {
      ArrowDown: (at + 1) % all.length,
      ArrowUp: (at - 1 + all.length) % all.length,
      Home: 0,
      End: all.length - 1,
    }[event.key];
    if (goal !== undefined) all[goal]?.focus();
    else if (event.key === 'Escape' || event.key === 'Tab') close();
    else if (event.key.length === 1 && event.key !== ' ') {
      const letter = event.key.toLowerCase();
      [...all.slice(at + 1), ...all.slice(0, at + 1)].find((item) => item.textContent.trim().toLowerCase().startsWith(letter))?.focus();
      return;
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <>
      {cloneElement(children, {
        ref: button,
        'aria-haspopup': 'menu',
        'aria-expanded': false,
        'aria-controls': id,
        onPointerDown: () => {
          wasOpen.current = list.current!.matches(':popover-open');
        },
        onClick: () => {
          if (!wasOpen.current) open();
          wasOpen.current = false;
        },
        onKeyDown: (event: KeyboardEvent) => {
          if (event.key === 'ArrowDown') {
            event.preventDefault();
            event.stopPropagation();
            open();
          }
        },
      })}
      <div
        ref={list}
        id={id}
        className="menu"
        role="menu"
        aria-label={label}
        popover="auto"
        onKeyDown={move}
        onToggle={(event) => {
          if (event.newState === 'closed') button.current?.setAttribute('aria-expanded', 'false');
        }}
      >
        {items.map((item, i) => (
          <button
            key={i}
            type="button"
            role={item.checked === undefined ? 'menuitem' : 'menuitemradio'}
            aria-checked={item.checked}
            disabled={item.disabled}
            tabIndex={-1}
            className={['menu-item', item.danger && 'menu-danger', item.parted && 'menu-parted'].filter(Boolean).join(' ')}
            onClick={(event) => {
              event.stopPropagation();
              close();
              item.do();
            }}
          >
            {chooses ? <span className="menu-mark">{item.checked && <Icon name="check" size={16} />}{item.icon && <Icon name={item.icon} size={16} />}</span> : item.icon && <Icon name={item.icon} size={16} />}
            <span className="menu-label">{item.label}</span>
            {item.detail !== undefined && <span className="menu-detail">{item.detail}</span>}
          </button>
        ))}
      </div>
    </>
  );
}
