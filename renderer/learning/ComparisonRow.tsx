import { useState } from 'react';
import type { Comparison } from '../../engine/api.ts';
import { Icon } from '../controls/icons.tsx';
import { count, decimal, languageOf } from '../words/numbers.ts';
import { useWords } from '../words/useWords.ts';
import { sideBySide, whyChanged, type Row } from './moves.ts';

/** A question before and after: its score and why it changed; opened, both rankings beside each other. */
export function ComparisonRow({ comparison }: { comparison: Comparison }) {
  const all = useWords();
  const { learning: words, language } = all;
  const [open, setOpen] = useState(false);
  const { question, heldOut, ndcgBefore, ndcgAfter } = comparison;
  const change = ndcgAfter - ndcgBefore;
  const tone = Math.abs(change) < 0.0005 ? 'same' : change > 0 ? 'better' : 'worse';
  const shown = (value: number): string => decimal(language, value * 100, 0);
  const { before, after } = sideBySide(comparison);
  return (
    <details className="comparison" data-change={tone} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <Icon name="chevron" size={16} />
        <span className="comparison-question" lang={languageOf(question)}>
          {question}
          {heldOut && <span className="comparison-aside" lang={language} title={words.heldOutHint}>{words.heldOut}</span>}
        </span>
        <span className="comparison-score"><b>{words[tone]}</b> {shown(ndcgBefore)} → {shown(ndcgAfter)}</span>
        <span className="comparison-why">{whyChanged(comparison, all)}</span>
      </summary>
      {open && (
        <div className="rankings">
          <Ranking title={words.rankingBefore} rows={before} when="before" />
          <Ranking title={words.rankingAfter} rows={after} when="after" />
        </div>
      )}
    </details>
  );
}

function Ranking({ title, rows, when }: { title: string; rows: Row[]; when: 'before' | 'after' }) {
  const { learning: words, language } = useWords();
  return (
    <section>
      <h3>{title}</h3>
      <ol aria-label={title}>
        {rows.map((row) => (
          <li key={row.rank} className={row.chunk.answers ? 'ranked ranked-right' : 'ranked'}>
            <span className="ranked-rank">{count(language, row.rank)}</span>
            <div>
              <p className="ranked-text" lang={languageOf(row.chunk.text)}>{row.chunk.text.replace(/\s+/g, ' ')}</p>
              <p className="ranked-about">
                <span>{row.chunk.documentName}</span>
                {row.chunk.answers && <span className="ranked-said">{words.right}</span>}
                <Move row={row} when={when} />
              </p>
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** Where a chunk went, said in the later ranking; in the earlier one only that it is gone. */
function Move({ row: { rank, other }, when }: { row: Row; when: 'before' | 'after' }) {
  const { learning: words } = useWords();
  if (other === rank) return null;
  if (when === 'before') return other === undefined ? <span className="ranked-down">{words.fellOut}</span> : null;
  if (other === undefined) return <span className="ranked-up">{words.entered}</span>;
  return <span className={rank < other ? 'ranked-up' : 'ranked-down'}>{words.moved(other, rank)}</span>;
}
