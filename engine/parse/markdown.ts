import type { Nodes, PhrasingContent, Root, Table } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { frontmatterFromMarkdown } from 'mdast-util-frontmatter';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { frontmatter } from 'micromark-extension-frontmatter';
import { gfm } from 'micromark-extension-gfm';

import type { Mark } from '../api.ts';
import { assemble } from './document.ts';
import type { Draft, ParsedDocument } from './document.ts';
import { collapse, fragmentBlocks } from './elements.ts';
import { decode } from './encoding.ts';
import { textOfRows } from './table.ts';

/** CommonMark with GitHub's tables, task lists, footnotes and strike-through, and front matter in YAML or TOML. */
export async function parseMarkdown(bytes: Uint8Array): Promise<ParsedDocument> {
  const { text, encoding } = decode(bytes);
  const root = fromMarkdown(text, {
    extensions: [gfm(), frontmatter(['yaml', 'toml'])],
    mdastExtensions: [gfmFromMarkdown(), frontmatterFromMarkdown(['yaml', 'toml'])],
  });
  const drafts = draftsOf(root);
  const more: Partial<ParsedDocument> = { encoding };
  const title = titleIn(root) ?? drafts.find((draft) => draft.kind === 'heading' && draft.level === 1)?.text;
  if (title) more.title = title;
  return assemble('markdown', drafts, more);
}

/** `title:` of the front matter. */
function titleIn(root: Root): string | undefined {
  const first = root.children[0];
  if (!first || !('value' in first) || (first.type !== 'yaml' && (first.type as string) !== 'toml')) return undefined;
  return /^title\s*[:=]\s*(["']?)(.+?)\1\s*$/m.exec(first.value)?.[2];
}

/** What surrounds a node. */
interface Context { kind: Draft['kind']; depth: number }

function draftsOf(root: Root): Draft[] {
  const drafts: Draft[] = [];
  const visit = (node: Nodes, context: Context): void => {
    const source = { start: node.position?.start.offset ?? 0, end: node.position?.end.offset ?? 0 };
    switch (node.type) {
      case 'heading':
        drafts.push({ kind: 'heading', level: node.depth, ...inline(node.children), source });
        return;
      case 'paragraph':
        drafts.push({ kind: context.kind, ...(context.kind === 'list-item' ? { level: context.depth } : {}), ...inline(node.children), source });
        return;
      case 'listItem':
        node.children.forEach((child, i) => visit(child, { kind: i === 0 ? 'list-item' : 'paragraph', depth: context.depth }));
        return;
      case 'list':
        for (const child of node.children) visit(child, { kind: 'list-item', depth: context.depth + 1 });
        return;
      case 'blockquote':
        for (const child of node.children) visit(child, { kind: 'quote', depth: context.depth });
        return;
      case 'table':
        drafts.push({ kind: 'table', text: rowsOf(node), headerRows: node.children.length > 1 ? 1 : 0, source });
        return;
      case 'html':
        drafts.push(...fragmentBlocks(node.value, source.start));
        return;
      case 'root':
      case 'footnoteDefinition':
        for (const child of node.children) visit(child, { ...context, kind: 'paragraph' });
        return;
      case 'definition':
      case 'thematicBreak':
        return;
      default:
        // Listings and front matter, whichever language they are in.
        if ('value' in node) drafts.push({ kind: 'code', text: node.value, source });
    }
  };
  visit(root, { kind: 'paragraph', depth: 0 });
  return drafts;
}

function rowsOf(table: Table): string {
  return textOfRows(table.children.map((row) => row.children.map((cell) => inline(cell.children).text)));
}

const MARKS: Partial<Record<Nodes['type'], Mark['kind']>> = { strong: 'strong', emphasis: 'emphasis', inlineCode: 'code', link: 'link', linkReference: 'link' };

/** The text of a paragraph as a person reads it: soft line ends as spaces, pictures as their description. */
function inline(nodes: PhrasingContent[]): { text: string; marks?: Mark[] } {
  let text = '';
  const marks: Mark[] = [];
  const say = (node: PhrasingContent): void => {
    const start = text.length;
    if (node.type === 'text') {
      const piece = collapse(text === '' ? node.value.trimStart() : node.value);
      text += /\s$/.test(text) ? piece.trimStart() : piece;
    } else if (node.type === 'inlineCode') text += node.value;
    else if (node.type === 'break') text = `${text.trimEnd()}\n`;
    else if (node.type === 'image' || node.type === 'imageReference') text += node.alt ?? '';
    else if (node.type === 'html') text += /^<br\b/i.test(node.value) ? '\n' : '';
    else if (node.type === 'footnoteReference') text += `[${node.label ?? node.identifier}]`;
    else if ('children' in node) for (const child of node.children) say(child);
    const kind = MARKS[node.type];
    if (kind && text.length > start) marks.push({ start, end: text.length, kind });
  };
  for (const node of nodes) say(node);
  text = text.trimEnd();
  const kept = marks.map((mark) => ({ ...mark, end: Math.min(mark.end, text.length) })).filter((mark) => mark.start < mark.end).sort((a, b) => a.start - b.start || b.end - a.end);
  return kept.length > 0 ? { text, marks: kept } : { text };
}
