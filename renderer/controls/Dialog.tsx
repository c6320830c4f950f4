import { useEffect, useId, useRef, type ReactNode } from 'react';
import { useWords } from '../words/useWords.ts';
import { IconButton } from './Button.tsx';
import './Dialog.css';

/** A native modal dialog: the rest is inert, Escape closes, the focus goes back where it came from. */
export function Dialog({ title, look = 'small', onClose, children }: { title: string; look?: 'small' | 'medium' | 'large' | 'drawer'; onClose(): void; children: ReactNode }) {
  const words = useWords();
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);

  useEffect(() => {
    const element = dialog.current!;
    const before = document.activeElement;
    element.showModal();
    element.querySelector<HTMLElement>('[data-focus]')?.focus();
    return () => {
      element.close();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    };
  }, []);

  return (
    <dialog
      ref={dialog}
      className={`dialog dialog-${look}`}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onKeyDown={(event) => event.stopPropagation()}
      onPointerDown={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div className="dialog-sheet">
        <header className="dialog-head">
          <h2 id={id}>{title}</h2>
          <IconButton label={words.general.close} icon="close" onClick={onClose} />
        </header>
        {children}
      </div>
    </dialog>
  );
}
