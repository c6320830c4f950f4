import { useConnection } from './engine.tsx';
import './Notices.css';
import { useWords } from './words/useWords.ts';

/** Two quiet strips: the engine is away and will be back; files are on their way in. */
export function Notices({ step }: { step: { done: number; total: number } | undefined }) {
  const words = useWords();
  const { state } = useConnection();
  return (
    <div className="notices" role="status">
      {state === 'lost' && <p className="notice notice-lost">{words.general.reconnecting}</p>}
      {step && <p className="notice">{words.library.taking(step.done + 1, step.total)}</p>}
    </div>
  );
}
