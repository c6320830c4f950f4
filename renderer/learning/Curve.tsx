import type { RunProgress } from '../../engine/api.ts';
import { decimal } from '../words/numbers.ts';
import { useWords } from '../words/useWords.ts';
import './Curve.css';
import { meanCurve, passesOf, pathOf, qualityOf, trainings } from './curves.ts';

const WIDTH = 560;
const HEIGHT = 96;
/** At least so much of the whole is shown, so that chance does not look like a way up or down. */
const LEAST_SHOWN = 0.9;

/** How far off a run is, look by look: on what it learns from, and on what is kept aside. The mean over all its trainings. */
export function Curve({ curve }: { curve: RunProgress['curve'] }) {
  const { learning: words, language } = useWords();
  const all = trainings(curve);
  const mean = meanCurve(all);
  const quality = qualityOf(all);
  if (mean.length < 2) return null;
  const values = mean.flatMap(({ loss, aside }) => [loss, aside]);
  const box = { width: WIDTH, height: HEIGHT, passes: mean.length, low: Math.min(LEAST_SHOWN, ...values), high: Math.max(1, ...values) };
  const lines = ['loss', 'aside'] as const;
  const last = mean.at(-1)!;
  const shown = (value: number): string => `${decimal(language, value * 100, 1)}%`;

  return (
    <figure className="curve">
      <svg viewBox={`-2 -4 ${WIDTH + 4} ${HEIGHT + 8}`} preserveAspectRatio="none" role="img" aria-label={words.curveText(passesOf(all), shown(last.loss), shown(last.aside))}>
        {lines.map((of) => (
          <path key={of} className={`curve-${of}`} d={pathOf(mean.map((point) => point[of]), box)} />
        ))}
      </svg>
      <figcaption>
        <span className="curve-key curve-loss">{words.curveTraining} <b>{shown(last.loss)}</b></span>
        <span className="curve-key curve-aside">{words.curveAside} <b>{shown(last.aside)}</b></span>
        {quality && <span className="curve-quality">{words.curveQuality} <b>{decimal(language, quality.first * 100, 1)} → {decimal(language, quality.last * 100, 1)}</b></span>}
        <span className="curve-passes">{words.curvePasses(passesOf(all))}</span>
        <small>{words.curveHint}</small>
      </figcaption>
    </figure>
  );
}
