import type { PageViewport, PDFDocumentProxy } from 'pdfjs-dist/legacy/build/pdf.mjs';
import type { Draft } from '../document.ts';
import { clean } from './spans.ts';

/** What pdf.js says of an annotation, as far as text goes. */
interface Annotation {
  pageIndex: number;
  subtype?: string;
  annotationFlags?: number;
  rect?: number[];
  fieldType?: string;
  fieldValue?: unknown;
  alternativeText?: string;
  password?: boolean;
  contentsObj?: { str?: string };
  textContent?: string[];
}

/**
 * Kinds of annotations that carry text, by pdf.js's numbers: notes, free text, shapes, marks on text, stamps, ink, file
 * attachments, fields. Not links, whose contents are for screen readers and for which pdf.js reads every page twice, and
 * not popups, which say again what their note says.
 */
const WITH_TEXT = new Set([1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 17, 20]);
const HIDDEN = 0x02 | 0x20;

/**
 * Values of form fields, notes, comments on highlights and free text, each a paragraph at its place, from top to bottom
 * of each page. `viewports` by page index; pages without one are left out.
 */
export async function annotationsOf(pdf: PDFDocumentProxy, viewports: (PageViewport | undefined)[]): Promise<Draft[]> {
  const unreadable = new Set([...viewports.keys()].filter((index) => !viewports[index]));
  const drafts: Draft[] = [];
  for (const annotation of (await pdf.getAnnotationsByType(WITH_TEXT, unreadable) ?? []) as Annotation[]) {
    const draft = draftOf(annotation, viewports[annotation.pageIndex]!);
    if (draft) drafts.push(draft);
  }
  return drafts.sort((a, b) => a.page! - b.page! || heightOf(a) - heightOf(b));
}

const heightOf = ({ runs }: Draft): number => runs?.[0]?.y ?? Infinity;

function draftOf(annotation: Annotation, viewport: PageViewport): Draft | undefined {
  const value = clean(textOf(annotation)).trim();
  if (value === '' || ((annotation.annotationFlags ?? 0) & HIDDEN) !== 0) return undefined;
  const label = annotation.fieldType === undefined ? '' : clean(annotation.alternativeText ?? '').trim();
  const text = label === '' || label === value ? value : `${label}: ${value}`;
  const page = annotation.pageIndex + 1;
  const draft: Draft = { kind: 'paragraph', text, page };
  const [x0, y0, x1, y1] = annotation.rect ?? [];
  if (x0 === undefined || y0 === undefined || x1 === undefined || y1 === undefined) return draft;
  const [ax, ay] = viewport.convertToViewportPoint(x0, y0) as [number, number];
  const [bx, by] = viewport.convertToViewportPoint(x1, y1) as [number, number];
  const box = { x: Math.min(ax, bx), y: Math.min(ay, by), width: Math.abs(ax - bx), height: Math.abs(ay - by) };
  return { ...draft, runs: [{ start: text.length - value.length, end: text.length, page, ...box }] };
}

function textOf(annotation: Annotation): string {
  const { subtype, fieldType, fieldValue } = annotation;
  if (subtype === 'Widget') {
    if (annotation.password || (fieldType !== 'Tx' && fieldType !== 'Ch')) return '';
    return Array.isArray(fieldValue) ? fieldValue.join(', ') : typeof fieldValue === 'string' ? fieldValue : '';
  }
  return annotation.contentsObj?.str || (annotation.textContent ?? []).join('\n');
}
