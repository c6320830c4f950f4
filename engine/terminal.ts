/** What the commands of the command line have in common. */

export type Values = Record<string, string | boolean | undefined>;

/** A mistake in how the command was called. */
export class UsageError extends Error {}

export function json(value: unknown): void {
  console.log(JSON.stringify(value));
}

/** A line that tells how far something is, over the one before; only where a person looks on. */
export function statusLine(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
