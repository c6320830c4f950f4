import type { Adapter, AdapterId, Comparison } from '../../engine/api.ts';
import { Icon } from '../controls/icons.tsx';
import { Menu } from '../controls/Menu.tsx';
import { Unread } from '../settings/Unread.tsx';
import { useLive } from '../useLive.ts';
import { useWords } from '../words/useWords.ts';
import { ComparisonRow } from './ComparisonRow.tsx';
import './QuestionsPage.css';
import { nameOf } from './versions.ts';

/** The person's questions without and with a version: those that changed most, first. */
export function QuestionsPage({ adapters, chosen, onChoose }: { adapters: Adapter[]; chosen: AdapterId | undefined; onChoose(adapter: AdapterId): void }) {
  const all = useWords();
  const words = all.learning;
  const adapter = adapters.find(({ id }) => id === chosen) ?? adapters.find(({ state }) => state === 'active') ?? adapters[0];
  const { value, key, error } = useLive(['learning', 'documents'], String(adapter?.id ?? ''), async (engine) => (adapter ? engine.comparisons(adapter.id) : []));
  if (!adapter) return <p>{words.noQuestions}</p>;
  const comparisons = key === String(adapter.id) ? value?.toSorted((a, b) => change(b) - change(a)) : undefined;

  return (
    <>
      <p>{words.questionsLead}</p>
      <p className="learning-note"><strong>{words.score}</strong> · {words.scoreHint}</p>
      <div className="questions-head">
        <Menu label={words.chooseVersion} items={adapters.map((each) => ({ label: nameOf(each, all), detail: words.versionStates[each.state], checked: each.id === adapter.id, do: () => onChoose(each.id) }))}>
          <button type="button" className="button button-plain" aria-label={`${words.chooseVersion}: ${nameOf(adapter, all)}`}><span>{nameOf(adapter, all)}</span><Icon name="chevron" size={16} /></button>
        </Menu>
        <span className="learning-note">{words.versionStates[adapter.state]}</span>
      </div>
      {!comparisons ? <Unread error={error} /> : (
        <ul className="comparisons">
          {comparisons.map((comparison) => <li key={comparison.question}><ComparisonRow comparison={comparison} /></li>)}
        </ul>
      )}
    </>
  );
}

function change({ ndcgBefore, ndcgAfter }: Comparison): number {
  return Math.abs(ndcgAfter - ndcgBefore);
}
