import type { AppAction, Turn } from '../../engine/api.ts';
import { Button, IconButton } from '../controls/Button.tsx';
import { useAhead } from '../controls/useAhead.ts';
import { useToaster } from '../controls/Toast.tsx';
import { useEngine } from '../engine.tsx';
import { useWords } from '../words/useWords.ts';
import './Offered.css';

/** Does something the app can do. */
export type Act = (action: AppAction) => void;

/** What the app itself can do about a question; what is not wanted there can be put away. */
export function Offered({ turn, actions, onAct }: { turn: Turn; actions: AppAction[]; onAct: Act }) {
  const { answers: words } = useWords();
  return (
    <div className="offered" role="group" aria-label={words.actionsLabel}>
      {actions.map((action) => <OfferedAction key={action} action={action} turn={turn} onAct={onAct} />)}
    </div>
  );
}

function OfferedAction({ turn, action, onAct }: { turn: Turn; action: AppAction; onAct: Act }) {
  const { answers: words } = useWords();
  const engine = useEngine();
  const { run } = useToaster();
  const [said, say] = useAhead<'accepted' | 'refused' | 'none'>(turn.thumbs.actions?.[action] ?? 'none');
  const tell = (next: 'refused' | 'none'): void => say(next, () => engine.signal({ kind: 'action', turn: turn.id, action, said: next }));
  const act = (): void => {
    run(() => engine.signal({ kind: 'action', turn: turn.id, action, said: 'accepted' }));
    onAct(action);
  };
  const name = words.actions[action];
  if (said === 'refused') {
    return (
      <p className="offered-refused">
        {words.refusedAction(name)}
        <Button look="quiet" onClick={() => tell('none')}>{words.offerAgain}</Button>
      </p>
    );
  }
  return (
    <span className="offered-action">
      <Button onClick={act}>{name}</Button>
      <IconButton small icon="close" label={words.refuseAction(name)} onClick={() => tell('refused')} />
    </span>
  );
}
