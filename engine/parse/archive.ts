import { DOMParser } from '@xmldom/xmldom';

import { ParseFailure } from './document.ts';
import { zipEntries, zipText } from './zip.ts';

/** A part that unpacks to more than this is an attack or a library in one file; either would stop the machine. */
const LARGEST_PART = 256 * 1024 * 1024;

/** The parts of an office document or a book, by name. */
export interface Archive {
  names: string[];
  /** The text of a part; undefined where there is none of that name. */
  text(name: string): string | undefined;
  /** The root element of a part in XML. */
  xml(name: string): Element | undefined;
}

/**
 * Opens a document that is a ZIP archive.
 * @throws ParseFailure 'damaged', 'encrypted', 'too-large'
 */
export function openArchive(bytes: Uint8Array): Archive {
  const entries = zipEntries(bytes);
  const largest = entries.filter(({ name }) => /\.(xml|rels|x?html?|opf)$/i.test(name)).reduce((most, { size }) => Math.max(most, size), 0);
  if (largest > LARGEST_PART) {
    throw new ParseFailure('too-large', `The document unpacks to ${Math.round(largest / 1024 / 1024).toLocaleString('en')} MB of text, too much for one document. Split it into several files and add those.`);
  }
  if (entries.some(({ encrypted }) => encrypted)) throw new ParseFailure('encrypted', 'The archive that makes up this document is encrypted. Save it without a password and add it again.');
  const byName = new Map(entries.map((entry) => [entry.name.replace(/^\//, '').toLowerCase(), entry]));
  const text = (name: string): string | undefined => {
    const entry = byName.get(name.toLowerCase());
    return entry && zipText(bytes, entry, LARGEST_PART);
  };
  return {
    names: entries.map(({ name }) => name.replace(/^\//, '')), text,
    xml(name) {
      const part = text(name);
      return part === undefined ? undefined : readXml(part);
    },
  };
}

/** The root of an XML text. @throws ParseFailure 'damaged' where it is none */
export function readXml(text: string): Element {
  // Warnings are of no use to anybody; what cannot be read at all throws or gives no root.
  const ignore = (): undefined => undefined;
  let root: Element | null | undefined;
  try {
    root = new DOMParser({ errorHandler: { warning: ignore, error: ignore, fatalError: (message: string) => { throw new Error(message); } } }).parseFromString(text.replace(/^\ufeff/, ''), 'text/xml')?.documentElement;
  } catch (error) {
    if (error instanceof RangeError) throw error; // Nested too deeply, which the thread tells apart.
  }
  if (!root) throw new ParseFailure('damaged', 'A part of this document is damaged. Open it in the program it was made with, let that repair it, and save a new copy.');
  return root;
}

/** The elements within an element, in order. */
export function childrenOf(element: Element): Element[] {
  const found: Element[] = [];
  for (let child = element.firstChild; child; child = child.nextSibling) if (child.nodeType === 1) found.push(child as Element);
  return found;
}

/** The first element of a name right within an element. */
export const childOf = (element: Element, name: string): Element | undefined => childrenOf(element).find(({ localName }) => localName === name);

/** All elements of a name anywhere below an element, in order. */
export const below = (element: Element, name: string): Element[] => Array.from(element.getElementsByTagNameNS('*', name));

/** An attribute by its name without prefix; empty where there is none. */
export function attributeOf(element: Element, name: string): string {
  for (let i = 0; i < element.attributes.length; i++) {
    const { localName, nodeName, value } = element.attributes[i]!;
    if ((localName ?? nodeName) === name) return value;
  }
  return '';
}

/** Where a part's relations lead (ECMA-376 part 2, 9.3): the name of the part by id, and the kind of the relation. */
export function relationsOf(archive: Archive, part: string): Map<string, { part: string; kind: string }> {
  const at = part.lastIndexOf('/');
  const folder = part.slice(0, at + 1);
  const root = archive.xml(`${folder}_rels/${part.slice(at + 1)}.rels`);
  return new Map((root ? childrenOf(root) : []).filter((relation) => attributeOf(relation, 'TargetMode') !== 'External').map((relation) => [
    attributeOf(relation, 'Id'), { part: resolvePart(folder, attributeOf(relation, 'Target')), kind: attributeOf(relation, 'Type').split('/').at(-1)! },
  ]));
}

/** A target as the name of a part, from the folder of the part that names it. */
export function resolvePart(folder: string, target: string): string {
  // The host is never looked at.
  return decodeURIComponent(new URL(target, `part:///${folder}`).pathname.slice(1));
}
