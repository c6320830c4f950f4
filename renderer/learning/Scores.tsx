import type { Adapter, Measure } from '../../engine/api.ts';
import { decimal } from '../words/numbers.ts';
import { useWords } from '../words/useWords.ts';
import './Scores.css';

/** A smaller change, in points, has no colour. */
const TELLING = 1;

/** How well the right passages are found, before and after, on the person's questions and on general ones. */
export function Scores({ adapter: { mine, guard } }: { adapter: Adapter }) {
  const { learning: words } = useWords();
  return (
    <dl className="scores">
      <Score name={words.mine} measure={mine} />
      <Score name={words.guard} measure={guard} />
    </dl>
  );
}

function Score({ name, measure: { questions, before, after } }: { name: string; measure: Measure }) {
  const { learning: words, language } = useWords();
  const shown = (value: number): string => decimal(language, value * 100, 1);
  const change = Math.round((after - before) * 1000) / 10;
  const tone = change >= TELLING ? 'better' : change <= -TELLING ? 'worse' : 'same';
  return (
    <div>
      <dt>{name}<span>{words.measured(questions)}</span></dt>
      <dd>
        <span className="score-bars" aria-hidden="true">
          <span className="score-before" style={{ width: `${before * 100}%` }} />
          <span className="score-after" style={{ width: `${after * 100}%` }} />
        </span>
        <span className="unseen">{words.score}: {words.beforeAfter(shown(before), shown(after))} </span>
        <span className="score-numbers" aria-hidden="true">{shown(before)} → <b>{shown(after)}</b></span>
        <span className={`score-change score-${tone}`}>{signed(change, language)}</span>
      </dd>
    </div>
  );
}

/** With its sign, a true minus; of points with one decimal. */
export function signed(points: number, language: 'zh' | 'en'): string {
  return `${points > 0 ? '+' : points < 0 ? '−' : '±'}${decimal(language, Math.abs(points), 1)}`;
}
