import type { ConversationId } from '../../engine/api.ts';
import { IconButton } from '../controls/Button.tsx';
import type { Arrangement } from '../Parts.tsx';
import { useLive } from '../useLive.ts';
import { useWords } from '../words/useWords.ts';
import './AskHead.css';

interface AskHeadProps {
  conversation: ConversationId | undefined;
  arrangement: Arrangement;
  onNew(): void;
  onConversations(): void;
  onLearning(): void;
  onModels(): void;
  onSettings(): void;
}

/** Above the conversation: its title, the others, a new one, and the window's own buttons. */
export function AskHead({ conversation, arrangement: { narrow, seen, showLibrary }, onNew, onConversations, onLearning, onModels, onSettings }: AskHeadProps) {
  const words = useWords();
  const { value: conversations } = useLive(['conversations'], '', (engine) => engine.conversations());
  const title = conversations?.find(({ id }) => id === conversation)?.title;
  const { showPart, hidePart, parts } = words.general;

  return (
    <header className="ask-head">
      {!narrow && <IconButton icon="left" label={(seen.library ? hidePart : showPart)(parts.library)} aria-expanded={seen.library} onClick={() => showLibrary(!seen.library)} />}
      <h2 title={title}>{conversation === undefined ? '' : title}</h2>
      <IconButton icon="newConversation" label={words.ask.newConversation} onClick={onNew} />
      <IconButton icon="conversations" label={words.ask.conversations} aria-haspopup="dialog" onClick={onConversations} />
      <IconButton icon="learn" label={words.learning.title} aria-haspopup="dialog" onClick={onLearning} />
      <IconButton icon="models" label={words.models.title} aria-haspopup="dialog" onClick={onModels} />
      <IconButton icon="settings" label={words.settings.title} aria-haspopup="dialog" onClick={onSettings} />
    </header>
  );
}
