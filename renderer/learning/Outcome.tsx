import type { Adapter, RunProgress } from '../../engine/api.ts';
import { Button } from '../controls/Button.tsx';
import { Icon } from '../controls/icons.tsx';
import { useLive } from '../useLive.ts';
import { percent } from '../words/numbers.ts';
import type { LearningWords } from '../words/learning.ts';
import { useWords } from '../words/useWords.ts';
import { Curve } from './Curve.tsx';
import './Outcome.css';
import { Scores, signed } from './Scores.tsx';

/** What came of a run: taken into use or not and why, and the figures. */
export function Outcome({ adapter, curve, onCompare }: { adapter: Adapter; curve: RunProgress['curve']; onCompare(): void }) {
  const { learning: words, language } = useWords();
  const accepted = adapter.refusals.length === 0;
  return (
    <section className="panel outcome" aria-label={words.latest}>
      <header className="outcome-head" data-accepted={accepted}>
        <Icon name={accepted ? 'check' : 'close'} size={16} />
        <h3>{words.levels[adapter.level].name} · {verdictOf(adapter, words)}</h3>
      </header>
      {accepted ? <p className="learning-note">{words.acceptedText}</p> : <Reasons adapter={adapter} />}
      <Growing adapter={adapter} />
      <Scores adapter={adapter} />
      <p className="learning-note">
        <strong>{words.score}</strong> · {words.scoreHint}
      </p>
      {accepted && <p className="learning-note">{words.bound(signed(Math.round(adapter.bound * 1000) / 10, language))}</p>}
      {accepted && adapter.alpha < 1 && <p className="learning-note">{words.strength(percent(language, adapter.alpha))}</p>}
      <Curve curve={curve} />
      <div className="learning-actions">
        <Button onClick={onCompare}>{words.seeQuestions}</Button>
      </div>
    </section>
  );
}

/** What became of a candidate, in a few words. */
export function verdictOf({ refusals, state, takenBack }: Adapter, words: LearningWords): string {
  if (refusals.length > 0) return words.refused;
  return state === 'active' ? words.accepted : takenBack ? words.passedThenTakenBack : words.standby;
}

/** Of an embedder whose index is being made: that it is, and is in use when that is done. */
export function Growing({ adapter: { level, model, state } }: { adapter: Adapter }) {
  const { learning: words, language } = useWords();
  const { value } = useLive(['models'], '', (engine) => engine.reindexing());
  if (level !== 'embedder' || state !== 'accepted' || !value || value.model !== model) return null;
  return <p className="learning-note" role="status">{words.growing(percent(language, value.total === 0 ? 1 : value.done / value.total))}</p>;
}

/** Why a candidate was refused, in sentences. */
export function Reasons({ adapter: { refusals } }: { adapter: Adapter }) {
  const { learning: words } = useWords();
  return (
    <div className="learning-note">
      <p>{words.refusedText}</p>
      <ul className="outcome-reasons">{refusals.map((refusal) => <li key={refusal}>{words.refusals[refusal]}</li>)}</ul>
    </div>
  );
}
