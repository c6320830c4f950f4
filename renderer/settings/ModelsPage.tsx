import type { ModelInfo } from '../../engine/api.ts';
import { useLive } from '../useLive.ts';
import { bytes, decimal } from '../words/numbers.ts';
import { useWords } from '../words/useWords.ts';
import './ModelsPage.css';
import { Unread } from './Unread.tsx';

/** Which models are there, which are in use, and how well they do on sets anyone can check. */
export function ModelsPage() {
  const words = useWords();
  const { value: models, error } = useLive(['models'], '', (engine) => engine.models());
  if (!models) return <Unread error={error} />;
  return (
    <>
      <p className="section-lead">{models.length === 0 ? words.models.none : words.models.text}</p>
      {models.map((model) => <Model key={model.id} model={model} />)}
    </>
  );
}

function Model({ model }: { model: ModelInfo }) {
  const words = useWords();
  const about = [
    words.models[model.role],
    model.dimensions !== undefined && words.models.dimensions(model.dimensions),
    bytes(words.language, model.bytes),
    model.languages.join(', '),
    model.licence,
  ].filter(Boolean);
  return (
    <article className="model">
      <h3>{model.name}{model.active && <span className="model-active">{words.models.active}</span>}</h3>
      <p>{about.join(' · ')}</p>
      <Quality quality={model.quality} />
    </article>
  );
}

function Quality({ quality }: { quality: ModelInfo['quality'] }) {
  const words = useWords();
  const sets = Object.entries(quality);
  if (sets.length === 0) return <p className="setting-hint">{words.models.unmeasured}</p>;
  const mean = sets.reduce((sum, [, value]) => sum + value, 0) / sets.length;
  const shown = (value: number): string => decimal(words.language, value * 100, 1);
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
            <td><span className="quality-line" style={{ width: `calc((100% - 56px) * ${value})` }} /><span className="quality-number">{shown(value)}</span></td>
          </tr>
        ))}
        {sets.length > 1 && <tr className="quality-mean"><th scope="row">{words.models.mean}</th><td><span className="quality-number">{shown(mean)}</span></td></tr>}
      </tbody>
    </table>
  );
}
