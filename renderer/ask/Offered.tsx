import type { AppAction } from '../../engine/api.ts';
import { Button } from '../controls/Button.tsx';
import { useWords } from '../words/useWords.ts';
import './Offered.css';

/** Does something the app can do. */
export type Act = (action: AppAction) => void;

/** What the app itself can do about a question. */
export function Offered({ actions, onAct }: { actions: AppAction[]; onAct: Act }) {
  const { answers: words } = useWords();
  return (
    <div className="offered" role="group" aria-label={words.actionsLabel}>
      {actions.map((action) => <Button key={action} onClick={() => onAct(action)}>{words.actions[action]}</Button>)}
    </div>
  );
}
