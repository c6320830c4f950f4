import type { ModelInfo } from '../../engine/api.ts';
import { useWords } from '../words/useWords.ts';
import { points } from './facts.ts';
import './Quality.css';

/** How well a model does on sets anyone can check. */
export function Quality({ quality }: { quality: ModelInfo['quality'] }) {
  const words = useWords();
  const sets = Object.entries(quality);
  if (sets.length === 0) return <p className="note">{words.models.unmeasured}</p>;
  const mean = sets.reduce((sum, [, value]) => sum + value, 0) / sets.length;
  return (
    <table className="quality">
      <caption>{words.models.quality}<small>{words.models.qualityHint}</small></caption>
      <thead className="unseen">
        <tr><th scope="col">{words.models.set}</th><th scope="col">{words.models.quality}</th></tr>
      </thead>
      <tbody>
        {sets.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td><span className="quality-line" style={{ width: `calc((100% - 56px) * ${value})` }} /><span className="quality-number">{points(value, words)}</span></td>
          </tr>
        ))}
        {sets.length > 1 && <tr className="quality-mean"><th scope="row">{words.models.mean}</th><td><span className="quality-number">{points(mean, words)}</span></td></tr>}
      </tbody>
    </table>
  );
}
