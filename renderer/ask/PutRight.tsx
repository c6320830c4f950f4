import { useId, useState } from 'react';
import type { TurnId } from '../../engine/api.ts';
import { Button } from '../controls/Button.tsx';
import { useToaster } from '../controls/Toast.tsx';
import { useEngine } from '../engine.tsx';
import { useWords } from '../words/useWords.ts';
import './PutRight.css';

/** A small field for what the answer should have been. */
export function PutRight({ turn, onDone }: { turn: TurnId; onDone(): void }) {
  const { ask: words, general } = useWords();
  const engine = useEngine();
  const { say, run } = useToaster();
  const id = useId();
  const [text, setText] = useState('');
  const [keeping, setKeeping] = useState(false);
  const ready = text.trim() !== '' && !keeping;

  const keep = async (): Promise<void> => {
    setKeeping(true);
    try {
      await engine.signal({ kind: 'corrected', turn, text: text.trim() });
      onDone();
      say(words.thanks);
    } finally {
      setKeeping(false);
    }
  };

  return (
    <form
      className="put-right"
      onSubmit={(event) => {
        event.preventDefault();
        if (ready) run(keep);
      }}
    >
      <label htmlFor={id}>{words.putRightLabel}</label>
      <textarea
        id={id}
        rows={3}
        autoFocus
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') onDone();
          else if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) event.currentTarget.form!.requestSubmit();
          else return;
          event.preventDefault();
          event.stopPropagation();
        }}
      />
      <div className="put-right-foot">
        <Button type="submit" disabled={!ready}>{words.putRightKeep}</Button>
        <Button look="quiet" onClick={onDone}>{general.cancel}</Button>
      </div>
    </form>
  );
}
