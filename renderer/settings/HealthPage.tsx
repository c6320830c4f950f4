import { Button } from '../controls/Button.tsx';
import { useLive } from '../useLive.ts';
import { bytes, count } from '../words/numbers.ts';
import { useWords } from '../words/useWords.ts';
import './HealthPage.css';
import { Unread } from './Unread.tsx';

/** What the engine says of itself. */
export function HealthPage() {
  const words = useWords();
  const { value: health, error, again } = useLive(['libraries'], '', (engine) => engine.health());
  const { value: libraries } = useLive(['libraries', 'documents'], '', (engine) => engine.libraries());
  if (!health) return <Unread error={error} />;
  const sum = (of: 'documents' | 'chunks'): string => count(words.language, (libraries ?? []).reduce((all, library) => all + library[of], 0));

  const facts = [
    [words.health.version, health.version],
    [words.health.dataDir, health.dataDir],
    [words.health.documents, sum('documents')],
    [words.health.chunks, sum('chunks')],
    [words.health.database, bytes(words.language, health.bytes)],
    [words.health.memory, bytes(words.language, health.memory)],
  ] as const;

  return (
    <>
      <p>{words.health.text}</p>
      <dl className="facts">
        {facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
        <div>
          <dt>{words.health.problems}</dt>
          <dd>
            {health.problems.length === 0 ? words.health.noProblems : <ul className="problems">{health.problems.map((problem) => <li key={problem}>{problem}</li>)}</ul>}
          </dd>
        </div>
      </dl>
      <Button icon="retry" onClick={again}>{words.health.refresh}</Button>
    </>
  );
}
