import type { Learning } from '../../engine/api.ts';
import { Button } from '../controls/Button.tsx';
import { Meter } from '../controls/Meter.tsx';
import { useToaster } from '../controls/Toast.tsx';
import { useEngine } from '../engine.tsx';
import { useLive } from '../useLive.ts';
import { sentenceOf, useWords } from '../words/useWords.ts';
import { lengthOfTime } from './time.ts';
import './Begin.css';

/** Before a run: what is still missing, or the button with how long it will take. */
export function Begin({ learning, same }: { learning: Learning; /** The latest run learned from the same and was refused. */ same: boolean }) {
  const { missing } = learning;
  return missing.questions > 0 || missing.documents > 0 ? <Missing learning={learning} /> : <Ready fresh={learning.fresh} same={same} />;
}

function Missing({ learning: { questions, documents, missing } }: { learning: Learning }) {
  const { learning: words } = useWords();
  const goals = [
    { done: questions, of: questions + missing.questions, text: words.missingQuestions },
    { done: documents, of: documents + missing.documents, text: words.missingDocuments },
  ];
  return (
    <section className="panel">
      <h3>{words.missingTitle}</h3>
      <ul className="begin-goals">
        {goals.map(({ done, of, text }) => (
          <li key={text(done, of)}>
            <p>{text(done, of)}</p>
            <Meter label={words.missingTitle} share={of === 0 ? 1 : Math.min(1, done / of)} text={text(done, of)} />
          </li>
        ))}
      </ul>
      <p className="learning-note">{words.missingText}</p>
    </section>
  );
}

function Ready({ fresh, same }: { fresh: number; same: boolean }) {
  const all = useWords();
  const words = all.learning;
  const engine = useEngine();
  const { run } = useToaster();
  const { value: estimate, error } = useLive(['feedback'], '', (from) => from.estimateLearning());
  const time = error !== undefined ? sentenceOf(error, all) : estimate ? words.takes(lengthOfTime(estimate.seconds, all)) : words.estimating;
  return (
    <section className="panel">
      <h3>{fresh > 0 ? words.ready(fresh) : words.nothingNew}</h3>
      {same && <p className="learning-note">{words.sameAgain}</p>}
      <div className="learning-actions">
        <Button look={fresh > 0 && !same ? 'primary' : 'plain'} icon="learn" onClick={() => run(() => engine.learn())}>{words.learn}</Button>
        <p className="learning-note" aria-live="polite">{time}</p>
      </div>
    </section>
  );
}
