import { useLayoutEffect, useRef, type KeyboardEvent, type Ref } from 'react';
import type { Library } from '../../engine/api.ts';
import { IconButton } from '../controls/Button.tsx';
import { Icon } from '../controls/icons.tsx';
import { Menu } from '../controls/Menu.tsx';
import { useWords } from '../words/useWords.ts';
import './Composer.css';

export type Scope = 'this' | 'all';

interface ComposerProps {
  ref: Ref<HTMLTextAreaElement>;
  value: string;
  asking: boolean;
  library: Library;
  libraries: Library[];
  scope: Scope;
  onChange(value: string): void;
  onScope(scope: Scope): void;
  onAsk(): void;
  onStop(): void;
}

/** Where the question is written. */
export function Composer({ ref, value, asking, library, libraries, scope, onChange, onScope, onAsk, onStop }: ComposerProps) {
  const words = useWords();
  const box = useRef<HTMLDivElement>(null);
  const area = (): HTMLTextAreaElement => box.current!.querySelector('textarea')!;
  useLayoutEffect(() => {
    area().style.height = 'auto';
    area().style.height = `${area().scrollHeight}px`;
  }, [value]);
  /** The button that was pressed changes or goes; the keyboard goes on where one writes. */
  const press = (deed: () => void) => () => {
    deed();
    area().focus();
  };

  function type(event: KeyboardEvent): void {
    // While Chinese is being composed, Enter takes a candidate. Safari has ended the composition by then and says 229.
    if (event.nativeEvent.isComposing || event.keyCode === 229) return;
    if (event.key !== 'Enter' || event.shiftKey) return;
    event.preventDefault();
    onAsk();
  }

  const several = libraries.length > 1;
  const scopes = { this: words.ask.scopeThis(library.name), all: words.ask.scopeAll };
  return (
    <div className="composer">
      <div ref={box} className="composer-box">
        <textarea
          ref={ref}
          rows={1}
          value={value}
          aria-label={words.ask.label}
          aria-describedby="composer-keys"
          placeholder={words.ask.placeholder}
          onChange={(event) => onChange(event.target.value)}
          onKeyDown={type}
        />
        {asking ? (
          <IconButton label={words.ask.stop} icon="stop" onClick={press(onStop)} />
        ) : (
          <IconButton label={words.ask.send} icon="send" disabled={value.trim() === ''} onClick={press(onAsk)} />
        )}
      </div>
      <div className="composer-foot">
        {several && (
          <Menu
            label={words.ask.scope}
            items={(['this', 'all'] as const).map((each) => ({ label: scopes[each], checked: scope === each, do: () => onScope(each) }))}
          >
            <button type="button" className="composer-scope" aria-label={`${words.ask.scope}: ${scopes[scope]}`}>
              <span>{scopes[scope]}</span>
              <Icon name="chevron" size={14} />
            </button>
          </Menu>
        )}
        <p id="composer-keys">{words.ask.keys}</p>
      </div>
    </div>
  );
}
