import { Button } from '../controls/Button.tsx';
import { sentenceOf, useWords } from '../words/useWords.ts';
import { AnswerText } from './AnswerText.tsx';
import type { OpenPlace } from './openPlace.ts';
import { Asked } from './TurnView.tsx';
import { UnsupportedLegend } from './Unsupported.tsx';
import type { Making } from './useAnswer.ts';

/** An answer while it is being made, or what there is of it when it was broken off. */
export function MakingView({ making, onOpen, onAskAgain }: { making: Making; onOpen: OpenPlace; onAskAgain(question: string): void }) {
  const words = useWords();
  const { question, standalone, sentences, tail, hits, turn, state } = making;
  const written = sentences.length > 0 || tail !== '';
  return (
    <article className="turn" aria-busy={state.kind === 'asking'}>
      <Asked question={question} standalone={standalone} />
      {written && <AnswerText sentences={sentences} tail={state.kind === 'done' ? '' : tail} hits={hits} turn={turn} thumbs={{}} growing onOpen={onOpen} />}
      {state.kind !== 'asking' && <UnsupportedLegend sentences={sentences} />}
      {state.kind === 'asking' && <p className={tail === '' ? 'thinking' : 'unseen'}><span className={written ? 'unseen' : undefined}>{words.ask.thinking}</span></p>}
      {state.kind === 'stopped' && <p className="turn-note">{words.ask.stopped}</p>}
      {state.kind === 'lost' && (
        <div className="turn-note" role="alert">
          <p>{words.ask.lost} {sentenceOf(state.error, words)}</p>
          <Button icon="retry" onClick={() => onAskAgain(question)}>{words.ask.askAgain}</Button>
        </div>
      )}
    </article>
  );
}
