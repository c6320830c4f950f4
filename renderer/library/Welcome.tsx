import { useState } from 'react';
import { Button } from '../controls/Button.tsx';
import { Icon, Sign } from '../controls/icons.tsx';
import { Segmented } from '../controls/Segmented.tsx';
import { useToaster } from '../controls/Toast.tsx';
import { choose, type Gift } from '../host.ts';
import { useSettings } from '../settings/useSettings.tsx';
import { useWords } from '../words/useWords.ts';
import './Welcome.css';

/** The first launch: what this is, in one sentence, and the one thing to do. */
export function Welcome({ onGive, onSamples }: { onGive(gift: Gift): void; onSamples(): Promise<void> }) {
  const words = useWords();
  const { change } = useSettings();
  const { run } = useToaster();
  const [opening, setOpening] = useState(false);
  const give = (what: 'files' | 'folder') => () => void choose(what).then(onGive);

  return (
    <main className="welcome">
      <div className="welcome-language">
        <Segmented
          label="Language · 语言"
          value={words.language}
          onChange={(language) => run(() => change({ language }))}
          options={[{ value: 'zh', label: '中文' }, { value: 'en', label: 'English' }]}
        />
      </div>
      <div className="welcome-middle">
        <Sign size={52} />
        <h1>{words.welcome.title}</h1>
        <p className="welcome-sentence">{words.welcome.sentence}</p>
        <div className="welcome-drop">
          <Icon name="drop" size={32} />
          <p className="welcome-drop-title">{words.welcome.drop}</p>
          <p>{words.welcome.dropHint}</p>
          <div className="welcome-choose">
            <Button look="primary" icon="add" onClick={give('files')}>{words.library.addFiles}</Button>
            <Button icon="folder" onClick={give('folder')}>{words.library.addFolder}</Button>
          </div>
        </div>
        <p className="welcome-samples">
          {words.welcome.sampleQuestion}
          <Button
            look="quiet"
            disabled={opening}
            onClick={() => {
              setOpening(true);
              void onSamples().finally(() => setOpening(false));
            }}
          >
            {opening ? words.welcome.samplesBusy : words.welcome.samples}
          </Button>
        </p>
      </div>
      <p className="welcome-private"><Icon name="lock" size={15} />{words.welcome.private}</p>
    </main>
  );
}
