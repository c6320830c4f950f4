import { useDeferredValue, useState } from 'react';
import type { Faq, Library } from '../../engine/api.ts';
import { useAsking } from '../controls/Asking.tsx';
import { Button, IconButton } from '../controls/Button.tsx';
import { Dialog } from '../controls/Dialog.tsx';
import { Field } from '../controls/Field.tsx';
import { useToaster } from '../controls/Toast.tsx';
import { useEngine } from '../engine.tsx';
import { chooseFiles } from '../host.ts';
import { Unread } from '../settings/Unread.tsx';
import { useLive } from '../useLive.ts';
import { languageOf } from '../words/numbers.ts';
import { useWords } from '../words/useWords.ts';
import type { AnswerWords } from '../words/answers.ts';
import './FaqDialog.css';

/** Rows shown at most; a filter finds the others. */
const SHOWN = 200;
/** Rows that were left out, named at most. */
const NAMED = 8;

type Import = Awaited<ReturnType<ReturnType<typeof useEngine>['importFaqs']>>;

/** The questions a library answers with words its owner wrote: to be read, added one by one or as a table, and deleted. */
export function FaqDialog({ library, onClose }: { library: Library; onClose(): void }) {
  const { answers: { faq: words } } = useWords();
  return (
    <Dialog title={words.title} look="large" onClose={onClose}>
      <div className="faq section-page">
        <p>{words.lead(library.name)}</p>
        <Pairs library={library} />
      </div>
    </Dialog>
  );
}

function Pairs({ library }: { library: Library }) {
  const { answers: { faq: words } } = useWords();
  const engine = useEngine();
  const { run, say } = useToaster();
  const { confirm } = useAsking();
  const [filter, setFilter] = useState('');
  const [adding, setAdding] = useState(false);
  const [refused, setRefused] = useState<Import['refused']>([]);
  const sought = useDeferredValue(filter).trim().toLowerCase();
  const { value: faqs, error } = useLive(['faqs', 'libraries'], String(library.id), (from) => from.faqs(library.id));
  if (!faqs) return <Unread error={error} />;

  const bringIn = async (): Promise<void> => {
    const [file] = await chooseFiles('.csv,.tsv,.xlsx');
    if (!file) return;
    const done = await engine.importFaqs(library.id, file.name, new Uint8Array(await file.arrayBuffer()));
    setRefused(done.refused);
    say(words.imported(done.added, done.replaced));
  };
  const removeAll = async (): Promise<void> => {
    if (await confirm({ title: words.removeAllTitle, text: words.removeAllText(faqs.length), action: words.removeAll })) await engine.removeFaqs(faqs.map(({ id }) => id));
  };
  const found = sought === '' ? faqs : faqs.filter(({ question, answer }) => `${question}\n${answer}`.toLowerCase().includes(sought));

  return (
    <>
      <div className="deeds">
        <Button icon="add" aria-expanded={adding} onClick={() => setAdding(!adding)}>{words.add}</Button>
        <Button icon="drop" onClick={() => run(bringIn)} aria-describedby="faq-import-hint">{words.import}</Button>
        <span className="note" id="faq-import-hint">{words.importHint}</span>
      </div>
      {adding && <Add library={library} onAdded={() => setAdding(false)} />}
      {refused.length > 0 && <Refused refused={refused} words={words} onClose={() => setRefused([])} />}
      {faqs.length === 0 ? <p className="faq-none">{words.none}</p> : (
        <>
          <div className="faq-head">
            <span className="note">{found.length > SHOWN ? words.shown(SHOWN, found.length) : words.count(found.length)}</span>
            <Field quiet label={words.filter} placeholder={words.filter} icon="search" type="search" value={filter} onChange={setFilter} />
            <Button look="danger" icon="remove" onClick={() => run(removeAll)}>{words.removeAll}</Button>
          </div>
          {found.length === 0 && <p className="faq-none">{words.noMatch}</p>}
          <ul className="faqs">{found.slice(0, SHOWN).map((faq) => <Pair key={faq.id} faq={faq} />)}</ul>
        </>
      )}
    </>
  );
}

function Pair({ faq: { id, question, answer } }: { faq: Faq }) {
  const { answers: { faq: words } } = useWords();
  const engine = useEngine();
  const { run } = useToaster();
  return (
    <li>
      <div>
        <p className="faq-question" lang={languageOf(question)}>{question}</p>
        <p lang={languageOf(answer)}>{answer}</p>
      </div>
      <IconButton small icon="close" label={words.remove(question)} onClick={() => run(() => engine.removeFaqs([id]))} />
    </li>
  );
}

function Add({ library, onAdded }: { library: Library; onAdded(): void }) {
  const { answers: { faq: words }, general } = useWords();
  const engine = useEngine();
  const { run } = useToaster();
  const [question, setQuestion] = useState('');
  const [answer, setAnswer] = useState('');
  const whole = question.trim() !== '' && answer.trim() !== '';
  return (
    <form
      className="panel faq-add"
      onSubmit={(event) => {
        event.preventDefault();
        if (whole) run(async () => {
          await engine.addFaq(library.id, question.trim(), answer.trim());
          onAdded();
        });
      }}
    >
      <Field label={words.question} value={question} onChange={setQuestion} autoFocus />
      <label className="faq-answer"><span>{words.answer}</span><textarea rows={3} value={answer} onChange={(event) => setAnswer(event.target.value)} /></label>
      <div className="deeds">
        <Button look="primary" type="submit" disabled={!whole}>{words.save}</Button>
        <Button look="quiet" onClick={onAdded}>{general.cancel}</Button>
      </div>
    </form>
  );
}

/** The rows of a table that were left out, with what is wrong with each. */
function Refused({ refused, words, onClose }: { refused: Import['refused']; words: AnswerWords['faq']; onClose(): void }) {
  const { general } = useWords();
  return (
    <section className="panel faq-refused" role="status">
      <div>
        <p>{words.refused(refused.length)}</p>
        <ul>{refused.slice(0, NAMED).map(({ row, reason }) => <li key={row}>{words.row(row)}: {words.reasons[reason]}</li>)}</ul>
        {refused.length > NAMED && <p className="note">…</p>}
      </div>
      <IconButton small icon="close" label={general.close} onClick={onClose} />
    </section>
  );
}
