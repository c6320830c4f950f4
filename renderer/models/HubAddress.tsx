import { useEffect, useState } from 'react';
import { Button } from '../controls/Button.tsx';
import { Field } from '../controls/Field.tsx';
import { useToaster } from '../controls/Toast.tsx';
import { useSettings } from '../settings/useSettings.tsx';
import { useWords } from '../words/useWords.ts';

/** Shown where no other address is set; the engine knows it by itself. */
const USUAL = 'https://huggingface.co';

/** The address models are downloaded from, for those who use a mirror. */
export function HubAddress() {
  const { models: words, general } = useWords();
  const { run, say } = useToaster();
  const { settings: { hub }, change } = useSettings();
  const [address, setAddress] = useState(hub);
  useEffect(() => setAddress(hub), [hub]);
  const keep = (value: string): void => run(async () => {
    await change({ hub: value });
    say(words.hubKept);
  });

  return (
    <details className="hub">
      <summary>{words.hub(hub === '' ? USUAL : hub)}</summary>
      <form
        className="hub-row"
        onSubmit={(event) => {
          event.preventDefault();
          keep(address.trim());
        }}
      >
        <Field label={words.hubAddress} placeholder={USUAL} value={address} onChange={setAddress} inputMode="url" aria-describedby="hub-hint" />
        <Button type="submit" disabled={address.trim() === hub}>{general.save}</Button>
        {hub !== '' && <Button look="quiet" onClick={() => keep('')}>{words.hubDefault}</Button>}
      </form>
      <p className="note" id="hub-hint">{words.hubHint}</p>
    </details>
  );
}
