import type { Library } from '../../engine/api.ts';
import { useAsking } from '../controls/Asking.tsx';
import { Button } from '../controls/Button.tsx';
import { useToaster } from '../controls/Toast.tsx';
import { useEngine } from '../engine.tsx';
import { chooseTexts, saveFile } from '../host.ts';
import { WriteQuestions } from '../tests/WriteQuestions.tsx';
import { useWords } from '../words/useWords.ts';
import { zipped } from './zipped.ts';

/** Judged questions as training samples: taken along, or brought in from elsewhere. */
export function SamplesPage({ imported, library }: { /** Samples from elsewhere that are there. */ imported: number; library: Library | undefined }) {
  const { learning: words } = useWords();
  const engine = useEngine();
  const { run, say } = useToaster();
  const { confirm } = useAsking();

  const exportAll = async (): Promise<void> => {
    const files = await engine.exportSamples();
    // Folders mean something to those who train with them: one archive keeps them.
    if (files.length > 0) saveFile(`${words.samplesFileName}-${new Date().toISOString().slice(0, 10)}.zip`, 'application/zip', await zipped(files));
    say(files.length === 0 ? words.nothingToExport : words.exported(files.length));
  };
  const bringIn = async (): Promise<void> => {
    let samples = 0;
    for (const text of await chooseTexts('.json,.jsonl')) samples += (await engine.importSamples(text)).samples;
    if (samples > 0) say(words.imported(samples));
  };
  const removeImported = async (): Promise<void> => {
    if (!(await confirm({ title: words.removeImportedTitle, text: words.removeImportedText, action: words.removeImported }))) return;
    await engine.removeImportedSamples();
    say(words.importedRemoved);
  };

  return (
    <>
      <p>{words.samplesLead}</p>
      <section className="panel">
        <h3>{words.exportTitle}</h3>
        <p className="learning-note">{words.exportText}</p>
        <div className="learning-actions"><Button icon="download" onClick={() => run(exportAll)}>{words.exportDo}</Button></div>
      </section>
      <section className="panel">
        <h3>{words.importTitle}</h3>
        <p className="learning-note">{words.importText}</p>
        {imported > 0 && <p className="learning-note" role="status">{words.importedNow(imported)}</p>}
        <div className="learning-actions">
          <Button icon="add" onClick={() => run(bringIn)}>{words.importDo}</Button>
          {imported > 0 && <Button look="quiet" onClick={() => run(removeImported)}>{words.removeImported}</Button>}
        </div>
      </section>
      {library && <WriteQuestions library={library} purpose="learn" />}
    </>
  );
}
