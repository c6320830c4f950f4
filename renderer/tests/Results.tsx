import type { LibraryId } from '../../engine/api.ts';
import { signed } from '../learning/Scores.tsx';
import { modelsInWords, points } from '../models/facts.ts';
import { useModelList } from '../models/ModelList.tsx';
import { useLive } from '../useLive.ts';
import { count, moment, percent } from '../words/numbers.ts';
import { useWords } from '../words/useWords.ts';

/** Results shown at most. */
const SHOWN = 20;

/** How search did on the test questions, newest first, each with the models that took part and the change to the one before. */
export function Results({ library }: { library: LibraryId | undefined }) {
  const all = useWords();
  const { answers: { tests: words }, language } = all;
  const { value: results } = useLive(['tests', 'models'], '', (engine) => engine.testResults());
  const models = useModelList();
  const here = (results ?? []).filter((result) => result.library === library);
  if (here.length === 0) return null;
  return (
    <section aria-label={words.results}>
      <h3>{words.results}</h3>
      <p>{all.models.mineHint}</p>
      <table className="results">
        <thead>
          <tr>{[words.when, words.model, words.score, words.first, words.speed].map((name) => <th key={name} scope="col">{name}</th>)}</tr>
        </thead>
        <tbody>
          {here.slice(0, SHOWN).map((result, i) => {
            const before = here[i + 1];
            return (
              <tr key={result.at}>
                <td><time dateTime={new Date(result.at).toISOString()}>{moment(language, result.at)}</time><br /><span className="note">{words.count(result.questions)}</span></td>
                <td className="results-models">{modelsInWords(result.models, models ?? [], all)}</td>
                <td className="results-score"><b>{points(result.ndcg, all)}</b> {before && before.questions === result.questions && <Change points={Math.round((result.ndcg - before.ndcg) * 1000) / 10} />}</td>
                <td>{percent(language, result.first)}</td>
                <td>{words.perQuestion(count(language, Math.round(result.milliseconds)))}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </section>
  );
}

function Change({ points: change }: { points: number }) {
  const { language } = useWords();
  return <span className={`score-change score-${change >= 1 ? 'better' : change <= -1 ? 'worse' : 'same'}`}>{signed(change, language)}</span>;
}
