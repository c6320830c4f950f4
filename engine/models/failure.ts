/**
 * Why a download did not come to its end. `unreachable`, `dropped` and `busy` are worth another try by themselves; the others
 * want a person: `gated` a promise to the owners, `missing` another model, `space` a larger disk, `wrong` and `broken` another hub.
 */
export type DownloadCode = 'unreachable' | 'dropped' | 'busy' | 'gated' | 'missing' | 'space' | 'wrong' | 'broken';

/** A sentence a person can act on. */
export class DownloadFailure extends Error {
  readonly code: DownloadCode;
  /** Seconds the hub asks to wait. */
  readonly wait: number | undefined;
  constructor(code: DownloadCode, message: string, wait?: number) {
    super(message);
    this.name = 'DownloadFailure';
    this.code = code;
    this.wait = wait;
  }
}
