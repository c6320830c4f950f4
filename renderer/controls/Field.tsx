import { useId, type InputHTMLAttributes, type Ref } from 'react';
import { Icon, type IconName } from './icons.tsx';
import './Field.css';

type Native = Omit<InputHTMLAttributes<HTMLInputElement>, 'className' | 'style' | 'onChange' | 'value'> & { ref?: Ref<HTMLInputElement>; 'data-focus'?: boolean };

/** One line to type into. The label stands above it, or is only spoken where `quiet`. */
export function Field({ label, quiet = false, icon, value, onChange, ...native }: Native & { label: string; quiet?: boolean; icon?: IconName; value: string; onChange(value: string): void }) {
  const id = useId();
  return (
    <div className="field">
      {!quiet && <label htmlFor={id}>{label}</label>}
      <div className="field-box">
        {icon && <Icon name={icon} size={16} />}
        <input id={id} aria-label={quiet ? label : undefined} value={value} onChange={(event) => onChange(event.target.value)} autoComplete="off" spellCheck={false} {...native} />
      </div>
    </div>
  );
}
