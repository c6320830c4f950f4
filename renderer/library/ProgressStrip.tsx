import type { Library } from '../../engine/api.ts';
import { useAsking } from '../controls/Asking.tsx';
import { IconButton } from '../controls/Button.tsx';
import { useToaster } from '../controls/Toast.tsx';
import { useEngine } from '../engine.tsx';
import { useLive } from '../useLive.ts';
import { useWords } from '../words/useWords.ts';
import './ProgressStrip.css';
import { everyId } from './useDocuments.ts';

/** What the engine is taking in at the moment; not there when it is through. */
export function ProgressStrip({ library }: { library: Library }) {
  const words = useWords();
  const engine = useEngine();
  const { run } = useToaster();
  const { confirm } = useAsking();
  const { value: progress } = useLive(['progress', 'documents'], '', (from) => from.progress());
  if (!progress || (progress.waiting === 0 && progress.unembedded === 0)) return null;

  const { paused, diskFull, waiting, unembedded, reading, chunksPerSecond } = progress;
  const what = diskFull ? words.progress.diskFull : paused ? words.progress.paused : reading !== undefined ? words.progress.reading(reading) : waiting === 0 ? words.progress.embedding(unembedded) : words.progress.waiting(waiting);
  const more = [
    waiting > 0 && (reading !== undefined || paused || diskFull) && words.progress.waiting(waiting),
    waiting === 0 && !paused && !diskFull && chunksPerSecond ? words.progress.left(unembedded / chunksPerSecond) : undefined,
  ].filter(Boolean);

  const cancel = async (): Promise<void> => {
    const sure = await confirm({ title: words.progress.cancelTitle, text: words.progress.cancelText(library.waiting), action: words.progress.cancelDo });
    if (sure) await engine.removeDocuments(await everyId(engine, { library: library.id, name: '', state: 'waiting' }));
  };

  return (
    <section className="progress" aria-label={words.progress.title}>
      <div className={paused || diskFull ? 'progress-line' : 'progress-line progress-moves'} aria-hidden="true" />
      <div className="progress-words">
        <p>{what}</p>
        {more.length > 0 && <p className="progress-more">{more.join(' · ')}</p>}
      </div>
      <IconButton
        small
        label={paused ? words.progress.resume : words.progress.pause}
        icon={paused ? 'play' : 'pause'}
        onClick={() => run(() => (paused ? engine.resume() : engine.pause()))}
      />
      {library.waiting > 0 && <IconButton small label={words.progress.cancel} icon="close" onClick={() => run(cancel)} />}
    </section>
  );
}
