import type { Hit } from '../../engine/api.ts';
import { useModelList } from '../models/ModelList.tsx';
import { decimal, percent } from '../words/numbers.ts';
import { useWords } from '../words/useWords.ts';
import { joinedTerms } from './layout.ts';
import './Why.css';

/** Terms listed at most; a question rarely has more that matter. */
const TERMS = 8;
/** What learning added, in log-odds, is said from here on. */
const TELLING = 0.1;

/** A hit's trace in plain words. */
export function Why({ hit, closed = false }: { hit: Hit; /** Its lines are shown when asked for. */ closed?: boolean }) {
  const { citation: words, learning, language } = useWords();
  const models = useModelList();
  const { words: byWords, vectors, fused, rerank, taught, outdated, learned, drafted } = hit.trace;
  const lines = [
    taught && (taught.thumb === 'up' ? learning.taughtFor : learning.rejectedFor)(taught.question),
    byWords ? words.byWords(byWords.rank, joinedTerms(byWords.terms, hit.text).slice(0, TERMS), percent(language, byWords.coverage)) : words.notByWords,
    vectors ? words.byMeaning(vectors.rank, decimal(language, vectors.similarity)) : words.notByMeaning,
    learned && Math.abs(learned.addition) >= TELLING && learning.learnedAs[learned.addition > 0 ? 'more' : 'less'],
    outdated && words.outdated,
    rerank && words.reranked(rerank.rank, models?.find(({ id }) => id === rerank.model)?.name ?? rerank.model),
    drafted && learning.drafted[drafted.side],
    words.overall(rerank?.rank ?? fused.rank, decimal(language, hit.relevance)),
  ].filter(Boolean);
  return (
    <details className="why" open={!closed}>
      <summary>{words.why}</summary>
      <ul>{lines.map((line) => <li key={String(line)}>{line}</li>)}</ul>
    </details>
  );
}
