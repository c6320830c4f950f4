import { useState } from 'react';
import type { Library } from '../../engine/api.ts';
import { Dialog } from '../controls/Dialog.tsx';
import { Sections } from '../controls/Sections.tsx';
import { TestsPage } from '../tests/TestsPage.tsx';
import { useWords } from '../words/useWords.ts';
import { AddPage } from './AddPage.tsx';
import { CatalogPage } from './CatalogPage.tsx';
import { RolesPage } from './RolesPage.tsx';

const SECTIONS = ['use', 'download', 'add', 'tests'] as const;
type Section = (typeof SECTIONS)[number];

/** The models: which work for what, where others come from, and the questions to try them on. */
export function ModelsDialog({ library, onClose }: { library: Library; onClose(): void }) {
  const { models: words } = useWords();
  const [section, setSection] = useState<Section>('use');
  return (
    <Dialog title={words.title} look="large" onClose={onClose}>
      <Sections label={words.title} value={section} onChange={setSection} sections={SECTIONS.map((value) => ({ value, label: words.sections[value] }))}>
        {section === 'use' && <RolesPage onTests={() => setSection('tests')} />}
        {section === 'download' && <CatalogPage />}
        {section === 'add' && <AddPage onUse={() => setSection('use')} />}
        {section === 'tests' && <TestsPage library={library} />}
      </Sections>
    </Dialog>
  );
}
