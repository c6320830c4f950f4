import type { AnswerDetails } from '../../engine/api.ts';
import { percent } from '../words/numbers.ts';
import { useWords } from '../words/useWords.ts';
import './Probability.css';

/** How likely it is that the documents answer, on a line with the mark it takes for an answer. */
export function Probability({ probability, threshold }: AnswerDetails['found']) {
  const { answers: words, language } = useWords();
  const shown = percent(language, probability);
  const text = words.found(shown, percent(language, threshold), probability >= threshold);
  return (
    <span className="probability">
      <span className="probability-line" aria-hidden="true" data-enough={probability >= threshold || undefined}>
        <span style={{ width: `${probability * 100}%` }} />
        <i style={{ left: `${threshold * 100}%` }} />
      </span>
      <span>{text}</span>
    </span>
  );
}
