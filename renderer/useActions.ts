import type { AppAction, Engine, LibraryId } from '../engine/api.ts';
import { useAsking } from './controls/Asking.tsx';
import { useToaster } from './controls/Toast.tsx';
import { useEngine } from './engine.tsx';
import { choose, type Gift } from './host.ts';
import { useWords } from './words/useWords.ts';

/** The dialogs of the window. */
export type Open = 'settings' | 'conversations' | 'learning' | 'samples' | 'models' | 'faq';

/** Does what an answer offers that the app can do. */
export function useActions({ give, open, chooseLibrary }: { give(gift: Gift): void; open(dialog: Open): void; chooseLibrary(library: LibraryId): void }): (action: AppAction) => void {
  const words = useWords();
  const engine = useEngine();
  const { run, say } = useToaster();
  const { name } = useAsking();

  const newLibrary = async (): Promise<void> => {
    const chosen = await name({ title: words.library.createTitle, label: words.library.nameLabel, placeholder: words.library.namePlaceholder });
    if (chosen !== undefined) chooseLibrary(await engine.createLibrary(chosen));
  };
  const deeds: Record<AppAction, () => void> = {
    'add-files': () => void choose('files').then(give),
    'open-learning': () => open('learning'),
    'open-models': () => open('models'),
    'open-settings': () => open('settings'),
    'export-samples': () => open('samples'),
    'change-language': () => open('settings'),
    'change-theme': () => open('settings'),
    'new-library': () => run(newLibrary),
    'pause-reading': () => run(async () => say(await turnReading(engine) ? words.progress.paused : words.progress.resumed)),
  };
  return (action) => deeds[action]();
}

/** Holds the reading of documents, or lets it go on; whether it is held now. */
async function turnReading(engine: Pick<Engine, 'progress' | 'pause' | 'resume'>): Promise<boolean> {
  const { paused } = await engine.progress();
  await (paused ? engine.resume() : engine.pause());
  return !paused;
}
