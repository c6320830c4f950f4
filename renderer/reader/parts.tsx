import { useState, type ReactNode } from 'react';
import type { ReaderWords } from './words.ts';

/** Lines where text will be. */
export function Skeleton({ words }: { words: ReaderWords }): ReactNode {
  return (
    <div className="reader-skeleton" role="status" aria-label={words.loading}>
      {[60, 96, 91, 94, 72, 0, 95, 89, 97, 40].map((width, line) => <span key={line} style={{ width: `${width}%` }} />)}
    </div>
  );
}

/** Said instead of a document. */
export function Sentence({ text, again, onAgain }: { text: string; again?: string; onAgain?: () => void }): ReactNode {
  return (
    <div className="reader-sentence" role="status">
      <p>{text}</p>
      {again && <button type="button" className="reader-action strong" onClick={onAgain}>{again}</button>}
    </div>
  );
}

export interface PasswordFormProps { words: ReaderWords; again: boolean; onPassword(password: string): void }

/** Asks for what opens a protected PDF; the password stays in this window. */
export function PasswordForm({ words, again, onPassword }: PasswordFormProps): ReactNode {
  const [password, setPassword] = useState('');
  return (
    <form className="reader-sentence" onSubmit={(event) => {
      event.preventDefault();
      if (password) onPassword(password);
      setPassword('');
    }}>
      <p role="status">{again ? words.passwordWrong : words.passwordAsked}</p>
      <div className="reader-password">
        <input type="password" aria-label={words.password} placeholder={words.password} value={password} autoFocus autoComplete="off" onChange={(event) => setPassword(event.target.value)} />
        <button type="submit" className="reader-action strong" disabled={!password}>{words.open}</button>
      </div>
    </form>
  );
}
