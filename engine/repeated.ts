/** Work that is done whenever it is asked for, and never twice at once. */
export interface Repeated {
  /** What is asked for while it is under way is done once more afterwards, however often it was asked for. */
  ask(): void;
  /** It is under way, or about to be. */
  readonly busy: boolean;
  /** Waits until it is not; fails as the work fails, which is then not done any more. */
  rest(): Promise<void>;
}

export function repeated(work: () => Promise<void>): Repeated {
  let asked = false;
  let under: Promise<void> | undefined;

  async function go(): Promise<void> {
    while (asked) {
      asked = false;
      await work();
    }
    under = undefined;
  }

  return {
    ask() {
      asked = true;
      under ??= Promise.resolve().then(go);
    },
    get busy() { return under !== undefined; },
    rest: async () => under,
  };
}
