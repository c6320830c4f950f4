/**
 * A chunk with what it takes to understand it alone: title, heading path, and the header row where it is the rest of a
 * table. Words and vectors are made of this; answers quote the chunk's own text. (QAnything puts the headings before the
 * text of a chunk and takes them away before the prompt.)
 */
export function inContext(chunk: { text: string; headings: readonly string[]; header?: string }, title?: string): string {
  const path = headingPath(chunk, title);
  return [...(path === '' ? [] : [path]), ...(chunk.header === undefined ? [] : [chunk.header]), chunk.text].join('\n');
}

/**
 * Title and headings on one line, each said once: a title that is the first heading too, and headings that the text opens
 * with, are left out. (Said twice they outweigh the text: a static embedder lost half of its nDCG on techdocs-zh.)
 */
export function headingPath(chunk: { text: string; headings: readonly string[] }, title?: string): string {
  let above = chunk.headings;
  for (let count = above.length; count > 0; count--) {
    if (chunk.text.startsWith(above.slice(-count).join('\n\n'))) { above = above.slice(0, -count); break; }
  }
  const said = title === undefined || chunk.headings[0] === title || chunk.text.startsWith(title);
  return (said ? above : [title, ...above]).join(' › ');
}
