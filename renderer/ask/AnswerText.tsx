import type { Hit, Sentence, Thumb, TurnId } from '../../engine/api.ts';
import { languageOf } from '../words/numbers.ts';
import './AnswerText.css';
import { CitationMark } from './CitationMark.tsx';
import { closesItself, eachOnce, paragraphs, parted } from './layout.ts';
import { lifted } from './lifted.ts';
import type { OpenPlace } from './openPlace.ts';
import { Unsupported } from './Unsupported.tsx';

interface AnswerTextProps {
  sentences: Sentence[];
  hits: Hit[];
  turn: TurnId | undefined;
  thumbs: Record<number, Thumb>;
  /** New sentences come in gently. */
  growing?: boolean;
  /** The sentence that is being written. */
  tail?: string;
  onOpen: OpenPlace;
}

/** The sentences of an answer in their paragraphs, each with the numbers of its sources. */
export function AnswerText({ sentences, hits, turn, thumbs, growing = false, tail = '', onOpen }: AnswerTextProps) {
  const all = paragraphs(sentences);
  // What is being written stands where it will stay: behind the last sentence, or in a paragraph of its own.
  const opens = tail !== '' && (all.length === 0 || /^\s*\n/.test(tail));
  return (
    <div className={growing ? 'turn-answer answer-growing' : 'turn-answer'} lang={languageOf(sentences.map((sentence) => sentence.text).join(''))}>
      {all.map((paragraph, i) => (
        <div key={i} className="answer-paragraph">
          {paragraph.map(({ text, citations, unsupported }, j) => {
            const [head, last] = parted(text.trim());
            return (
              <span key={j} className="answer-sentence">
                {j > 0 && !closesItself(paragraph[j - 1]!.text) && ' '}
                {unsupported ? <span className="unsupported">{head}</span> : head}
                <span className="answer-tail">
                  {unsupported ? <span className="unsupported">{last}</span> : last}
                  {unsupported && <Unsupported />}
                  {eachOnce(citations).map((citation) => {
                    const hit = hits.find(({ chunk }) => chunk === citation.chunk);
                    return (
                      <CitationMark
                        key={citation.number}
                        citation={citation}
                        sentences={sentences}
                        hit={hit}
                        taught={hit !== undefined && lifted(hit, hits)}
                        turn={turn}
                        thumb={thumbs[citation.number]}
                        onOpen={onOpen}
                      />
                    );
                  })}
                </span>
              </span>
            );
          })}
          {i === all.length - 1 && tail !== '' && !opens && <Tail text={tail} parted={!closesItself(paragraph.at(-1)!.text)} />}
        </div>
      ))}
      {opens && <div className="answer-paragraph"><Tail text={tail} parted={false} /></div>}
    </div>
  );
}

function Tail({ text, parted: apart }: { text: string; parted: boolean }) {
  return <span className="answer-writing">{apart && ' '}{text.trim()}</span>;
}
