import { useRef, type KeyboardEvent, type ReactNode } from 'react';
import './Sections.css';

interface SectionsProps<T extends string> {
  label: string;
  sections: readonly { value: T; label: string }[];
  value: T;
  onChange(value: NoInfer<T>): void;
  children: ReactNode;
}

/** Pages of a large dialog, with their names beside them: tabs, so the arrow keys move. */
export function Sections<T extends string>({ label, sections, value, onChange, children }: SectionsProps<T>) {
  const tabs = useRef<HTMLDivElement>(null);

  function move(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const at = sections.findIndex((section) => section.value === value);
    const next = sections[(at + step + sections.length) % sections.length]!;
    onChange(next.value);
    tabs.current!.querySelector<HTMLElement>(`#section-${next.value}`)!.focus();
  }

  return (
    <div className="sections">
      <div ref={tabs} className="sections-tabs" role="tablist" aria-label={label} aria-orientation="vertical" onKeyDown={move}>
        {sections.map((section) => (
          <button
            key={section.value}
            id={`section-${section.value}`}
            type="button"
            role="tab"
            aria-selected={section.value === value}
            aria-controls="section-page"
            tabIndex={section.value === value ? 0 : -1}
            data-focus={section.value === value || undefined}
            onClick={() => onChange(section.value)}
          >
            {section.label}
          </button>
        ))}
      </div>
      <div key={value} id="section-page" className="section-page" role="tabpanel" aria-labelledby={`section-${value}`} tabIndex={0}>
        {children}
      </div>
    </div>
  );
}
