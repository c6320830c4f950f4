import { createContext, use, useCallback, useEffect, useMemo, useRef, useState, type ReactNode } from 'react';
import { sentenceOf, useWords } from '../words/useWords.ts';
import { IconButton } from './Button.tsx';
import './Toast.css';

/** How the window speaks to the person about something that just happened. */
export interface Toaster {
  say(text: string): void;
  /** Runs what a button does; if it fails, says why. */
  run(deed: () => Promise<unknown>): void;
}

const ToastContext = createContext<Toaster | undefined>(undefined);

export function useToaster(): Toaster {
  const toaster = use(ToastContext);
  if (!toaster) throw new Error('This component stands outside <Toasts>.');
  return toaster;
}

const SHOWN = 6_000;
const MOST = 3;

interface Toast { id: number; text: string; failed: boolean }

export function Toasts({ children }: { children: ReactNode }) {
  const words = useWords();
  const wordsNow = useRef(words);
  wordsNow.current = words;
  const [toasts, setToasts] = useState<Toast[]>([]);
  const last = useRef(0);
  const shelf = useRef<HTMLDivElement>(null);

  const drop = useCallback((id: number) => setToasts((all) => all.filter((toast) => toast.id !== id)), []);
  const show = useCallback(
    (text: string, failed: boolean) => {
      const id = ++last.current;
      setToasts((all) => [...all.filter((toast) => toast.text !== text), { id, text, failed }].slice(-MOST));
      setTimeout(() => drop(id), failed ? SHOWN * 2 : SHOWN);
    },
    [drop],
  );
  const toaster = useMemo<Toaster>(
    () => ({
      say: (text) => show(text, false),
      run: (deed) => void deed().catch((error: unknown) => show(sentenceOf(error, wordsNow.current), true)),
    }),
    [show],
  );

  // In the top layer and shown anew each time, so that it stands above dialogs that were opened meanwhile.
  useEffect(() => {
    const element = shelf.current!;
    if (element.matches(':popover-open')) element.hidePopover();
    if (toasts.length > 0) element.showPopover();
  }, [toasts]);

  return (
    <ToastContext value={toaster}>
      {children}
      <div ref={shelf} className="toasts" popover="manual">
        {toasts.map((toast) => (
          <div key={toast.id} className={toast.failed ? 'toast toast-failed' : 'toast'}>
            <p>{toast.text}</p>
            <IconButton small label={words.general.close} icon="close" onClick={() => drop(toast.id)} />
          </div>
        ))}
      </div>
      <div className="unseen" role="status">{toasts.filter((toast) => !toast.failed).map((toast) => toast.text).join(' ')}</div>
      <div className="unseen" role="alert">{toasts.filter((toast) => toast.failed).map((toast) => toast.text).join(' ')}</div>
    </ToastContext>
  );
}
