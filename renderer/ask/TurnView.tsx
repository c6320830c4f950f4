import type { Turn } from '../../engine/api.ts';
import { Button } from '../controls/Button.tsx';
import { useToaster } from '../controls/Toast.tsx';
import { useEngine } from '../engine.tsx';
import { languageOf } from '../words/numbers.ts';
import { joined, useWords } from '../words/useWords.ts';
import { AnswerActions } from './AnswerActions.tsx';
import { AnswerText } from './AnswerText.tsx';
import { HowMade } from './HowMade.tsx';
import { Nearest } from './Nearest.tsx';
import { Offered, type Act } from './Offered.tsx';
import type { OpenPlace } from './openPlace.ts';
import { Sources } from './Sources.tsx';
import { UnsupportedLegend } from './Unsupported.tsx';
import { useSeen } from './useSeen.ts';

interface TurnProps {
  turn: Turn;
  /** Documents still to be read. */
  unread: number;
  onOpen: OpenPlace;
  onAct: Act;
  onAskAgain(question: string): void;
}

/** A question and its answer as they are kept. */
export function TurnView({ turn, unread, onOpen, onAct, onAskAgain }: TurnProps) {
  const words = useWords();
  const engine = useEngine();
  const { run } = useToaster();
  const { sentences, outcome } = turn.answer;
  const seen = useSeen<HTMLElement>();
  const open: OpenPlace = (what) => onOpen({ ...what, passed: seen.before(what.chunk) });
  const copiedByHand = (): void => {
    const text = String(getSelection());
    if (text !== '') run(() => engine.signal({ kind: 'copied', turn: turn.id, text }));
  };

  return (
    <article ref={seen.part} className="turn">
      <Asked question={turn.question} standalone={turn.standalone} />
      {sentences.length > 0 && (
        <div onCopy={copiedByHand}>
          <AnswerText sentences={sentences} hits={turn.hits} turn={turn.id} thumbs={turn.thumbs.citations} onOpen={open} />
        </div>
      )}
      {outcome === 'not-found' && <Nearest turn={turn} onOpen={open} />}
      {(outcome === 'stopped' || (outcome === 'not-found' && unread > 0)) && (
        <div className="turn-note">
          <p>{outcome === 'stopped' ? words.ask.stopped : words.ask.stillReading(unread)}</p>
          <Button look="quiet" icon="retry" onClick={() => onAskAgain(turn.question)}>{words.ask.askAgain}</Button>
        </div>
      )}
      <UnsupportedLegend sentences={sentences} />
      {turn.details?.fallback !== undefined && <p className="turn-fallback">{joined(words, words.answers.fallback, turn.details.fallback)}</p>}
      <Sources sentences={sentences} turn={turn.id} onOpen={open} />
      {turn.actions && turn.actions.length > 0 && <Offered turn={turn} actions={turn.actions} onAct={onAct} />}
      {outcome !== 'stopped' && <AnswerActions turn={turn} />}
      <HowMade turn={turn} onOpen={open} />
    </article>
  );
}

export function Asked({ question, standalone }: { question: string; standalone: string | undefined }) {
  const words = useWords();
  return (
    <>
      <h3 className="turn-question" lang={languageOf(question)}><span className="unseen">{words.ask.you}: </span>{question}</h3>
      {standalone !== undefined && standalone !== question && <p className="turn-standalone">{words.ask.searchedFor(standalone)}</p>}
    </>
  );
}
