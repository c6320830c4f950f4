import { useState } from 'react';
import type { CatalogEntry, Download, ModelRole } from '../../engine/api.ts';
import { Button, IconButton } from '../controls/Button.tsx';
import { Meter } from '../controls/Meter.tsx';
import { Segmented } from '../controls/Segmented.tsx';
import { useToaster } from '../controls/Toast.tsx';
import { useEngine } from '../engine.tsx';
import { lengthOfTime } from '../learning/time.ts';
import { Unread } from '../settings/Unread.tsx';
import { useLive } from '../useLive.ts';
import { bytes } from '../words/numbers.ts';
import { useWords } from '../words/useWords.ts';
import './CatalogPage.css';
import { languageNames } from './facts.ts';
import { FitMark } from './FitMark.tsx';
import { HubAddress } from './HubAddress.tsx';

const ROLES: readonly ModelRole[] = ['embedder', 'reranker', 'llm'];

/** Models that can be downloaded, by what they are for, with what they cost and whether they fit; nothing is fetched unasked. */
export function CatalogPage() {
  const { models: words } = useWords();
  const { value: entries, error } = useLive(['models'], '', (engine) => engine.catalog());
  const { value: downloads } = useLive(['models'], '', (engine) => engine.downloads());
  const [role, setRole] = useState<ModelRole>('embedder');
  if (!entries) return <Unread error={error} />;
  const here = entries.filter((entry) => entry.role === role);
  return (
    <>
      <p>{words.catalogLead}</p>
      <HubAddress />
      <div className="catalog-roles">
        <Segmented<ModelRole> label={words.title} value={role} onChange={setRole} options={ROLES.map((value) => ({ value, label: words.roles[value].name }))} />
      </div>
      <p className="note">{words.roles[role].does}</p>
      {here.length === 0 ? <p className="note">{words.catalogEmpty}</p> : (
        <ul className="catalog" aria-label={words.roles[role].name}>
          {here.map((entry) => <Entry key={entry.id} entry={entry} download={downloads?.find(({ id }) => id === entry.id)} />)}
        </ul>
      )}
    </>
  );
}

function Entry({ entry, download }: { entry: CatalogEntry; download: Download | undefined }) {
  const all = useWords();
  const words = all.models;
  const engine = useEngine();
  const { run } = useToaster();
  const about = [bytes(all.language, entry.bytes), languageNames(entry.languages, all), entry.licence, words.downloadFrom(entry.repository)].join(' · ');
  return (
    <li className="catalog-entry">
      <div className="catalog-what">
        <h4>{entry.name}</h4>
        <p className="model-about">{about}</p>
        <FitMark fit={entry.fit} />
      </div>
      {entry.installed ? <span className="model-active">{words.installed}</span> : !download && (
        <Button icon="download" onClick={() => run(() => engine.download(entry.id))} aria-label={`${words.download}: ${entry.name}`}>{words.download}</Button>
      )}
      {download && <Progress download={download} />}
    </li>
  );
}

/** A download under way, held, or failed with its reason. */
function Progress({ download }: { download: Download }) {
  const all = useWords();
  const { models: words, language } = all;
  const engine = useEngine();
  const { run } = useToaster();
  const { id, name, state, bytes: done, total, bytesPerSecond, secondsLeft, reason } = download;
  const share = total === 0 ? 0 : Math.min(1, done / total);
  const running = state === 'running';
  const text = [
    words.downloadStates[state],
    done > 0 && words.downloaded(bytes(language, done), bytes(language, total)),
    running && bytesPerSecond !== undefined && words.speed(bytes(language, bytesPerSecond)),
    running && secondsLeft !== undefined && words.left(lengthOfTime(secondsLeft, all)),
  ].filter(Boolean).join(' · ');
  return (
    <div className="download" data-state={state}>
      <Meter label={`${words.download}: ${name}`} share={share} text={text} />
      <div className="download-words">
        <p>{text}</p>
        {running && <IconButton small icon="pause" label={`${words.pause}: ${name}`} onClick={() => run(() => engine.pauseDownload(id))} />}
        {(state === 'paused' || state === 'failed') && <IconButton small icon={state === 'paused' ? 'play' : 'retry'} label={`${state === 'paused' ? words.resume : words.retry}: ${name}`} onClick={() => run(() => engine.download(id))} />}
        <IconButton small icon="close" label={`${words.cancel}: ${name}`} onClick={() => run(() => engine.cancelDownload(id))} />
      </div>
      {reason !== undefined && <p className="download-reason" role="alert">{reason}</p>}
    </div>
  );
}
