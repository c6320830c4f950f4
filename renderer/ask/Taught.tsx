import type { Turn } from '../../engine/api.ts';
import { Icon } from '../controls/icons.tsx';
import { Tooltip } from '../controls/Tooltip.tsx';
import { useWords } from '../words/useWords.ts';
import { lifted } from './lifted.ts';
import { citationsOf } from './openPlace.ts';
import './Taught.css';

/** A quiet sign that an answer rests on a chunk which what the person said brought up; not there otherwise. */
export function Taught({ turn: { answer, hits } }: { turn: Turn }) {
  const { learning: words } = useWords();
  const cited = new Set(citationsOf(answer.sentences).map(({ chunk }) => chunk));
  const trace = hits.find((hit) => cited.has(hit.chunk) && lifted(hit, hits))?.trace;
  if (!trace) return null;
  const why = trace.taught ? words.taughtFor(trace.taught.question) : words.learnedAs.more;
  return (
    <Tooltip text={why}>
      <span className="taught">
        <Icon name="learn" size={14} />
        <span aria-hidden="true">{words.taught}</span>
        <span className="unseen">{why}</span>
      </span>
    </Tooltip>
  );
}
