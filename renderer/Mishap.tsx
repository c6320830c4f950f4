import { Component, type ReactNode } from 'react';
import { Button } from './controls/Button.tsx';
import { Sign } from './controls/icons.tsx';
import './Starting.css';
import { wordsFor } from './words/useWords.ts';

/** Stands in for the window when a component throws, so that nobody is left before an empty page. */
export class Mishap extends Component<{ children: ReactNode }, { message?: string }> {
  override state: { message?: string } = {};

  static getDerivedStateFromError(error: unknown): { message: string } {
    return { message: error instanceof Error ? error.message : String(error) };
  }

  override render(): ReactNode {
    if (this.state.message === undefined) return this.props.children;
    const words = wordsFor('system').general;
    return (
      <main className="mishap" role="alert">
        <Sign size={44} />
        <p>{words.broken}</p>
        <p className="mishap-message">{this.state.message}</p>
        <Button look="primary" onClick={() => location.reload()}>{words.reload}</Button>
      </main>
    );
  }
}
