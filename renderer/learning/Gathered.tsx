import type { Learning } from '../../engine/api.ts';
import { count } from '../words/numbers.ts';
import { useWords } from '../words/useWords.ts';
import { Gaps } from './Gaps.tsx';
import './Gathered.css';

const FACTS = ['questions', 'answers', 'rejects', 'heldOut', 'conflicts', 'unanswerable'] as const;

/** What there is to learn from, in numbers; without any, what to do. */
export function Gathered({ learning }: { learning: Learning }) {
  const { learning: words, language } = useWords();
  if (FACTS.every((fact) => learning[fact] === 0) && learning.gaps.length === 0) {
    return (
      <section className="panel">
        <h3>{words.emptyTitle}</h3>
        <p className="learning-note">{words.emptyText}</p>
        <ol className="gathered-steps">{words.emptySteps.map((step) => <li key={step}>{step}</li>)}</ol>
      </section>
    );
  }
  const hint = (fact: (typeof FACTS)[number]): string | undefined =>
    fact === 'questions' ? words.onDocuments(learning.documents) : fact in words.factHints ? words.factHints[fact as keyof typeof words.factHints] : undefined;
  return (
    <section aria-label={words.gathered}>
      <h3 className="gathered-title">{words.gathered}</h3>
      <dl className="gathered">
        {FACTS.filter((fact) => learning[fact] > 0).map((fact) => (
          <div key={fact}>
            <dt>{words.facts[fact]}</dt>
            <dd>
              <span className="gathered-number">{count(language, learning[fact])}</span>
              {hint(fact) !== undefined && <span className="gathered-hint">{hint(fact)}</span>}
            </dd>
          </div>
        ))}
      </dl>
      <Gaps gaps={learning.gaps} />
    </section>
  );
}
