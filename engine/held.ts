/** What was opened, as long as one question takes; `release` says that it is answered. */
export interface Lease<T> { held: T | undefined; release(): void }

export interface Holder<T> {
  /** What is in use now: it stays open until it is released, whatever is chosen meanwhile. Fails as opening does. */
  take(): Promise<Lease<T>>;
  /** Closes it, once nobody uses it any more. */
  close(): void;
}

interface Holding<T> { identity: string | undefined; at: number; users: number; retired: boolean; opened: Promise<T | undefined> }

/** What could not be opened is tried again after so long: a drive may have come back. */
const TRIED_AGAIN = 10_000;

/**
 * Holds one thing open, a model that is in use. Before each use `identity` says, from the tables, what is to be in use; where
 * that is another thing than the last time, that is opened, and the old one is closed when its last use is over. `fits` says
 * whether what was opened while there was no identity yet is what the identity stands for.
 */
export function hold<T extends { close(): Promise<unknown> }>(identity: () => string | undefined, open: () => Promise<T | undefined>, fits: (held: T) => boolean = () => false): Holder<T> {
  let present: Holding<T> | undefined;

  async function isOutdated(holding: Holding<T>, now: string | undefined): Promise<boolean> {
    const held = await holding.opened.catch(() => undefined);
    if (held === undefined) return holding.identity !== now || Date.now() - holding.at > TRIED_AGAIN;
    if (holding.identity === undefined && fits(held)) holding.identity = now;
    return holding.identity !== now;
  }

  function retire(holding: Holding<T> | undefined): void {
    if (!holding) return;
    holding.retired = true;
    closeUnused(holding);
  }

  function closeUnused({ users, retired, opened }: Holding<T>): void {
    if (users === 0 && retired) void opened.then((held) => held?.close(), () => undefined);
  }

  return {
    async take() {
      const now = identity();
      const before = present;
      if (!before || ((await isOutdated(before, now)) && present === before)) {
        present = { identity: now, at: Date.now(), users: 0, retired: false, opened: open() };
        retire(before);
      }
      const holding = present!;
      holding.users++;
      let over = false;
      const release = (): void => {
        if (over) return;
        over = true;
        holding.users--;
        closeUnused(holding);
      };
      try {
        return { held: await holding.opened, release };
      } catch (error) {
        release();
        throw error;
      }
    },
    close() {
      retire(present);
      present = undefined;
    },
  };
}
