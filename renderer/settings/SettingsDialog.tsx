import { useState } from 'react';
import { Dialog } from '../controls/Dialog.tsx';
import { Sections } from '../controls/Sections.tsx';
import { useWords } from '../words/useWords.ts';
import { FeedbackPage } from './FeedbackPage.tsx';
import { GeneralPage } from './GeneralPage.tsx';
import { HealthPage } from './HealthPage.tsx';
import './SettingsDialog.css';

const PAGES = { general: GeneralPage, feedback: FeedbackPage, health: HealthPage } as const;
type Section = keyof typeof PAGES;
const SECTIONS = Object.keys(PAGES) as Section[];

/** Settings, what was told, and how the engine is; a page each. */
export function SettingsDialog({ onClose }: { onClose(): void }) {
  const { settings: words } = useWords();
  const [section, setSection] = useState<Section>('general');
  const Page = PAGES[section];
  return (
    <Dialog title={words.title} look="large" onClose={onClose}>
      <Sections label={words.title} value={section} onChange={setSection} sections={SECTIONS.map((value) => ({ value, label: words.sections[value] }))}>
        <Page />
      </Sections>
    </Dialog>
  );
}
