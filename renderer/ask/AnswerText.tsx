import type { Citation, Hit, Sentence, Thumb, TurnId } from '../../engine/api.ts';
import { languageOf } from '../words/numbers.ts';
import './AnswerText.css';
import { CitationMark } from './CitationMark.tsx';
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
                  {eachOnce(citations).map((citation) => (
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
              </span>
            );
          })}
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

/** Longest last word, in letters, that is kept on one line with the numbers after it. */
const LONGEST_TAIL = 16;

/** A sentence and its last word, or its last letters where words are not parted; numbers stay with the latter. */
function parted(text: string): [head: string, tail: string] {
  const word = text.search(/[^\s\p{Script=Han}]+$/u);
  const cut = word > 0 && text.length - word <= LONGEST_TAIL && /\s/.test(text[word - 1]!) ? word : Math.max(0, text.length - 2);
  return [text.slice(0, cut), text.slice(cut)];
}

/** A sentence that rests on several places of one chunk shows its number once. */
function eachOnce(citations: Citation[]): Citation[] {
  return [...new Map(citations.toReversed().map((citation) => [citation.number, citation])).values()].reverse();
}

/** Chinese punctuation brings its own space. */
function closesItself(text: string): boolean {
  return /[。！？；：，、”’」』）】》]$/u.test(text.trim());
}
