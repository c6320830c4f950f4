import { useCallback, useEffect, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import type { ConversationId, LibraryId } from '../engine/api.ts';
import './App.css';
import { Ask } from './ask/Ask.tsx';
import { AskHead } from './ask/AskHead.tsx';
import { Conversations } from './ask/Conversations.tsx';
import { ExplainDialog, type Pointed } from './ask/ExplainDialog.tsx';
import { useToaster } from './controls/Toast.tsx';
import { useEngine } from './engine.tsx';
import { FaqDialog } from './faq/FaqDialog.tsx';
import { DropVeil } from './library/DropVeil.tsx';
import { Library } from './library/Library.tsx';
import { Welcome } from './library/Welcome.tsx';
import { LearningDialog } from './learning/LearningDialog.tsx';
import { ModelsDialog } from './models/ModelsDialog.tsx';
import { Notices } from './Notices.tsx';
import { Parts, useArrangement } from './Parts.tsx';
import { Reader } from './reader/Reader.tsx';
import { readerWordsEn, readerWordsZh } from './reader/words.ts';
import { SettingsDialog } from './settings/SettingsDialog.tsx';
import { useSettings } from './settings/useSettings.tsx';
import { useActions, type Open } from './useActions.ts';
import { useIntake } from './useIntake.ts';
import { useKeys } from './useKeys.ts';
import { useLive } from './useLive.ts';
import { useReader } from './useReader.ts';
import { useStored } from './useStored.ts';
import { useWords } from './words/useWords.ts';

/** The whole window: the welcome of a first launch, afterwards the three parts. */
export function App() {
  const words = useWords();
  const engine = useEngine();
  const { run } = useToaster();
  const { settings, change } = useSettings();
  const { value: libraries, again } = useLive(['libraries', 'documents'], '', (from) => from.libraries());
  const [chosen, setChosen] = useStored<number>('library', 0);
  // A window that is loaded anew shows what it showed.
  const [shown, show] = useStored<ConversationId | 0>('conversation', 0, sessionStorage);
  const conversation = shown || undefined;
  const [open, setOpen] = useState<Open>();
  const [pointed, setPointed] = useState<Pointed>();
  const composer = useRef<HTMLTextAreaElement>(null);
  const reader = useReader();
  const arrangement = useArrangement(reader.target !== undefined);
  const { turnTo } = arrangement;

  const choose = useCallback(
    (library: LibraryId | undefined): void => {
      setChosen(library ?? 0);
      again();
    },
    [setChosen, again],
  );
  const library = libraries?.find(({ id }) => id === chosen) ?? libraries?.[0];
  const { give, step } = useIntake(library?.id, choose);
  const act = useActions({ give, open: setOpen, chooseLibrary: choose });

  const populated = libraries?.some(({ documents }) => documents > 0);
  useEffect(() => {
    if (populated && !settings.welcomed) run(() => change({ welcomed: true }));
  }, [populated, settings.welcomed, change, run]);
  const toComposer = (): void => {
    // The part may only come to be seen with this.
    flushSync(() => turnTo('conversation'));
    composer.current?.focus();
  };
  useKeys({ '/': toComposer, Escape: reader.close });

  const begin = (next: ConversationId | undefined): void => {
    show(next ?? 0);
    toComposer();
  };
  const addSamples = async (): Promise<void> => choose(await engine.addSamples(words.language));

  if (!libraries) return null;
  const welcoming = library === undefined || (!settings.welcomed && !populated);
  return (
    <>
      <Notices step={step} />
      {welcoming ? (
        <Welcome onGive={give} onSamples={addSamples} />
      ) : (
        <Parts
          arrangement={arrangement}
          readerPart={reader.part}
          library={
            <Library
              key={library.id}
              library={library}
              libraries={libraries}
              openDocument={reader.target?.document}
              onChoose={choose}
              onGive={give}
              onOpen={({ id }) => {
                reader.openDocument(id);
                turnTo('reader');
              }}
              onFaq={() => setOpen('faq')}
            />
          }
          conversation={
            <div className="middle">
              <AskHead
                conversation={conversation}
                arrangement={arrangement}
                onNew={() => begin(undefined)}
                onConversations={() => setOpen('conversations')}
                onLearning={() => setOpen('learning')}
                onModels={() => setOpen('models')}
                onSettings={() => setOpen('settings')}
              />
              <Ask
                conversation={conversation}
                library={library}
                libraries={libraries}
                composer={composer}
                onConversation={show}
                onOpen={(place) => {
                  reader.open(place);
                  turnTo('reader');
                }}
                onAct={act}
              />
            </div>
          }
          reader={
            reader.target && (
              <Reader
                target={reader.target}
                words={words.language === 'zh' ? readerWordsZh : readerWordsEn}
                engine={engine}
                onRightPlace={reader.markRight}
                {...(conversation !== undefined && { onExplain: (start, end, text) => setPointed({ document: reader.target!.document.id, start, end, text }) })}
                onClose={reader.close}
              />
            )
          }
        />
      )}
      <DropVeil into={library?.name ?? words.library.firstName} onGive={give} />
      {open === 'settings' && <SettingsDialog onClose={() => setOpen(undefined)} />}
      {(open === 'learning' || open === 'samples') && <LearningDialog library={library} {...(open === 'samples' && { start: open })} onClose={() => setOpen(undefined)} />}
      {open === 'models' && library && <ModelsDialog library={library} onClose={() => setOpen(undefined)} />}
      {open === 'faq' && library && <FaqDialog library={library} onClose={() => setOpen(undefined)} />}
      {pointed && conversation !== undefined && <ExplainDialog conversation={conversation} pointed={pointed} onClose={() => setPointed(undefined)} />}
      {open === 'conversations' && <Conversations current={conversation} onChoose={begin} onClose={() => setOpen(undefined)} />}
    </>
  );
}
