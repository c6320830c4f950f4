import { parse } from 'parse5';

import { assemble } from './document.ts';
import type { Draft, ParsedDocument } from './document.ts';
import { attribute, find, textIn, walk } from './elements.ts';
import type { Blocks } from './elements.ts';
import { decode } from './encoding.ts';
import { collapse } from './phrase.ts';
import { isXml, xmlBlocks } from './xml.ts';

/** A web page, or an XML text such as a feed. */
export async function parseHtml(bytes: Uint8Array): Promise<ParsedDocument> {
  const { text, encoding } = decode(bytes);
  const { drafts, title } = isXml(text) ? xmlBlocks(text) : pageBlocks(text);
  const more: Partial<ParsedDocument> = { encoding };
  if (title) more.title = title;
  return assemble('html', drafts, more);
}

/** What is left without navigation, and what `main` holds, counts as the content when it is at least this share of the text. */
const MAIN_SHARE = 0.25;
/** An `article` may be one of many, so more is asked of the first. */
const ARTICLE_SHARE = 0.6;

/**
 * The blocks of a page: its main content, without navigation and the like — unless that would leave next to nothing,
 * then all of it. Every block knows where it stands in `html`.
 */
export function pageBlocks(html: string): Blocks {
  const document = parse(html, { sourceCodeLocationInfo: true });
  const titleElement = find(document, (element) => element.tagName === 'title' && element.namespaceURI.endsWith('xhtml'));
  const title = titleElement ? collapse(textIn(titleElement)).trim() : '';
  let drafts = walk(document, { drop: true });
  if (sizeOf(drafts) < collapse(textIn(document)).length * MAIN_SHARE) drafts = walk(document, { drop: false });
  const main = find(document, (element) => element.tagName === 'main' || attribute(element, 'role') === 'main');
  const content = main ?? find(document, (element) => element.tagName === 'article');
  const inContent = content ? walk(content, { drop: true }) : [];
  if (sizeOf(inContent) >= sizeOf(drafts) * (main ? MAIN_SHARE : ARTICLE_SHARE)) drafts = inContent;
  if (title && !drafts.some((draft, i) => (draft.kind === 'heading' && draft.level === 1) || (i < 5 && draft.text === title))) {
    const heading: Draft = { kind: 'heading', level: 1, text: title };
    const location = titleElement!.sourceCodeLocation;
    if (location) heading.source = { start: location.startOffset, end: location.endOffset };
    drafts = [heading, ...drafts];
  }
  return title ? { drafts, title } : { drafts };
}

function sizeOf(drafts: Draft[]): number {
  return drafts.reduce((sum, draft) => sum + draft.text.length, 0);
}
