import { useState } from 'react';
import type { Library, Writing } from '../../engine/api.ts';
import { Button } from '../controls/Button.tsx';
import { Field } from '../controls/Field.tsx';
import { Meter } from '../controls/Meter.tsx';
import { useToaster } from '../controls/Toast.tsx';
import { useEngine } from '../engine.tsx';
import { useModelList } from '../models/ModelList.tsx';
import { useLive } from '../useLive.ts';
import { useWords } from '../words/useWords.ts';
import './TestsPage.css';

const LEAST = 5;
const MOST = 500;

/** Has the language model write questions for passages of a library, for a test or to learn from; shows how far it is. */
export function WriteQuestions({ library, purpose }: { library: Library; purpose: Writing['purpose'] }) {
  const { answers: { tests: words } } = useWords();
  const engine = useEngine();
  const { run } = useToaster();
  const [count, setCount] = useState('50');
  const models = useModelList();
  const { value: writing } = useLive(['tests', 'learning'], '', (from) => from.writing());
  const writes = models?.some(({ role, active }) => role === 'llm' && active);
  const wanted = Math.round(Number(count));
  const possible = wanted >= LEAST && wanted <= MOST;

  return (
    <section className="panel" aria-label={words.writeTitle}>
      <h3>{words.writeTitle}</h3>
      <p className="note">{purpose === 'test' ? words.writeText : words.learnText}</p>
      {writing?.running && writing.purpose === purpose ? <Under writing={writing} /> : writes ? (
        <form
          className="write"
          onSubmit={(event) => {
            event.preventDefault();
            if (possible) run(() => engine.writeQuestions(library.id, wanted, purpose));
          }}
        >
          <Field label={words.howMany} type="number" min={LEAST} max={MOST} value={count} onChange={setCount} />
          <Button type="submit" icon="edit" disabled={!possible || writing?.running === true}>{words.write}</Button>
        </form>
      ) : <p className="note">{words.writeNeedsModel}</p>}
      {writing && !writing.running && writing.purpose === purpose && <p className="note" role="status">{[words.written(writing.kept), refusalsInWords(writing, words.refusals), writing.reason !== undefined && `${words.brokenOff} ${writing.reason}`].filter(Boolean).join(' · ')}</p>}
    </section>
  );
}

function Under({ writing }: { writing: Writing }) {
  const { answers: { tests: words } } = useWords();
  const engine = useEngine();
  const { run } = useToaster();
  const text = words.writing(writing.done, writing.wanted);
  return (
    <>
      <p>{text}</p>
      <Meter label={words.writeTitle} share={writing.wanted === 0 ? 0 : writing.done / writing.wanted} text={text} />
      <p className="note">{[words.kept(writing.kept), refusalsInWords(writing, words.refusals)].filter(Boolean).join(' · ')}</p>
      <div className="deeds"><Button icon="stop" onClick={() => run(() => engine.stopWriting())}>{words.stop}</Button></div>
    </>
  );
}

function refusalsInWords({ refused }: Writing, words: Record<keyof Writing['refused'], (count: number) => string>): string {
  return Object.entries(refused).filter(([, count]) => count > 0).map(([reason, count]) => words[reason as keyof Writing['refused']](count)).join(' · ');
}
