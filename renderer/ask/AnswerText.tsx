import type { Hit, Sentence, Thumb, TurnId } from '../../engine/api.ts';
import { languageOf } from '../words/numbers.ts';
import './AnswerText.css';
import { CitationMark } from './CitationMark.tsx';
import { closesItself, eachOnce, paragraphs, parted } from './layout.ts';
import { lifted } from './lifted.ts';
import type { OpenPlace } from './openPlace.ts';

interface AnswerTextProps {
  sentences: Sentence[];
  hits: Hit[];
  turn: TurnId | undefined;
  thumbs: Record<number, Thumb>;
  /** New sentences come in gently. */
  growing?: boolean;
  onOpen: OpenPlace;
}

/** The sentences of an answer in their paragraphs, each with the numbers of its sources. */
export function AnswerText({ sentences, hits, turn, thumbs, growing = false, onOpen }: AnswerTextProps) {
  return (
    <div className={growing ? 'turn-answer answer-growing' : 'turn-answer'} lang={languageOf(sentences.map((sentence) => sentence.text).join(''))}>
      {paragraphs(sentences).map((paragraph, i) => (
        <div key={i} className="answer-paragraph">
          {paragraph.map(({ text, citations }, j) => {
            const [head, tail] = parted(text.trim());
            return (
              <span key={j} className="answer-sentence">
                {j > 0 && !closesItself(paragraph[j - 1]!.text) && ' '}
                {head}
                <span className="answer-tail">
                  {tail}
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
        </div>
      ))}
    </div>
  );
}
