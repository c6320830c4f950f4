import type { Learning } from '../../engine/api.ts';
import { languageOf } from '../words/numbers.ts';
import { useWords } from '../words/useWords.ts';
import './Gaps.css';

/** Answers the person wrote that nothing in the library says: what is worth adding to it. */
export function Gaps({ gaps }: Pick<Learning, 'gaps'>) {
  const { learning: words } = useWords();
  if (gaps.length === 0) return null;
  return (
    <details className="gaps">
      <summary>{words.gaps(gaps.length)}</summary>
      <p className="learning-note">{words.gapsText}</p>
      <ul>
        {gaps.map(({ question, correction }) => (
          <li key={question}>
            <p lang={languageOf(question)}>{question}</p>
            <p className="gaps-answer" lang={languageOf(correction)}>{correction}</p>
          </li>
        ))}
      </ul>
    </details>
  );
}
