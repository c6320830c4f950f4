import { useState } from 'react';
import type { DocumentState } from '../../engine/api.ts';
import { Button } from '../controls/Button.tsx';
import { joined, useWords } from '../words/useWords.ts';
import './Failure.css';

type Failed = Extract<DocumentState, { kind: 'failed' }>;

/** Why a document was not taken in and what to do about it, with the means to do it. */
export function Failure({ name, failure, tabIndex, onRetry }: { name: string; failure: Failed; tabIndex: number; onRetry(password?: string): void }) {
  const words = useWords();
  const [password, setPassword] = useState('');
  const { what, remedy } = words.failures[failure.code];
  const locked = failure.code === 'encrypted' || failure.code === 'wrong-password';

  return (
    <div className="failure">
      <p title={failure.reason}>
        {joined(words, what, remedy)}
        {failure.kept && ` ${words.document.kept}`}
        {!locked && <> <button type="button" className="failure-retry" tabIndex={tabIndex} onClick={() => onRetry()}>{words.general.retry}</button></>}
      </p>
      {locked && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (password !== '') onRetry(password);
          }}
        >
          <input
            type="password"
            aria-label={words.document.password(name)}
            placeholder={words.document.passwordPlain}
            autoComplete="off"
            value={password}
            tabIndex={tabIndex}
            onChange={(event) => setPassword(event.target.value)}
          />
          <Button type="submit" disabled={password === ''} tabIndex={tabIndex}>{words.document.unlock}</Button>
        </form>
      )}
    </div>
  );
}
