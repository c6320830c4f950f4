import type { ModelInfo } from '../../engine/api.ts';
import { Button } from '../controls/Button.tsx';
import { signed } from '../learning/Scores.tsx';
import { count, percent } from '../words/numbers.ts';
import { useWords } from '../words/useWords.ts';
import { isComparable, points } from './facts.ts';
import type { ModelDeeds } from './useModels.ts';

/** A change of less, in points, has no colour. */
const TELLING = 1;

/** How a model does on the person's own test questions, against the one in use. */
export function Mine({ model: { mine, active: inUse }, active }: { model: ModelInfo; active: ModelInfo | undefined }) {
  const all = useWords();
  const words = all.models;
  if (!mine) return <p className="note">{words.mineNone}</p>;
  return (
    <div className="mine">
      <span className="note">{words.mine}</span>
      <span className="mine-bar" aria-hidden="true"><span style={{ width: `${mine.ndcg * 100}%` }} /></span>
      <b title={words.mineHint}>{points(mine.ndcg, all)}</b>
      {!inUse && isComparable(mine, active?.mine) && <Change points={Math.round((mine.ndcg - active!.mine!.ndcg) * 1000) / 10} />}
      <span className="note">{words.mineFirst(percent(all.language, mine.first), count(all.language, Math.round(mine.milliseconds)))}</span>
    </div>
  );
}

/**
 * Asks the person's test questions with a model, or leads to where such questions are made. An embedder has to read all
 * passages first, so of those only the one in use can be tried at once.
 */
export function TryOut({ model, active, deeds, questions, onTests }: { model: ModelInfo; active: ModelInfo | undefined; deeds: ModelDeeds; questions: number; onTests(): void }) {
  const { models: words } = useWords();
  if (model.role === 'llm' || model.trouble !== undefined || !(model.active || model.role === 'reranker')) return null;
  if (questions === 0) return model.active ? <Button look="quiet" onClick={onTests}>{words.sections.tests}…</Button> : null;
  const trying = deeds.busy === model.id;
  return (
    <Button look="quiet" disabled={deeds.busy !== undefined} onClick={() => deeds.tryOut(model, active)}>
      {trying ? words.trying : words.tryMine}<span className="unseen">: {model.name}</span>
    </Button>
  );
}

function Change({ points: change }: { points: number }) {
  const { models: words, language } = useWords();
  const tone = change >= TELLING ? 'better' : change <= -TELLING ? 'worse' : 'same';
  return <span className={`score-change score-${tone}`}>{words.than(signed(change, language))}</span>;
}
