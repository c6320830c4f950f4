import type { Library } from '../../engine/api.ts';
import { Icon, Sign } from '../controls/icons.tsx';
import { useModelList } from '../models/ModelList.tsx';
import { useLive } from '../useLive.ts';
import { useWords } from '../words/useWords.ts';
import './EmptyAsk.css';
import { SAMPLE_FILE } from './samples.ts';

/** A conversation before its first question. In the sample library there are questions to click. */
export function EmptyAsk({ library, onAsk }: { library: Library; onAsk(question: string): void }) {
  const words = useWords();
  const { value: isSample } = useLive(['documents'], `sample ${library.id}`, async (engine) => {
    const { total } = await engine.documents({ library: library.id, name: SAMPLE_FILE, offset: 0, limit: 1 });
    return total > 0;
  });

  const writes = useModelList()?.some(({ role, active }) => role === 'llm' && active);
  const read = library.ready > 0 && library.waiting === 0;
  return (
    <div className="ask-empty">
      <Sign size={40} />
      <h2>{words.ask.emptyTitle}</h2>
      <p>{library.documents === 0 ? words.ask.emptyLibrary : writes ? words.answers.emptyText : words.ask.emptyText}</p>
      {isSample && !read && <p className="thinking" role="status">{words.ask.readingSamples}</p>}
      {isSample && read && (
        <ul aria-label={words.ask.suggestions}>
          {words.ask.sampleQuestions.map((question) => (
            <li key={question}>
              <button type="button" onClick={() => onAsk(question)}>
                <span>{question}</span>
                <Icon name="send" size={16} />
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
