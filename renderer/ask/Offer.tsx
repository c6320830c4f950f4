import { Button, IconButton } from '../controls/Button.tsx';
import { useModelList } from '../models/ModelList.tsx';
import { useLive } from '../useLive.ts';
import { useStored } from '../useStored.ts';
import { useWords } from '../words/useWords.ts';
import './Offer.css';

/** Answers a person has seen before anything is offered. */
const AFTER = 3;

/** What a language model would add, said once a person knows the answers without one; put away for good with one click. */
export function Offer({ onModels }: { onModels(): void }) {
  const { answers: words } = useWords();
  const [away, setAway] = useStored('offer-put-away', false);
  const models = useModelList();
  const { value: conversations } = useLive(['conversations'], '', (engine) => engine.conversations());
  const answered = conversations?.reduce((sum, { turns }) => sum + turns, 0) ?? 0;
  if (away || !models || models.some(({ role, active }) => role === 'llm' && active) || answered < AFTER) return null;
  return (
    <aside className="offer" aria-label={words.offerTitle}>
      <div>
        <p className="offer-title">{words.offerTitle}</p>
        <p>{words.offerText}</p>
        <Button onClick={onModels}>{words.offerDo}</Button>
      </div>
      <IconButton small icon="close" label={words.offerNo} onClick={() => setAway(true)} />
    </aside>
  );
}
