import type { Hit, Sentence, Thumb, TurnId } from '../../engine/api.ts';
import { languageOf } from '../words/numbers.ts';
import './AnswerText.css';
import { CitationMark } from './CitationMark.tsx';
import type { OpenPlace } from './openPlace.ts';

/** Keeps a number on the line of the word it follows. */
const WORD_JOINER = '\u2060';

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
          {paragraph.map(({ text, citations }, j) => (
            <span key={j} className="answer-sentence">
              {j > 0 && !closesItself(paragraph[j - 1]!.text) && ' '}
              {text.trim()}
              {citations.length > 0 && WORD_JOINER}
              {citations.map((citation) => (
                <CitationMark
                  key={citation.number}
                  citation={citation}
                  sentences={sentences}
                  hit={hits.find((hit) => hit.chunk === citation.chunk)}
                  turn={turn}
                  thumb={thumbs[citation.number]}
                  onOpen={onOpen}
                />
              ))}
            </span>
          ))}
        </div>
      ))}
    </div>
  );
}

function paragraphs(sentences: Sentence[]): Sentence[][] {
  const result: Sentence[][] = [];
  for (const sentence of sentences) {
    if (sentence.opens || result.length === 0) result.push([]);
    result.at(-1)!.push(sentence);
  }
  return result;
}

/** Chinese punctuation brings its own space. */
function closesItself(text: string): boolean {
  return /[。！？；：，、”’」』）】》]$/u.test(text.trim());
}
