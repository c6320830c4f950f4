import type { PageViewport, PDFPageProxy } from 'pdfjs-dist/legacy/build/pdf.mjs';
import type { Draft } from '../document.ts';
import { clean } from './spans.ts';

/** What pdf.js says of an annotation, as far as text goes; what is not there may be of any type. */
interface Annotation {
  subtype?: string;
  rect?: number[];
  hidden?: boolean;
  fieldType?: string;
  fieldValue?: unknown;
  alternativeText?: string;
  password?: boolean;
  contentsObj?: { str?: string };
  textContent?: string[];
}

/** Values of form fields, notes, comments on highlights and free text of a page, each a paragraph at its place. */
export async function annotationsOf(page: PDFPageProxy, viewport: PageViewport): Promise<Draft[]> {
  const drafts: Draft[] = [];
  for (const annotation of (await page.getAnnotations()) as Annotation[]) {
    const value = clean(textOf(annotation)).trim();
    if (value === '' || annotation.hidden) continue;
    const label = annotation.fieldType === undefined ? '' : clean(annotation.alternativeText ?? '').trim();
    const text = label === '' || label === value ? value : `${label}: ${value}`;
    const draft: Draft = { kind: 'paragraph', text, page: page.pageNumber };
    const [x0, y0, x1, y1] = annotation.rect ?? [];
    if (x0 !== undefined && y0 !== undefined && x1 !== undefined && y1 !== undefined) {
      const [ax, ay] = viewport.convertToViewportPoint(x0, y0) as [number, number];
      const [bx, by] = viewport.convertToViewportPoint(x1, y1) as [number, number];
      draft.runs = [{
        start: text.length - value.length, end: text.length, page: page.pageNumber,
        x: Math.min(ax, bx), y: Math.min(ay, by), width: Math.abs(ax - bx), height: Math.abs(ay - by),
      }];
    }
    drafts.push(draft);
  }
  // pdf.js lists fields last; a person reads from top to bottom.
  return drafts.sort((a, b) => heightOf(a) - heightOf(b));
}

const heightOf = ({ runs }: Draft): number => runs?.[0]?.y ?? Infinity;

function textOf(annotation: Annotation): string {
  const { subtype, fieldType, fieldValue } = annotation;
  if (subtype === 'Widget') {
    if (annotation.password || (fieldType !== 'Tx' && fieldType !== 'Ch')) return '';
    return Array.isArray(fieldValue) ? fieldValue.join(', ') : typeof fieldValue === 'string' ? fieldValue : '';
  }
  // A popup says again what its note says; the contents of a link or an image describe it for screen readers.
  if (subtype === 'Popup' || subtype === 'Link' || subtype === 'Screen') return '';
  return annotation.contentsObj?.str || (annotation.textContent ?? []).join('\n');
}
