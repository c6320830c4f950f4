import { memo, useEffect, useLayoutEffect, useMemo, type ReactNode, type RefObject } from 'react';
import type { Block } from '../../engine/api.ts';
import { BlockView } from './BlockView.tsx';
import type { ReaderWords } from './words.ts';
import type { Span } from './locate.ts';
import { paint, rangeAt } from './ranges.ts';
import './text.css';

/** Blocks the browser lays out together; a section out of sight costs nothing (`content-visibility` in text.css). */
const SECTION = 40;

/** Scroll to a span of the document, and point it out; a new `key` scrolls again. */
export interface TextGoal extends Span { key: number; flash: boolean }

export interface TextViewProps {
  blocks: Block[];
  cited: Span[];
  matches: Span[];
  /** Index of the current match. */
  match: number;
  goal?: TextGoal;
  scroller: RefObject<HTMLDivElement | null>;
  words: ReaderWords;
}

/** A document as text one can read: its blocks as elements, what is cited as marks in them. */
export function TextView({ blocks, cited, matches, match, goal, scroller, words }: TextViewProps): ReactNode {
  const sections = useMemo(() => cut(blocks), [blocks]);
  useLayoutEffect(() => {
    const root = scroller.current;
    if (!root || !goal) return;
    return bringIntoView(root, goal);
  }, [goal, scroller, blocks]);
  useEffect(() => (scroller.current ? paint(scroller.current, 'reader-match', matches) : undefined), [matches, blocks, cited, scroller]);
  const current = matches[match];
  useEffect(() => (scroller.current && current ? paint(scroller.current, 'reader-current', [current]) : undefined), [current, blocks, cited, scroller]);
  return (
    <div className="reader-scroll" ref={scroller} tabIndex={0} role="document" aria-label={words.contents}>
      <article className="reader-text">
        {sections.map((section) => (
          <Section key={section[0]!.place.start} blocks={section} cited={within(cited, section)} words={words} />
        ))}
      </article>
    </div>
  );
}

interface SectionProps { blocks: Block[]; cited: Span[]; words: ReaderWords }

const Section = memo(function Section({ blocks, cited, words }: SectionProps): ReactNode {
  return (
    <section className="reader-section">
      {grouped(blocks).map((group) => {
        const first = group[0]!;
        const views = group.map((block) => <BlockView key={block.place.start} block={block} cited={cited} tableName={words.table} />);
        return first.kind === 'list-item' ? <ul key={first.place.start}>{views}</ul> : views;
      })}
    </section>
  );
});

/** Sections, never cut between two items of a list nor right after a heading. */
function cut(blocks: Block[]): Block[][] {
  const sections: Block[][] = [];
  let section: Block[] = [];
  for (const [i, block] of blocks.entries()) {
    section.push(block);
    const next = blocks[i + 1];
    const whole = block.kind !== 'heading' && !(block.kind === 'list-item' && next?.kind === 'list-item' && section.length < SECTION * 4);
    if (!next || (section.length >= SECTION && whole)) { sections.push(section); section = []; }
  }
  return sections;
}

/** Runs of list items together, every other block alone. */
function grouped(blocks: Block[]): Block[][] {
  const groups: Block[][] = [];
  for (const block of blocks) {
    const last = groups.at(-1);
    if (block.kind === 'list-item' && last?.[0]?.kind === 'list-item') last.push(block);
    else groups.push([block]);
  }
  return groups;
}

/** One array for all sections without citations, so that they need not be drawn again. */
const NONE: Span[] = [];

function within(cited: Span[], section: Block[]): Span[] {
  const start = section[0]!.place.start;
  const end = section.at(-1)!.place.end;
  const own = cited.filter((span) => span.start < end && span.end > start);
  return own.length > 0 ? own : NONE;
}

/** The sizes of sections out of sight are guesses, so the place moves while they are laid out: hold on to it briefly. */
const HOLD_FRAMES = 12;

function bringIntoView(root: HTMLElement, goal: TextGoal): () => void {
  const range = rangeAt(root, goal.start);
  if (!range) return () => undefined;
  let frames = 0;
  let request = 0;
  const hold = () => {
    const off = range.getBoundingClientRect().top - root.getBoundingClientRect().top - root.clientHeight / 3;
    if (Math.abs(off) > 1) root.scrollTop += off;
    if (++frames < HOLD_FRAMES) request = requestAnimationFrame(hold);
  };
  hold();
  const marks = goal.flash ? [...root.querySelectorAll<HTMLElement>('mark.cited')].filter(({ dataset }) => Number(dataset.start) >= goal.start && Number(dataset.start) < goal.end) : [];
  for (const mark of marks) mark.classList.add('flash');
  const letGo = () => cancelAnimationFrame(request);
  root.addEventListener('wheel', letGo, { once: true, passive: true });
  return () => {
    letGo();
    root.removeEventListener('wheel', letGo);
    for (const mark of marks) mark.classList.remove('flash');
  };
}
