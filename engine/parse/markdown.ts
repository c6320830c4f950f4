import MarkdownIt from 'markdown-it';
import type { Token } from 'markdown-it';

import type { Mark } from '../api.ts';
import { assemble } from './document.ts';
import type { Draft, ParsedDocument } from './document.ts';
import { fragmentBlocks } from './elements.ts';
import { decode } from './encoding.ts';
import { Phrase } from './phrase.ts';
import { textOfRows } from './table.ts';

/** Reads 10 MB in a second; micromark, whose tree has finer positions, takes fourteen times as long. */
const reader = new MarkdownIt({ html: true });

/** CommonMark with GitHub's tables, task lists and strike-through, and front matter in YAML or TOML. */
export async function parseMarkdown(bytes: Uint8Array): Promise<ParsedDocument> {
  const { text, encoding } = decode(bytes);
  const front = /^(---|\+\+\+)[ \t]*(?:\r\n?|\n)([\s\S]*?)(?:\r\n?|\n)(?:\1|\.\.\.)[ \t]*(?=[\r\n]|$)/.exec(text);
  const drafts = draftsOf(text, front?.[0].length ?? 0);
  if (front?.[2]?.trim()) drafts.unshift({ kind: 'code', text: front[2], source: { start: 0, end: front[0].length } });
  const more: Partial<ParsedDocument> = { encoding };
  const title = /^title\s*[:=]\s*(["']?)(.+?)\1\s*$/m.exec(front?.[2] ?? '')?.[2] ?? drafts.find((draft) => draft.kind === 'heading' && draft.level === 1)?.text;
  if (title) more.title = title;
  return assemble('markdown', drafts, more);
}

/** The blocks of Markdown. */
export const markdownBlocks = (text: string): Draft[] => draftsOf(text, 0);

/** The blocks of `text` from `offset` on; their sources are offsets in all of it. */
function draftsOf(text: string, offset: number): Draft[] {
  const body = text.slice(offset);
  const lines = lineStarts(body);
  const sourceOf = ([from, to]: [number, number]) => {
    const start = lines[from] ?? body.length;
    const slice = body.slice(start, lines[to] ?? body.length);
    return { start: offset + start + slice.length - slice.trimStart().length, end: offset + start + slice.trimEnd().length };
  };

  const drafts: Draft[] = [];
  const tokens = reader.parse(body, {});
  let depth = 0;
  let quotes = 0;
  /** The next paragraph is the first of its list item. */
  let fresh = false;
  let source = { start: offset, end: offset };
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!;
    if (token.map) source = sourceOf(token.map);
    if (/^(bullet|ordered)_list_/.test(token.type)) depth += token.nesting;
    else if (token.type === 'list_item_open') fresh = true;
    else if (token.type.startsWith('blockquote_')) quotes += token.nesting;
    else if (token.type === 'heading_open') drafts.push({ kind: 'heading', level: Number(token.tag[1]), ...inline(tokens[++i]!), source });
    else if (token.type === 'inline') {
      const said = inline(token);
      if (fresh) drafts.push({ kind: 'list-item', level: depth, ...withoutBox(said), source });
      else drafts.push({ kind: quotes > 0 ? 'quote' : 'paragraph', ...said, source });
      fresh = false;
    } else if (token.type === 'table_open') {
      const begin = i;
      while (tokens[i]!.type !== 'table_close') i++;
      drafts.push({ ...tableOf(tokens.slice(begin, i)), source });
    } else if (token.type === 'fence' || token.type === 'code_block') drafts.push({ kind: 'code', text: token.content.trimEnd(), source });
    else if (token.type === 'html_block') for (const draft of htmlOf(token.content, text, source)) drafts.push(draft);
  }
  return drafts;
}

/** Where lines begin, as markdown-it counts them. */
function lineStarts(text: string): number[] {
  const starts = [0];
  for (const { index, 0: end } of text.matchAll(/\r\n?|\n/g)) starts.push(index + end.length);
  return starts;
}

/** A block of HTML; inside a quote its lines begin with `>`, so there its blocks all stand where it stands. */
function htmlOf(content: string, text: string, source: { start: number; end: number }): Draft[] {
  const written = text.slice(source.start, source.end);
  if (written.replace(/\r\n?/g, '\n') === content.trim()) return fragmentBlocks(written, source.start);
  return fragmentBlocks(content).map((draft) => ({ ...draft, source }));
}

function tableOf(tokens: Token[]): Draft {
  const rows: string[][] = [];
  for (const token of tokens) {
    if (token.type === 'tr_open') rows.push([]);
    else if (token.type === 'inline') rows.at(-1)!.push(inline(token).text);
  }
  return { kind: 'table', text: textOfRows(rows), headerRows: rows.length > 1 ? 1 : 0 };
}

interface Said { text: string; marks?: Mark[] }

/** The box of a task is not part of its text. */
function withoutBox({ text, marks }: Said): Said {
  const box = /^\[[ xX]\] /.exec(text)?.[0].length ?? 0;
  return { text: text.slice(box), ...(marks ? { marks: marks.map((mark) => ({ ...mark, start: mark.start - box, end: mark.end - box })) } : {}) };
}

const MARKS: Record<string, Mark['kind']> = { strong: 'strong', em: 'emphasis', link: 'link' };

/** The text of a paragraph as a person reads it: soft line ends as spaces, pictures as their description. */
function inline({ children }: Token): Said {
  const phrase = new Phrase();
  const open: number[] = [];
  for (const [i, token] of (children ?? []).entries()) {
    const kind = MARKS[token.type.replace(/_(open|close)$/, '')];
    if (kind && token.nesting === 1) open.push(phrase.length);
    else if (kind) phrase.mark(open.pop() ?? phrase.length, kind);
    else if (token.type === 'text' || token.type === 'text_special') phrase.say(token.content);
    else if (token.type === 'code_inline') {
      const start = phrase.length;
      phrase.quote(token.content);
      phrase.mark(start, 'code');
    } else if (token.type === 'image') phrase.say(inline(token).text);
    else if (token.type === 'hardbreak' || (token.type === 'html_inline' && /^<br\b/i.test(token.content))) phrase.breakLine();
    else if (token.type === 'softbreak') phrase.wrapLine(children!.slice(i + 1, i + 4).find((next) => next.content !== '')?.content ?? '');
  }
  return phrase.finish();
}
