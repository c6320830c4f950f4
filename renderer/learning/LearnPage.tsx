import { useEffect, useRef } from 'react';
import type { Adapter, AdapterId, Learning } from '../../engine/api.ts';
import { useWords } from '../words/useWords.ts';
import { Begin } from './Begin.tsx';
import { Gathered } from './Gathered.tsx';
import { InUse } from './InUse.tsx';
import { Outcome, verdictOf } from './Outcome.tsx';
import { RunPanel } from './RunPanel.tsx';
import { TakenBackNotice } from './TakenBack.tsx';

/** What there is to learn from, the button or the run, and what came of the latest. */
export function LearnPage({ learning, adapters, onCompare }: { learning: Learning; adapters: Adapter[]; onCompare(adapter: AdapterId): void }) {
  const { learning: words } = useWords();
  const { run } = learning;
  const open = run !== undefined && (run.state === 'running' || run.state === 'paused');
  const made = run?.state === 'done' ? adapters.find(({ id }) => id === run.adapter) : undefined;
  const said = open ? (run.state === 'paused' ? words.states.paused : words.phases[run.progress.phase]) : made && verdictOf(made, words);

  // The button that had the focus goes with the panel; the keyboard goes on from the panel that takes its place.
  const place = useRef<HTMLDivElement>(null);
  const before = useRef(open);
  useEffect(() => {
    if (before.current !== open && document.activeElement === document.body) place.current!.focus();
    before.current = open;
  }, [open]);
  // Whoever watched the run sees what came of it.
  const outcome = useRef<HTMLDivElement>(null);
  const watched = useRef(false);
  useEffect(() => {
    if (!open && made && watched.current) outcome.current!.scrollIntoView({ block: 'nearest' });
    watched.current = open || (watched.current && !made);
  }, [open, made]);

  return (
    <>
      <div className="unseen" role="status">{said}</div>
      <p className="learning-lead">{words.lead}</p>
      <TakenBackNotice adapters={adapters} />
      <Gathered learning={learning} />
      <div ref={place} tabIndex={-1}>
        {open ? <RunPanel run={run} /> : <Begin learning={learning} same={made?.state === 'rejected' && made.questions === learning.questions ? made.level : undefined} />}
      </div>
      {run && (run.state === 'cancelled' || run.state === 'failed') && (
        <p className="panel learning-note" role="status">
          {words.states[run.state]}
          {run.failure !== undefined && ` ${words.failures[run.failure]}`}
          {run.reason !== undefined && ` ${words.failedText} ${run.reason}`}
        </p>
      )}
      <div ref={outcome}>{run && made && <Outcome adapter={made} curve={run.progress.curve} onCompare={() => onCompare(made.id)} />}</div>
      <InUse adapters={adapters} />
    </>
  );
}
