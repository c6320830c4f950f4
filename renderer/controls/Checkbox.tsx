import { useEffect, useRef, type InputHTMLAttributes } from 'react';
import { Tooltip } from './Tooltip.tsx';
import './Checkbox.css';

type Native = Omit<InputHTMLAttributes<HTMLInputElement>, 'className' | 'style' | 'onChange' | 'checked' | 'type'>;

/** A checkbox without a visible text; `mixed` is neither. */
export function Checkbox({ label, checked, onChange, ...native }: Native & { label: string; checked: boolean | 'mixed'; onChange(checked: boolean): void }) {
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    box.current!.indeterminate = checked === 'mixed';
  }, [checked]);
  return (
    <Tooltip text={label}>
      <input ref={box} type="checkbox" className="checkbox" aria-label={label} checked={checked === true} onChange={(event) => onChange(event.target.checked)} {...native} />
    </Tooltip>
  );
}
