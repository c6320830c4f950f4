import { useId } from 'react';
import './Segmented.css';

/** A choice of one among a few, side by side; a native radio group, so the arrow keys move. */
export function Segmented<T extends string>({ label, options, value, onChange }: { label: string; options: readonly { value: T; label: string; detail?: string }[]; value: T; onChange(value: T): void }) {
  const name = useId();
  return (
    <fieldset className="segmented">
      <legend className="unseen">{label}</legend>
      {options.map((option) => (
        <label key={option.value} className="segment">
          <input type="radio" className="unseen" name={name} checked={option.value === value} onChange={() => onChange(option.value)} />
          <span>{option.label}{option.detail && <small>{option.detail}</small>}</span>
        </label>
      ))}
    </fieldset>
  );
}
