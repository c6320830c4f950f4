import { useRef, useState, type KeyboardEvent } from 'react';
import { Dialog } from '../controls/Dialog.tsx';
import { useWords } from '../words/useWords.ts';
import { FeedbackPage } from './FeedbackPage.tsx';
import { GeneralPage } from './GeneralPage.tsx';
import { HealthPage } from './HealthPage.tsx';
import { ModelsPage } from './ModelsPage.tsx';
import './SettingsDialog.css';

const PAGES = { general: GeneralPage, models: ModelsPage, feedback: FeedbackPage, health: HealthPage } as const;
type Section = keyof typeof PAGES;
const SECTIONS = Object.keys(PAGES) as Section[];

/** Settings, the models in use, what was told, and how the engine is; a page each. */
export function SettingsDialog({ onClose }: { onClose(): void }) {
  const words = useWords();
  const [section, setSection] = useState<Section>('general');
  const tabs = useRef<HTMLDivElement>(null);
  const Page = PAGES[section];

  function move(event: KeyboardEvent): void {
    const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const next = SECTIONS[(SECTIONS.indexOf(section) + step + SECTIONS.length) % SECTIONS.length]!;
    setSection(next);
    tabs.current!.querySelector<HTMLElement>(`#section-${next}`)!.focus();
  }

  return (
    <Dialog title={words.settings.title} look="large" onClose={onClose}>
      <div className="settings">
        <div ref={tabs} className="settings-tabs" role="tablist" aria-label={words.settings.title} aria-orientation="vertical" onKeyDown={move}>
          {SECTIONS.map((each) => (
            <button
              key={each}
              id={`section-${each}`}
              type="button"
              role="tab"
              aria-selected={each === section}
              aria-controls="settings-page"
              tabIndex={each === section ? 0 : -1}
              data-focus={each === section || undefined}
              onClick={() => setSection(each)}
            >
              {words.settings.sections[each]}
            </button>
          ))}
        </div>
        <div id="settings-page" className="settings-page" role="tabpanel" aria-labelledby={`section-${section}`} tabIndex={0}>
          <Page />
        </div>
      </div>
    </Dialog>
  );
}
