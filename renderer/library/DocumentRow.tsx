import type { Document } from '../../engine/api.ts';
import { useAsking } from '../controls/Asking.tsx';
import { IconButton } from '../controls/Button.tsx';
import { Checkbox } from '../controls/Checkbox.tsx';
import { Menu, type MenuItem } from '../controls/Menu.tsx';
import { useToaster } from '../controls/Toast.tsx';
import { useAhead } from '../controls/useAhead.ts';
import { useEngine } from '../engine.tsx';
import { useWords } from '../words/useWords.ts';
import './DocumentRow.css';
import { DocumentStanding } from './DocumentStanding.tsx';
import { Failure } from './Failure.tsx';

interface DocumentRowProps {
  document: Document;
  /** Is in the reader. */
  open: boolean;
  /** Is the row of the list that the Tab key stops at. */
  tabbed: boolean;
  onOpen(document: Document): void;
}

/** One document: whether it is used, what it is called, how it stands, and what can be done with it. */
export function DocumentRow({ document, open, tabbed, onOpen }: DocumentRowProps) {
  const words = useWords();
  const engine = useEngine();
  const { run, say } = useToaster();
  const { confirm } = useAsking();
  const { id, name, path, state, outdated } = document;
  const [included, setIncluded] = useAhead(document.included);
  const readable = state.kind === 'ready' || (state.kind === 'failed' && state.kept);
  const tabIndex = tabbed ? 0 : -1;

  const retry = (password?: string): void => run(() => engine.retry([id], password));
  const include = (value: boolean): void => setIncluded(value, () => engine.include([id], value));
  const remove = async (): Promise<void> => {
    if (!(await confirm({ title: words.document.removeTitle(name), text: words.document.removeText, action: words.general.remove }))) return;
    await engine.removeDocuments([id]);
  };

  const items: MenuItem[] = [
    { label: words.document.openPlain, icon: 'document', disabled: !readable, do: () => onOpen(document) },
    { label: included ? words.document.exclude : words.document.includePlain, icon: 'check', do: () => include(!included) },
  ];
  if (outdated) {
    const takeBack = async (): Promise<void> => {
      await engine.signal({ kind: 'up-to-date', turn: outdated.turn, document: id });
      say(words.document.upToDateDone(name));
    };
    items.push({ label: words.document.upToDate, icon: 'retry', do: () => run(takeBack) });
  }
  const host = window.lodestone;
  if (host && path !== undefined) items.push({ label: words.document.reveal, icon: 'reveal', do: () => run(() => host.reveal(path)) });
  if (state.kind === 'failed') items.push({ label: words.general.retry, icon: 'retry', do: () => retry() });
  items.push({ label: words.general.remove, icon: 'remove', danger: true, parted: true, do: () => run(remove) });

  return (
    <div
      className={['document', open && 'document-here', !included && 'document-unused'].filter(Boolean).join(' ')}
      onKeyDown={(event) => {
        if (event.key === 'Delete' && !(event.target instanceof HTMLInputElement && event.target.type !== 'checkbox')) run(remove);
      }}
    >
      <Checkbox label={words.library.include(name)} checked={included} onChange={include} tabIndex={tabIndex} />
      <div className="document-middle">
        <button
          type="button"
          className="document-open"
          title={path ?? name}
          tabIndex={tabIndex}
          aria-current={open || undefined}
          aria-disabled={!readable || undefined}
          onClick={() => readable && onOpen(document)}
        >
          {name}
        </button>
        <DocumentStanding document={document} included={included} />
        {state.kind === 'failed' && <Failure name={name} failure={state} tabIndex={tabIndex} onRetry={retry} />}
      </div>
      <div className="document-menu">
        <Menu label={words.document.actions(name)} items={items} align="end">
          <IconButton small label={words.document.actions(name)} icon="more" tabIndex={tabIndex} />
        </Menu>
      </div>
    </div>
  );
}
