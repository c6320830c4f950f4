/**
 * What the desktop shell does for the page, as `window.lodestone`. In a browser there is no such thing, and the page
 * does without: it uploads bytes where it cannot name a path. Types only, so the page imports nothing of Electron.
 */
export interface Host {
  /** Asks which files to add; empty if the person thought better of it. */
  pickFiles(): Promise<string[]>;
  pickFolder(): Promise<string[]>;
  /** Shows a file in the Finder, Explorer or file manager. */
  reveal(path: string): Promise<void>;
  /** Where a file lies that was dropped or chosen in the page; empty if it lies nowhere (made by a script). */
  pathOf(file: File): string;
  /** Files opened from the system or dropped on the icon, the ones from before the page asked included. */
  onOpenFiles(listener: (paths: string[]) => void): void;
  /**
   * Asks for a port to the engine. It comes, once the engine is up, as a `message` event of the window with
   * `event.data === 'lodestone:engine'` and the port in `event.ports[0]`. When a port closes, ask again.
   */
  requestEngine(): void;
}

export type EnginePortMessage = 'lodestone:engine';

declare global {
  interface Window {
    lodestone?: Host;
  }
}
