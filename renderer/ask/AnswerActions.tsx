import { useRef, useState } from 'react';
import type { Signal, Turn } from '../../engine/api.ts';
import { Button, IconButton } from '../controls/Button.tsx';
import { useToaster } from '../controls/Toast.tsx';
import { useEngine } from '../engine.tsx';
import { useWords } from '../words/useWords.ts';
import './AnswerActions.css';
import { languageOf } from '../words/numbers.ts';
import { citationsOf } from './openPlace.ts';
import { tookInWords } from './howMade.ts';
import { PutRight } from './PutRight.tsx';
import { Taught } from './Taught.tsx';
import { Thumbs } from './Thumbs.tsx';

type Reason = Extract<Signal, { kind: 'answer-reason' }>['reason'];

/**
 * Under an answer: was it good, take it along, how long it took. After a thumb down one question, which may stay unanswered, or in
 * its place the answer as it should have been.
 */
export function AnswerActions({ turn }: { turn: Turn }) {
  const words = useWords();
  const engine = useEngine();
  const { say, run } = useToaster();
  const [after, setAfter] = useState<'reason' | 'put-right'>();
  const { corrected } = turn.thumbs;
  const box = useRef<HTMLDivElement>(null);
  /** What was asked goes with the button that answered it; the keyboard goes on from the thumb. */
  const close = (): void => {
    if (box.current!.contains(document.activeElement)) box.current!.querySelector<HTMLElement>('[aria-pressed=true]')?.focus();
    setAfter(undefined);
  };

  const thumb = async (next: 'up' | 'down' | 'none'): Promise<void> => {
    await engine.signal({ kind: 'answer-thumb', turn: turn.id, thumb: next });
    setAfter(next === 'down' ? 'reason' : undefined);
  };
  const reason = async (why: Reason): Promise<void> => {
    await engine.signal({ kind: 'answer-reason', turn: turn.id, reason: why });
    close();
    const names = [...new Set(citationsOf(turn.answer.sentences).map(({ documentName }) => documentName))];
    say(why === 'outdated' && names.length > 0 ? words.ask.outdatedNoted(names) : words.ask.thanks);
  };
  const copy = async (): Promise<void> => {
    const text = asText(turn, words.answers.unsupported);
    await navigator.clipboard.writeText(text);
    await engine.signal({ kind: 'copied', turn: turn.id, text });
    say(words.ask.copied);
  };

  return (
    <div ref={box} className="answer-actions">
      <div className="answer-bar">
        <Thumbs thumb={turn.thumbs.answer} up={words.ask.answerHelped} down={words.ask.answerFailed} onThumb={thumb} />
        {turn.answer.sentences.length > 0 && <IconButton small icon="copy" label={words.ask.copy} onClick={() => run(copy)} />}
        <Taught turn={turn} />
        <span className="answer-took">{tookInWords(turn, words)}</span>
      </div>
      {corrected !== undefined && after !== 'put-right' && (
        <p className="answer-corrected">{words.ask.putRightAs} <span lang={languageOf(corrected)}>{corrected}</span></p>
      )}
      {after === 'put-right' && <PutRight turn={turn.id} onDone={close} />}
      {after === 'reason' && (
        <div className="answer-reasons" role="group" aria-label={words.ask.reasonQuestion}>
          <p>{words.ask.reasonQuestion}</p>
          {(Object.keys(words.ask.reasons) as Reason[]).map((each) => (
            <Button key={each} onClick={() => run(() => reason(each))}>{words.ask.reasons[each]}</Button>
          ))}
          <Button icon="edit" onClick={() => setAfter('put-right')}>{words.ask.putRight}</Button>
          <IconButton small icon="close" label={words.general.close} onClick={close} />
        </div>
      )}
    </div>
  );
}

/** The answer as text with its numbers, and the documents they stand for; what no passage says keeps its mark. */
function asText({ answer: { sentences } }: Turn, unsupported: string): string {
  const body = sentences.map(({ text, citations, opens, unsupported: bare }, i) => (i > 0 && opens ? '\n\n' : '') + text.trim() + citations.map(({ number }) => `[${number}]`).join('') + (bare ? '[?]' : '')).join(' ');
  const sources = citationsOf(sentences).map(({ number, documentName, place }) => `[${number}] ${documentName}${place.page === undefined ? '' : `, ${place.page}`}`);
  if (sentences.some((sentence) => sentence.unsupported)) sources.push(`[?] ${unsupported}`);
  return `${body.replaceAll(' \n\n', '\n\n')}\n\n${sources.join('\n')}\n`;
}
