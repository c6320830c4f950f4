import { useDeferredValue, useState } from 'react';
import type { Document, DocumentState, Library as LibraryInfo } from '../../engine/api.ts';
import { Button } from '../controls/Button.tsx';
import { Field } from '../controls/Field.tsx';
import { Meter } from '../controls/Meter.tsx';
import { choose, type Gift } from '../host.ts';
import { percent } from '../words/numbers.ts';
import { useWords } from '../words/useWords.ts';
import { DocumentList } from './DocumentList.tsx';
import './Library.css';
import { LibrarySwitch } from './LibrarySwitch.tsx';
import { ProgressStrip } from './ProgressStrip.tsx';
import { ReindexingLine } from './ReindexingLine.tsx';
import { StateFilter } from './StateFilter.tsx';

interface LibraryProps {
  library: LibraryInfo;
  libraries: LibraryInfo[];
  /** The document in the reader. */
  openDocument: Document | undefined;
  onChoose(library: LibraryInfo['id'] | undefined): void;
  onGive(gift: Gift): void;
  onOpen(document: Document): void;
  onFaq(): void;
}

/** The left part: which library, what is in it and how far it is understood, and how more comes in. */
export function Library({ library, libraries, openDocument, onChoose, onGive, onOpen, onFaq }: LibraryProps) {
  const words = useWords();
  const [name, setName] = useState('');
  const [state, setState] = useState<DocumentState['kind'] | 'all'>('all');
  const filter = { library: library.id, name: useDeferredValue(name).trim(), state };
  const give = (what: 'files' | 'folder') => () => void choose(what).then(onGive);

  return (
    <div className="library">
      <header className="library-head">
        <LibrarySwitch library={library} libraries={libraries} onChoose={onChoose} onFaq={onFaq} />
        <Coverage library={library} />
      </header>
      {library.documents > 0 && (
        <div className="library-filter">
          <Field quiet label={words.library.filter} placeholder={words.library.filter} icon="search" type="search" value={name} onChange={setName} />
          <StateFilter library={library} state={state} onChange={setState} />
        </div>
      )}
      <DocumentList filter={filter} empty={library.documents === 0} openDocument={openDocument} onOpen={onOpen} />
      <footer className="library-foot">
        <ProgressStrip library={library} />
        <ReindexingLine />
        <div className="library-add">
          <Button icon="add" onClick={give('files')}>{words.library.addFiles}</Button>
          <Button icon="folder" look="quiet" onClick={give('folder')}>{words.library.addFolder}</Button>
        </div>
      </footer>
    </div>
  );
}

/** How much of the library can be found by meaning; found by words is all that is ready. */
function Coverage({ library }: { library: LibraryInfo }) {
  const words = useWords();
  if (library.chunks === 0) return null;
  const share = library.embedded / library.chunks;
  const text = share >= 1 ? words.library.coverageWhole : words.library.coverage(percent(words.language, share));
  return (
    <div className="coverage">
      <Meter label={words.library.coverageWhole} share={share} text={text} />
      <p>{words.library.documents(library.documents)} · {text}</p>
    </div>
  );
}
