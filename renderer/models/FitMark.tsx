import type { Fit } from '../../engine/api.ts';
import { useWords } from '../words/useWords.ts';
import { fitInWords } from './facts.ts';

/** Whether a model fits this machine. */
export function FitMark({ fit }: { fit: Fit }) {
  return <p className={`fit fit-${fit.verdict}`}>{fitInWords(fit, useWords())}</p>;
}
