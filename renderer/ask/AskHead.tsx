import type { ConversationId } from '../../engine/api.ts';
import { IconButton } from '../controls/Button.tsx';
import { useLive } from '../useLive.ts';
import { useWords } from '../words/useWords.ts';
import './AskHead.css';

interface AskHeadProps {
  conversation: ConversationId | undefined;
  libraryShown: boolean;
  onLibrary(shown: boolean): void;
  onNew(): void;
  onConversations(): void;
  onSettings(): void;
}

/** Above the conversation: its title, the others, a new one, and the window's own buttons. */
export function AskHead({ conversation, libraryShown, onLibrary, onNew, onConversations, onSettings }: AskHeadProps) {
  const words = useWords();
  const { value: conversations } = useLive(['conversations'], '', (engine) => engine.conversations());
  const title = conversations?.find(({ id }) => id === conversation)?.title;
  const { showPart, hidePart, parts } = words.general;

  return (
    <header className="ask-head">
      <IconButton icon="left" label={(libraryShown ? hidePart : showPart)(parts.library)} aria-expanded={libraryShown} onClick={() => onLibrary(!libraryShown)} />
      <h2 title={title}>{conversation === undefined ? '' : title}</h2>
      <IconButton icon="newConversation" label={words.ask.newConversation} onClick={onNew} />
      <IconButton icon="conversations" label={words.ask.conversations} aria-haspopup="dialog" onClick={onConversations} />
      <IconButton icon="settings" label={words.settings.title} aria-haspopup="dialog" onClick={onSettings} />
    </header>
  );
}
