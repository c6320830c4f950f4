import { useEffect, useRef, useState, type Ref, type RefObject } from 'react';
import type { Conversation, ConversationId, Library, Turn, TurnId } from '../../engine/api.ts';
import { useLive } from '../useLive.ts';
import { useWords } from '../words/useWords.ts';
import './Ask.css';
import { Composer, type Scope } from './Composer.tsx';
import { EmptyAsk } from './EmptyAsk.tsx';
import { MakingView } from './MakingView.tsx';
import { TurnView } from './TurnView.tsx';
import { useAnswer, type Making } from './useAnswer.ts';
import type { Act } from './Offered.tsx';
import { Offer } from './Offer.tsx';
import type { OpenPlace } from './openPlace.ts';

interface AskProps {
  conversation: Conversation['id'] | undefined;
  library: Library;
  libraries: Library[];
  composer: Ref<HTMLTextAreaElement>;
  onConversation(conversation: ConversationId): void;
  onOpen: OpenPlace;
  onAct: Act;
}

/** The middle part: the questions and answers of one conversation, and the next question. */
export function Ask({ conversation, library, libraries, composer, onConversation, onOpen, onAct }: AskProps) {
  const words = useWords();
  const [question, setQuestion] = useState('');
  const [scope, setScope] = useState<Scope>('this');
  const { making, ask, stop, clear } = useAnswer(onConversation);
  const { value: stored, key, again } = useLive(['conversations', 'feedback'], String(conversation ?? ''), async (engine) => (conversation === undefined ? [] : engine.turns(conversation)));
  const known = key === String(conversation ?? '') ? stored : undefined;
  const turns = known ?? [];
  const list = useRef<HTMLDivElement>(null);

  const here = making && making.conversation === conversation ? making : undefined;
  const kept = here !== undefined && turns.some((turn) => turn.id === here.turn && isWhole(turn, here));
  useEffect(() => {
    if (!making || making.state.kind === 'asking') return;
    if (kept) clear();
    else if (making.state.kind !== 'lost') again();
  }, [making, kept, clear, again]);
  useEffect(() => {
    // Another conversation was opened meanwhile: what was under way is left.
    if (making && making.conversation !== undefined && making.conversation !== conversation) {
      stop();
      clear();
    }
  }, [conversation]);

  function put(text: string): void {
    const asked = text.trim();
    if (asked === '' || here?.state.kind === 'asking') return;
    setQuestion('');
    ask(asked, conversation, scope === 'all' ? undefined : [library.id]);
  }
  const leave = (): void => {
    if (here && here.turn === undefined) setQuestion(here.question);
    stop();
  };

  useScrolling(list, turns, here);
  // Said as it grows, and left there when the stored turn takes its place: what is taken away is not read out.
  const spoken = useRef<string[]>([]);
  if (here) {
    const found = here.state.kind !== 'done' || here.state.turn.answer.outcome !== 'not-found';
    spoken.current = found ? here.sentences.map(({ text, unsupported }) => (unsupported ? `${text} (${words.answers.unsupported})` : text)) : [words.ask.notFound];
  }
  // The answer that is being made stands in its turn's place, so that nothing moves or starts anew when it is whole.
  const shown: { key: TurnId | 'new'; what: Turn | Making }[] = turns.filter((turn) => kept || turn.id !== here?.turn).map((turn) => ({ key: turn.id, what: turn }));
  if (here && !kept) shown.push({ key: here.turn ?? 'new', what: here.state.kind === 'done' ? here.state.turn : here });
  return (
    <div className="ask">
      <div ref={list} className="ask-turns" tabIndex={-1}>
        {shown.length === 0 ? (
          (conversation === undefined || known) && <EmptyAsk library={library} onAsk={put} />
        ) : (
          <ol className="ask-column" aria-label={words.general.parts.conversation}>
            {shown.map(({ key, what }, i) => (
              <li key={key}>
                {'state' in what ? (
                  <MakingView making={what} onOpen={onOpen} onAskAgain={put} />
                ) : (
                  <TurnView turn={what} unread={i === shown.length - 1 ? library.waiting : 0} onOpen={onOpen} onAct={onAct} onAskAgain={put} />
                )}
              </li>
            ))}
          </ol>
        )}
        {shown.length > 0 && !here && <Offer onModels={() => onAct('open-models')} />}
      </div>
      <Composer
        ref={composer}
        value={question}
        onChange={setQuestion}
        asking={here?.state.kind === 'asking'}
        library={library}
        libraries={libraries}
        scope={scope}
        onScope={setScope}
        onAsk={() => put(question)}
        onStop={leave}
      />
      <div className="unseen" role="log" aria-live="polite" aria-label={words.ask.answer}>
        {spoken.current.map((sentence, i) => <p key={i}>{sentence}</p>)}
      </div>
    </div>
  );
}

/** Whether the stored turn says all that was seen of it; it is stored from its beginning on. */
function isWhole({ answer }: Turn, { state, sentences }: Making): boolean {
  if (state.kind === 'done') return answer.outcome === state.turn.answer.outcome && answer.sentences.length === sentences.length;
  return state.kind === 'stopped' && answer.sentences.length >= sentences.length;
}

/**
 * Shows the end of a conversation when it is opened. While an answer grows, its question moves up with it, at most to
 * the upper edge, so that the answer's first words never leave the view; until the person scrolls.
 */
function useScrolling(list: RefObject<HTMLDivElement | null>, turns: Turn[], making: Making | undefined): void {
  const following = useRef(false);
  if (making?.state.kind === 'asking' && making.sentences.length === 0) following.current = true;
  const opened = turns[0]?.conversation;
  useEffect(() => {
    if (!following.current) list.current!.scrollTop = list.current!.scrollHeight;
  }, [opened]);
  useEffect(() => {
    const turn = list.current!.querySelector('li:last-of-type .turn');
    if (following.current && turn) list.current!.scrollBy({ top: turn.getBoundingClientRect().top - list.current!.getBoundingClientRect().top, behavior: 'smooth' });
  }, [making?.sentences.length, making?.state.kind, turns.length]);
  useEffect(() => {
    const element = list.current!;
    const letGo = (): void => {
      following.current = false;
    };
    for (const kind of ['wheel', 'pointerdown', 'touchmove'] as const) element.addEventListener(kind, letGo, { passive: true });
    return () => {
      for (const kind of ['wheel', 'pointerdown', 'touchmove'] as const) element.removeEventListener(kind, letGo);
    };
  }, [list]);
}
