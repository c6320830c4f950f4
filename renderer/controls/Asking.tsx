import { createContext, use, useCallback, useMemo, useState, type ReactNode } from 'react';
import { useWords } from '../words/useWords.ts';
import { Button } from './Button.tsx';
import { Dialog } from './Dialog.tsx';
import { Field } from './Field.tsx';

interface Confirmation { title: string; text: string; action: string; /** Nothing is lost by it. */ harmless?: boolean }
interface NameRequest { title: string; label: string; start?: string; placeholder?: string }

/** Small questions to the person that must be answered before something happens. */
export interface Asking {
  confirm(what: Confirmation): Promise<boolean>;
  /** The name that was typed, trimmed and not empty; `undefined` if the person thought better of it. */
  name(what: NameRequest): Promise<string | undefined>;
}

const AskingContext = createContext<Asking | undefined>(undefined);

export function useAsking(): Asking {
  const asking = use(AskingContext);
  if (!asking) throw new Error('This component stands outside <AskingRoom>.');
  return asking;
}

type Open = { kind: 'confirm'; what: Confirmation; settle(answer: boolean): void } | { kind: 'name'; what: NameRequest; settle(answer: string | undefined): void };

export function AskingRoom({ children }: { children: ReactNode }) {
  const [open, setOpen] = useState<Open>();
  const confirm = useCallback((what: Confirmation) => new Promise<boolean>((settle) => setOpen({ kind: 'confirm', what, settle })), []);
  const name = useCallback((what: NameRequest) => new Promise<string | undefined>((settle) => setOpen({ kind: 'name', what, settle })), []);
  const asking = useMemo(() => ({ confirm, name }), [confirm, name]);

  return (
    <AskingContext value={asking}>
      {children}
      {open?.kind === 'confirm' && (
        <Confirm
          what={open.what}
          onAnswer={(answer) => {
            setOpen(undefined);
            open.settle(answer);
          }}
        />
      )}
      {open?.kind === 'name' && (
        <Name
          what={open.what}
          onAnswer={(answer) => {
            setOpen(undefined);
            open.settle(answer);
          }}
        />
      )}
    </AskingContext>
  );
}

function Confirm({ what, onAnswer }: { what: Confirmation; onAnswer(answer: boolean): void }) {
  const words = useWords();
  return (
    <Dialog title={what.title} onClose={() => onAnswer(false)}>
      <p className="dialog-body">{what.text}</p>
      <footer className="dialog-foot">
        <Button onClick={() => onAnswer(false)} data-focus>{words.general.cancel}</Button>
        <Button look={what.harmless ? 'primary' : 'danger'} onClick={() => onAnswer(true)}>{what.action}</Button>
      </footer>
    </Dialog>
  );
}

function Name({ what, onAnswer }: { what: NameRequest; onAnswer(answer: string | undefined): void }) {
  const words = useWords();
  const [text, setText] = useState(what.start ?? '');
  const name = text.trim();
  return (
    <Dialog title={what.title} onClose={() => onAnswer(undefined)}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (name !== '') onAnswer(name);
        }}
      >
        <div className="dialog-body">
          <Field label={what.label} placeholder={what.placeholder} value={text} onChange={setText} data-focus maxLength={120} />
        </div>
        <footer className="dialog-foot">
          <Button onClick={() => onAnswer(undefined)}>{words.general.cancel}</Button>
          <Button look="primary" type="submit" disabled={name === ''}>{words.general.save}</Button>
        </footer>
      </form>
    </Dialog>
  );
}
