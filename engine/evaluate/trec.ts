/** A TREC run: `query Q0 document rank score tag` a line, ranks from 1, documents of a question best first. */
export function trecRun(scores: ReadonlyMap<string, readonly (readonly [document: string, score: number])[]>, tag: string): string {
  const lines: string[] = [];
  for (const [question, documents] of scores) {
    documents.forEach(([document, score], i) => lines.push(`${field(question)} Q0 ${field(document)} ${i + 1} ${score} ${tag}\n`));
  }
  return lines.join('');
}

/** A run's fields are parted by spaces, so an id must hold none. */
function field(id: string): string {
  if (id === '' || /\s/.test(id)) throw new Error(`The id "${id}" cannot stand in a TREC run: it is empty or holds white space.`);
  return id;
}
