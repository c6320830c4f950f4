import { useState } from 'react';
import type { Library, TestQuestion } from '../../engine/api.ts';
import { useAsking } from '../controls/Asking.tsx';
import { Button, IconButton } from '../controls/Button.tsx';
import { Segmented } from '../controls/Segmented.tsx';
import { useToaster } from '../controls/Toast.tsx';
import { useEngine } from '../engine.tsx';
import { points } from '../models/facts.ts';
import { Unread } from '../settings/Unread.tsx';
import { useLive } from '../useLive.ts';
import { languageOf } from '../words/numbers.ts';
import { useWords } from '../words/useWords.ts';
import { Results } from './Results.tsx';
import './TestsPage.css';
import { WriteQuestions } from './WriteQuestions.tsx';

/** Rows shown at most. */
const SHOWN = 300;

/** The person's own test questions: where they come from, how search does on them now and did before, and each of them. */
export function TestsPage({ library }: { library: Library }) {
  const all = useWords();
  const words = all.answers.tests;
  const engine = useEngine();
  const { run, say } = useToaster();
  const [scope, setScope] = useState<'this' | 'all'>('this');
  const [asking, setAsking] = useState(false);
  const chosen = scope === 'this' ? library.id : undefined;
  const { value: questions, error } = useLive(['tests', 'feedback', 'documents'], scope, (from) => from.testQuestions(chosen));
  if (!questions) return <Unread error={error} />;

  const test = async (): Promise<void> => {
    setAsking(true);
    try {
      say(all.models.tried(points((await engine.runTest(chosen)).ndcg, all)));
    } finally {
      setAsking(false);
    }
  };

  return (
    <>
      <p>{words.lead}</p>
      <div className="deeds">
        <Segmented<'this' | 'all'> label={all.ask.scope} value={scope} onChange={setScope} options={[{ value: 'this', label: words.inThis(library.name) }, { value: 'all', label: words.inAll }]} />
        {questions.length > 0 && <Button look="primary" icon="play" disabled={asking} onClick={() => run(test)}>{asking ? words.running : words.run}</Button>}
      </div>
      {questions.length === 0 && (
        <section className="panel">
          <h3>{words.none}</h3>
          <p className="note">{words.noneText}</p>
        </section>
      )}
      <WriteQuestions library={library} purpose="test" />
      <Results library={chosen} />
      {questions.length > 0 && <Questions questions={questions} />}
    </>
  );
}

function Questions({ questions }: { questions: TestQuestion[] }) {
  const { answers: { tests: words, faq } } = useWords();
  const engine = useEngine();
  const { run } = useToaster();
  const { confirm } = useAsking();
  const own = questions.flatMap(({ id }) => (id === undefined ? [] : [id]));
  const removeAll = async (): Promise<void> => {
    if (await confirm({ title: words.removeAllTitle, text: words.removeAllText(own.length), action: words.removeAll })) await engine.removeTestQuestions(own);
  };
  return (
    <section aria-label={words.questions}>
      <div className="tests-head">
        <h3>{questions.length > SHOWN ? faq.shown(SHOWN, questions.length) : words.count(questions.length)}</h3>
        {own.length > 0 && <Button look="danger" icon="remove" onClick={() => run(removeAll)}>{words.removeAll}</Button>}
      </div>
      <ul className="tests">
        {questions.slice(0, SHOWN).map((question, i) => <Row key={question.id ?? `feedback ${i}`} question={question} />)}
      </ul>
    </section>
  );
}

function Row({ question: { id, question, documentName, quote, from } }: { question: TestQuestion }) {
  const { answers: { tests: words } } = useWords();
  const engine = useEngine();
  const { run } = useToaster();
  return (
    <li>
      <div className="test-what">
        <p lang={languageOf(question)}>{question}</p>
        <p className="test-quote" lang={languageOf(quote)}>{quote}</p>
        <p className="note">{words.answeredBy(documentName)} · {words.from[from]}</p>
      </div>
      {id !== undefined && <IconButton small icon="close" label={words.remove(question)} onClick={() => run(() => engine.removeTestQuestions([id]))} />}
    </li>
  );
}
