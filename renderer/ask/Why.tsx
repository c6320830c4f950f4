import type { Hit } from '../../engine/api.ts';
import { decimal, percent } from '../words/numbers.ts';
import { useWords } from '../words/useWords.ts';
import './Why.css';

/** Terms listed at most; a question rarely has more that matter. */
const TERMS = 8;

/** A hit's trace in plain words. */
export function Why({ hit }: { hit: Hit }) {
  const { citation: words, language } = useWords();
  const { words: byWords, vectors, fused, rerank } = hit.trace;
  const lines = [
    byWords ? words.byWords(byWords.rank, joined(byWords.terms).slice(0, TERMS), percent(language, byWords.coverage)) : words.notByWords,
    vectors ? words.byMeaning(vectors.rank, decimal(language, vectors.similarity)) : words.notByMeaning,
    rerank && words.reranked(rerank.rank, rerank.model),
    words.overall(rerank?.rank ?? fused.rank, decimal(language, hit.relevance)),
  ].filter(Boolean);
  return (
    <details className="why" open>
      <summary>{words.why}</summary>
      <ul>{lines.map((line) => <li key={String(line)}>{line}</li>)}</ul>
    </details>
  );
}

/** Chinese is matched in pairs of letters: 远程, 程办, 办公 are said as 远程办公, and a letter of that is not said again. */
function joined(terms: string[]): string[] {
  const result: string[] = [];
  for (const term of terms) {
    const before = result.at(-1);
    const isChinese = /^\p{Script=Han}+$/u.test(term);
    if (isChinese && before?.includes(term)) continue;
    if (isChinese && before && /\p{Script=Han}$/u.test(before) && before.endsWith(term[0]!)) result[result.length - 1] = before + term.slice(1);
    else result.push(term);
  }
  return result;
}
