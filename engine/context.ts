/**
 * A chunk with what it takes to understand it alone: title, heading path, and the header row where it is the rest of a
 * table. Words and vectors are made of this; answers quote the chunk's own text. (QAnything puts the headings before the
 * text of a chunk and takes them away before the prompt.)
 */
export function inContext(chunk: { text: string; headings: readonly string[]; header?: string }, title?: string): string {
  const path = headingPath(chunk, title);
  return [...(path === '' ? [] : [path]), ...(chunk.header === undefined ? [] : [chunk.header]), chunk.text].join('\n');
}

/** Title and headings on one line; a title that is the first heading too is said once. */
export function headingPath(chunk: { headings: readonly string[] }, title?: string): string {
  const headings = title !== undefined && chunk.headings[0] !== title ? [title, ...chunk.headings] : chunk.headings;
  return headings.join(' › ');
}
