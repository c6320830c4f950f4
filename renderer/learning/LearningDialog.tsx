import { useState } from 'react';
import type { AdapterId, Library } from '../../engine/api.ts';
import { Dialog } from '../controls/Dialog.tsx';
import { Sections } from '../controls/Sections.tsx';
import { Unread } from '../settings/Unread.tsx';
import { useLive } from '../useLive.ts';
import { useWords } from '../words/useWords.ts';
import './LearningDialog.css';
import { LearnPage } from './LearnPage.tsx';
import { QuestionsPage } from './QuestionsPage.tsx';
import { SamplesPage } from './SamplesPage.tsx';
import { VersionsPage } from './VersionsPage.tsx';

const SECTIONS = ['learn', 'versions', 'questions', 'samples'] as const;
type Section = (typeof SECTIONS)[number];

/** What was learned from the person: what from, a run and what came of it, the versions, each question, the samples. */
export function LearningDialog({ library, start = 'learn', onClose }: { library: Library | undefined; start?: Section; onClose(): void }) {
  const { learning: words } = useWords();
  const [section, setSection] = useState<Section>(start);
  const [compared, setCompared] = useState<AdapterId>();
  const { value: learning, error } = useLive(['learning', 'feedback', 'documents'], '', (engine) => engine.learning());
  const { value: adapters, error: adaptersError } = useLive(['learning', 'feedback', 'documents', 'models'], '', (engine) => engine.adapters());

  const compare = (adapter: AdapterId): void => {
    setCompared(adapter);
    setSection('questions');
  };
  return (
    <Dialog title={words.title} look="large" onClose={onClose}>
      <Sections label={words.title} value={section} onChange={setSection} sections={SECTIONS.map((value) => ({ value, label: words.sections[value] }))}>
        {!learning || !adapters ? (
          <Unread error={error ?? adaptersError} />
        ) : (
          <>
            {section === 'learn' && <LearnPage learning={learning} adapters={adapters} onCompare={compare} />}
            {section === 'versions' && <VersionsPage adapters={adapters} onCompare={compare} />}
            {section === 'questions' && <QuestionsPage adapters={adapters} chosen={compared} onChoose={setCompared} />}
            {section === 'samples' && <SamplesPage imported={learning.imported} library={library} />}
          </>
        )}
      </Sections>
    </Dialog>
  );
}
