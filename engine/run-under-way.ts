import { setTimeout as delay } from 'node:timers/promises';
import type { RunId, RunProgress, Topic } from './api.ts';
import { write, type Db } from './store/database.ts';
import { keepProgress, openRun } from './store/runs.ts';

/** A run was cancelled while it ran; what it had is let go. */
export class Cancelled extends Error {}

export interface RunParts {
  db: Db;
  run: RunId;
  /** Of the whole run, by experience; what is left is judging. */
  shares: { preparing: number; training: number };
  changed: (topic: Topic) => void;
}

/** Progress is written down, and a killed run goes on, from at most so long ago. */
const KEPT_MILLISECONDS = 500;
/** Of a run that has hardly begun nobody knows how long it takes. */
const BEGUN = 0.02;

/**
 * A run that one process does, maybe from where another was killed: how far it is, as the page is told, how long it has worked and
 * will yet. What counts as work is that of all processes, without the time in which it was paused.
 */
export class RunUnderWay {
  readonly progress: RunProgress;
  readonly #parts: RunParts;
  readonly #now: () => number;
  /** When this process would have begun, had it never stood still, in milliseconds. */
  #begun: number;
  #shown = -Infinity;
  /** Share of the whole that others did and this one need not do again. */
  #ahead: number;
  /** Milliseconds others worked, and of those the ones that came to nothing. */
  readonly #before: number;
  #lost = 0;

  /** @throws Cancelled where the run is over */
  constructor(parts: RunParts, now: () => number = () => performance.now()) {
    const open = openRun(parts.db);
    if (open?.id !== parts.run) throw new Cancelled();
    const { done, curve, worked = 0 } = open.progress;
    this.#parts = parts;
    this.#now = now;
    this.#begun = now();
    this.#before = worked;
    // What is prepared is not kept.
    this.#ahead = Math.max(0, done - parts.shares.preparing);
    this.progress = { phase: 'preparing', done: this.#ahead, curve, worked };
  }

  /** Seconds of work by now. */
  get seconds(): number { return Math.round(this.#worked / 1000); }

  get #worked(): number { return this.#before + this.#now() - this.#begun; }

  /** Returns while the run may go on, waits while it is paused. @throws Cancelled */
  async mayGoOn(): Promise<void> {
    const from = this.#now();
    for (;;) {
      const open = openRun(this.#parts.db);
      if (open?.id !== this.#parts.run) throw new Cancelled();
      if (open.state === 'running') break;
      await delay(100);
    }
    this.#begun += this.#now() - from;
  }

  /** So much is prepared, 0…1. */
  async prepared(share: number): Promise<void> {
    this.progress.done = this.#ahead + this.#parts.shares.preparing * share;
    await this.#show();
  }

  /**
   * Training begins, or goes on from what was kept.
   *
   * @param kept the curve up to there
   */
  trains(kept?: RunProgress['curve']): void {
    if (!kept) [this.#ahead, this.#lost] = [0, this.#before];
    Object.assign(this.progress, { phase: 'training', done: this.#parts.shares.preparing + this.#ahead, curve: [...(kept ?? [])] });
  }

  /**
   * So much is trained, 0…1.
   *
   * @param keep writes the progress down, and all that it takes to go on from there; in one transaction
   */
  async trained(share: number, keep?: () => void): Promise<void> {
    const { preparing, training } = this.#parts.shares;
    this.progress.done = preparing + training * share;
    await this.#show(keep);
  }

  /** Nothing is left to train. */
  async judges(keep?: () => void): Promise<void> {
    this.progress.phase = 'judging';
    this.#shown = -Infinity;
    await this.trained(1, keep);
  }

  async #show(keep?: () => void): Promise<void> {
    const { db, run, changed } = this.#parts;
    if (this.#now() - this.#shown < KEPT_MILLISECONDS) return;
    this.#shown = this.#now();
    const { progress } = this;
    progress.worked = Math.round(this.#worked);
    if (progress.done > BEGUN) progress.secondsLeft = Math.ceil(((this.#worked - this.#lost) / 1000) * (1 / progress.done - 1));
    await write(db, keep ?? (() => keepProgress(db, run, progress)));
    changed('learning');
  }
}
