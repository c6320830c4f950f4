import { useDeferredValue, useState } from 'react';
import type { Conversation, ConversationId } from '../../engine/api.ts';
import { useAsking } from '../controls/Asking.tsx';
import { IconButton } from '../controls/Button.tsx';
import { Dialog } from '../controls/Dialog.tsx';
import { Field } from '../controls/Field.tsx';
import { Menu } from '../controls/Menu.tsx';
import { useToaster } from '../controls/Toast.tsx';
import { useEngine } from '../engine.tsx';
import { useLive } from '../useLive.ts';
import { moment } from '../words/numbers.ts';
import { useWords } from '../words/useWords.ts';
import './Conversations.css';

interface ConversationsProps {
  current: ConversationId | undefined;
  onChoose(conversation: ConversationId | undefined): void;
  onClose(): void;
}

/** All conversations, newest first, to be searched, opened, renamed and deleted. */
export function Conversations({ current, onChoose, onClose }: ConversationsProps) {
  const words = useWords();
  const [text, setText] = useState('');
  const searched = useDeferredValue(text).trim();
  const { value: conversations } = useLive(['conversations'], searched, (engine) => engine.conversations(searched === '' ? undefined : searched));
  const groups = Map.groupBy(conversations ?? [], ({ latest }) => age(latest));

  return (
    <Dialog title={words.conversations.title} look="drawer" onClose={onClose}>
      <div className="conversations-search">
        <Field quiet label={words.conversations.search} placeholder={words.conversations.search} icon="search" type="search" value={text} onChange={setText} data-focus />
      </div>
      <div className="conversations">
        {conversations?.length === 0 && <p className="conversations-none">{searched === '' ? words.conversations.none : words.conversations.noMatch}</p>}
        {(['today', 'yesterday', 'earlier'] as const).map((group) =>
          groups.has(group) ? (
            <section key={group} aria-label={words.conversations[group]}>
              <h3>{words.conversations[group]}</h3>
              <ul>
                {groups.get(group)!.map((conversation) => (
                  <Row
                    key={conversation.id}
                    conversation={conversation}
                    here={conversation.id === current}
                    onOpen={() => {
                      onChoose(conversation.id);
                      onClose();
                    }}
                    onRemoved={() => conversation.id === current && onChoose(undefined)}
                  />
                ))}
              </ul>
            </section>
          ) : null,
        )}
      </div>
    </Dialog>
  );
}

function Row({ conversation, here, onOpen, onRemoved }: { conversation: Conversation; here: boolean; onOpen(): void; onRemoved(): void }) {
  const words = useWords();
  const engine = useEngine();
  const { run } = useToaster();
  const { confirm, name } = useAsking();
  const { id, title, latest, turns } = conversation;

  const rename = async (): Promise<void> => {
    const chosen = await name({ title: words.conversations.renameTitle, label: words.conversations.titleLabel, start: title });
    if (chosen !== undefined) await engine.renameConversation(id, chosen);
  };
  const remove = async (): Promise<void> => {
    const sure = await confirm({ title: words.conversations.removeTitle, text: words.conversations.removeText(title), action: words.general.remove });
    if (!sure) return;
    await engine.removeConversation(id);
    onRemoved();
  };

  return (
    <li className="conversation" aria-current={here || undefined}>
      <button type="button" className="conversation-open" onClick={onOpen}>
        <span className="conversation-title">{title}</span>
        <span className="conversation-about">{words.conversations.turns(turns)} · {moment(words.language, latest)}</span>
      </button>
      <Menu
        label={words.conversations.actions(title)}
        align="end"
        items={[
          { label: words.general.rename, icon: 'edit', do: () => run(rename) },
          { label: words.general.remove, icon: 'remove', danger: true, do: () => run(remove) },
        ]}
      >
        <IconButton small icon="more" label={words.conversations.actions(title)} />
      </Menu>
    </li>
  );
}

function age(at: number): 'today' | 'yesterday' | 'earlier' {
  const today = new Date().setHours(0, 0, 0, 0);
  if (at >= today) return 'today';
  return at >= new Date(today - 1).setHours(0, 0, 0, 0) ? 'yesterday' : 'earlier';
}
