import { useState } from 'react';
import type { Learning, LearningLevel } from '../../engine/api.ts';
import { Button } from '../controls/Button.tsx';
import { Meter } from '../controls/Meter.tsx';
import { Segmented } from '../controls/Segmented.tsx';
import { useToaster } from '../controls/Toast.tsx';
import { useEngine } from '../engine.tsx';
import { useLive } from '../useLive.ts';
import { sentenceOf, useWords } from '../words/useWords.ts';
import { lengthOfTime } from './time.ts';
import './Begin.css';

/** Before a run: what is still missing, or the button with how long it will take. */
export function Begin({ learning, same }: { learning: Learning; /** What the latest run taught, where it learned from the same and was refused. */ same: LearningLevel | undefined }) {
  const { missing } = learning;
  return missing.questions > 0 || missing.documents > 0 ? <Missing learning={learning} /> : <Ready learning={learning} same={same} />;
}

function Missing({ learning: { questions, documents, missing } }: { learning: Learning }) {
  const { learning: words } = useWords();
  const goals = [
    { done: questions, of: questions + missing.questions, text: words.missingQuestions },
    { done: documents, of: documents + missing.documents, text: words.missingDocuments },
  ].filter(({ done, of }) => done < of);
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

function Ready({ learning: { fresh, levels }, same }: { learning: Learning; same: LearningLevel | undefined }) {
  const all = useWords();
  const words = all.learning;
  const engine = useEngine();
  const { run } = useToaster();
  const [level, setLevel] = useState<LearningLevel>('query');
  const { model = '', why } = levels.find((standing) => standing.level === level)!;
  const again = same === level;
  const news = level !== 'query' || fresh > 0;
  return (
    <section className="panel">
      <h3>{fresh > 0 ? words.ready(fresh) : words.nothingNew}</h3>
      <Segmented<LearningLevel> label={words.chooseLevel} value={level} onChange={setLevel} options={levels.map((standing) => ({ value: standing.level, label: words.levels[standing.level].name }))} />
      <p className="learning-note">{words.levels[level].text}</p>
      {again && <p className="learning-note">{words.sameAgain}</p>}
      {why === undefined ? (
        <div className="learning-actions">
          <Button look={news && !again ? 'primary' : 'plain'} icon="learn" onClick={() => run(() => engine.learn(level))}>{words.learn}</Button>
          <Estimate level={level} />
        </div>
      ) : <p className="learning-note" role="status">{words.untrainable[why](model)}</p>}
    </section>
  );
}

/** How long a run would take here. */
function Estimate({ level }: { level: LearningLevel }) {
  const all = useWords();
  const words = all.learning;
  const { value, key, error } = useLive(['feedback', 'models'], level, (from) => from.estimateLearning(level));
  const estimate = key === level ? value : undefined;
  const took = error !== undefined ? sentenceOf(error, all) : estimate ? words.takes(lengthOfTime(estimate.seconds, all)) : words.estimating;
  return (
    <div aria-live="polite">
      <p className="learning-note">{took}</p>
      {estimate?.indexSeconds !== undefined && <p className="learning-note">{words.thenIndex(lengthOfTime(estimate.indexSeconds, all))}</p>}
    </div>
  );
}
