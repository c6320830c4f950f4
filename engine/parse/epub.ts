import { attributeOf, below, openArchive, resolvePart } from './archive.ts';
import { assemble, ParseFailure, type Draft, type ParsedDocument } from './document.ts';
import { pageBlocks } from './html.ts';

/** An e-book (EPUB 3.3; 2 is alike here): its chapters in the order of the spine, each a page of XHTML. */
export async function parseEpub(bytes: Uint8Array): Promise<ParsedDocument> {
  const archive = openArchive(bytes);
  const container = archive.xml('META-INF/container.xml');
  const name = container && below(container, 'rootfile').map((file) => attributeOf(file, 'full-path')).find((path) => path !== '');
  const book = name && archive.xml(name);
  if (!name || !book) throw new ParseFailure('damaged', 'This file is an archive without a book in it. Get it again from where it came from.');
  if (/<enc:EncryptedData|<EncryptedData/.test(archive.text('META-INF/encryption.xml') ?? '') && archive.text('META-INF/rights.xml') !== undefined) {
    throw new ParseFailure('encrypted', 'This book is locked by its seller (DRM) and can be read in the seller’s program only.');
  }
  const folder = name.slice(0, name.lastIndexOf('/') + 1);
  const hrefs = new Map(below(book, 'item').map((item) => [attributeOf(item, 'id'), attributeOf(item, 'href')]));
  const chapters = below(book, 'itemref').flatMap((item) => hrefs.get(attributeOf(item, 'idref')) ?? []);
  const drafts = chapters.flatMap((href): Draft[] => {
    const text = archive.text(resolvePart(folder, href));
    // Where a block stands in the page of a chapter says nothing of where it stands in the book.
    return text === undefined ? [] : pageBlocks(text).drafts.map(({ source: _, ...draft }) => draft);
  });
  const title = below(book, 'title')[0]?.textContent?.trim();
  return assemble('epub', drafts, title ? { title } : {});
}
