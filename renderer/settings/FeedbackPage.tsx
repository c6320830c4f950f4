import type { FeedbackEvent, Signal } from '../../engine/api.ts';
import { useAsking } from '../controls/Asking.tsx';
import { Button, IconButton } from '../controls/Button.tsx';
import { useToaster } from '../controls/Toast.tsx';
import { useEngine } from '../engine.tsx';
import { saveFile } from '../host.ts';
import { useLive } from '../useLive.ts';
import { moment } from '../words/numbers.ts';
import { useWords } from '../words/useWords.ts';
import type { Words } from '../words/words.ts';
import './FeedbackPage.css';
import { Unread } from './Unread.tsx';

/** Rows shown; an export holds all. */
const SHOWN = 500;

/** Everything the person told the engine: to be seen, taken along and deleted. */
export function FeedbackPage() {
  const words = useWords();
  const engine = useEngine();
  const { run } = useToaster();
  const { confirm } = useAsking();
  const { value: events, error } = useLive(['feedback'], '', (from) => from.feedback());
  if (!events) return <Unread error={error} />;
  if (events.length === 0) {
    return (
      <>
        <p>{words.feedback.text}</p>
        <p className="feedback-none">{words.feedback.none}</p>
      </>
    );
  }

  const save = async (): Promise<void> => {
    saveFile(`${words.feedback.fileName}-${new Date().toISOString().slice(0, 10)}.jsonl`, 'application/jsonl', await engine.exportFeedback());
  };
  const removeAll = async (): Promise<void> => {
    const sure = await confirm({ title: words.feedback.removeAllTitle, text: words.feedback.removeAllText(events.length), action: words.feedback.removeAll });
    if (sure) await engine.deleteFeedback(events.map((event) => event.id));
  };

  return (
    <>
      <p>{words.feedback.text}</p>
      <div className="feedback-head">
        <span>{events.length > SHOWN ? words.answers.faq.shown(SHOWN, events.length) : words.feedback.count(events.length)}</span>
        <Button icon="download" onClick={() => run(save)}>{words.feedback.export}</Button>
        <Button look="danger" icon="remove" onClick={() => run(removeAll)}>{words.feedback.removeAll}</Button>
      </div>
      <ul className="feedback-list">
        {events.slice(0, SHOWN).map((event) => (
          <Row key={event.id} event={event} onRemove={() => run(() => engine.deleteFeedback([event.id]))} />
        ))}
      </ul>
    </>
  );
}

function Row({ event, onRemove }: { event: FeedbackEvent; onRemove(): void }) {
  const words = useWords();
  const told = inWords(event.signal, words);
  return (
    <li>
      <div className="feedback-what">
        <p>{told}{event.documentName !== undefined && <span> · {event.documentName}</span>}</p>
        <p className="feedback-question">{event.question}</p>
      </div>
      <time dateTime={new Date(event.at).toISOString()}>{moment(words.language, event.at)}</time>
      <IconButton small icon="close" label={words.feedback.remove(told)} onClick={onRemove} />
    </li>
  );
}

function inWords(signal: Signal, { feedback, ask, answers }: Words): string {
  switch (signal.kind) {
    case 'answer-thumb':
      return feedback.signals.answerThumb[signal.thumb];
    case 'citation-thumb':
      return feedback.signals.citationThumb[signal.thumb](signal.number);
    case 'answer-reason':
      return feedback.signals.reason(ask.reasons[signal.reason]);
    case 'corrected':
      return feedback.signals.corrected(signal.text);
    case 'right-place':
      return feedback.signals.rightPlace;
    case 'opened':
      return 'number' in signal ? feedback.signals.opened(signal.number, signal.dwell) : feedback.signals.openedPassage(signal.dwell);
    case 'copied':
      return feedback.signals.copied;
    case 'up-to-date':
      return feedback.signals.upToDate;
    case 'recalled-turn':
      return feedback.signals.recalledTurn[signal.thumb];
    case 'action':
      return feedback.signals.action[signal.said](answers.actions[signal.action]);
  }
}
