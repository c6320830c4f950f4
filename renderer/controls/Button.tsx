import type { ButtonHTMLAttributes, ReactNode, Ref } from 'react';
import './Button.css';
import { Icon, type IconName } from './icons.tsx';
import { Tooltip } from './Tooltip.tsx';

type Native = Omit<ButtonHTMLAttributes<HTMLButtonElement>, 'className' | 'style'> & { ref?: Ref<HTMLButtonElement> };

/** A button that says what it does, once for a double click. One `primary` on a screen at most. */
export function Button({ look = 'plain', icon, children, onClick, ...native }: Native & { look?: 'plain' | 'primary' | 'quiet' | 'danger'; icon?: IconName; children: ReactNode }) {
  return (
    <button type="button" className={`button button-${look}`} onClick={(event) => event.detail < 2 && onClick?.(event)} {...native}>
      {icon && <Icon name={icon} size={16} />}
      <span>{children}</span>
    </button>
  );
}

/** A button that shows what it does; `label` is its name for a screen reader and its tooltip. */
export function IconButton({ label, icon, small = false, tone, ...native }: Native & { label: string; icon: IconName; small?: boolean; tone?: 'accent' | 'danger' }) {
  const classes = ['icon-button', small && 'icon-button-small', tone && `icon-button-${tone}`];
  return (
    <Tooltip text={label}>
      <button type="button" className={classes.filter(Boolean).join(' ')} aria-label={label} {...native}>
        <Icon name={icon} size={small ? 16 : 18} />
      </button>
    </Tooltip>
  );
}
