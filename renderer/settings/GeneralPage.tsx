import { useEffect, useId, useState } from 'react';
import type { Settings } from '../../engine/api.ts';
import '../controls/Checkbox.css';
import { Field } from '../controls/Field.tsx';
import { Segmented } from '../controls/Segmented.tsx';
import { useToaster } from '../controls/Toast.tsx';
import { useWords } from '../words/useWords.ts';
import { useSettings } from './useSettings.tsx';

type Limit = 'parseSeconds' | 'parseMegabytes' | 'fileMegabytes';

/** The smallest and largest value that makes sense. */
const LIMITS: Record<Limit, { least: number; most: number; unit: 'seconds' | 'megabytes' }> = {
  parseSeconds: { least: 5, most: 3_600, unit: 'seconds' },
  parseMegabytes: { least: 128, most: 16_384, unit: 'megabytes' },
  fileMegabytes: { least: 1, most: 4_096, unit: 'megabytes' },
};

/** What may go along with a question, and how it is learned. */
const ANSWERS = ['memory', 'examples', 'actions'] as const;
const LEARNING = ['learnWhenIdle', 'learnFromModel'] as const;

/** Language, appearance, what goes along with a question, how it is learned, and limits. */
export function GeneralPage() {
  const words = useWords();
  const { run } = useToaster();
  const { settings, change } = useSettings();
  const set = (what: Partial<Settings>): void => run(() => change(what));

  return (
    <>
      <div className="setting">
        <span className="setting-name" aria-hidden="true">{words.settings.language}</span>
        <Segmented
          label={words.settings.language}
          value={settings.language}
          onChange={(language) => set({ language })}
          options={[{ value: 'system', label: words.settings.system }, { value: 'zh', label: '中文' }, { value: 'en', label: 'English' }]}
        />
      </div>
      <div className="setting">
        <span className="setting-name" aria-hidden="true">{words.settings.theme}</span>
        <Segmented
          label={words.settings.theme}
          value={settings.theme}
          onChange={(theme) => set({ theme })}
          options={(['system', 'light', 'dark'] as const).map((value) => ({ value, label: words.settings[value] }))}
        />
      </div>
      <h3>{words.answers.switchesTitle}</h3>
      {ANSWERS.map((name) => <Switch key={name} {...words.answers.switches[name]} checked={settings[name]} onChange={(on) => set({ [name]: on })} />)}
      <h3>{words.learning.title}</h3>
      {LEARNING.map((name) => <Switch key={name} {...words.learning.switches[name]} checked={settings[name]} onChange={(on) => set({ [name]: on })} />)}
      <h3>{words.settings.limits}</h3>
      <p>{words.settings.limitsText}</p>
      {(Object.keys(LIMITS) as Limit[]).map((limit) => (
        <LimitRow key={limit} limit={limit} value={settings[limit]} onChange={(value) => set({ [limit]: value })} />
      ))}
    </>
  );
}

function Switch({ name, hint, checked, onChange }: { name: string; hint: string; checked: boolean; onChange(on: boolean): void }) {
  const id = useId();
  return (
    <div className="setting">
      <div>
        <label className="setting-name" htmlFor={id}>{name}</label>
        <p className="setting-hint" id={`${id}-hint`}>{hint}</p>
      </div>
      <input type="checkbox" className="checkbox" id={id} aria-describedby={`${id}-hint`} checked={checked} onChange={(event) => onChange(event.target.checked)} />
    </div>
  );
}

/** A number that is kept when the field is left or Enter is pressed, brought within its bounds. */
function LimitRow({ limit, value, onChange }: { limit: Limit; value: number; onChange(value: number): void }) {
  const words = useWords();
  const hint = useId();
  const [text, setText] = useState(String(value));
  useEffect(() => setText(String(value)), [value]);
  const { least, most, unit } = LIMITS[limit];

  function keep(): void {
    const number = Math.round(Number(text));
    const kept = text.trim() === '' || Number.isNaN(number) ? value : Math.max(least, Math.min(number, most));
    setText(String(kept));
    if (kept !== value) onChange(kept);
  }

  return (
    <div className="setting">
      <div>
        <p className="setting-name" aria-hidden="true">{words.settings[limit]}</p>
        <p className="setting-hint" id={hint}>{words.settings[`${limit}Hint`]}</p>
      </div>
      <div className="setting-number">
        <Field
          quiet
          label={`${words.settings[limit]} (${words.settings[unit]})`}
          aria-describedby={hint}
          type="number"
          min={least}
          max={most}
          value={text}
          onChange={setText}
          onBlur={keep}
          onKeyDown={(event) => event.key === 'Enter' && keep()}
        />
        <span aria-hidden="true">{words.settings[unit]}</span>
      </div>
    </div>
  );
}
