import { attributeOf, below, childOf, childrenOf, openArchive, relationsOf, type Archive } from './archive.ts';
import { assemble, ParseFailure, type Draft, type ParsedDocument } from './document.ts';
import { textOfRows } from './table.ts';

/** A presentation (ECMA-376 part 1, 19): slide by slide its title, text, tables, charts, drawings with text, notes and comments. A slide is a page. */
export async function parsePptx(bytes: Uint8Array): Promise<ParsedDocument> {
  const archive = openArchive(bytes);
  const main = archive.names.find((name) => /^ppt\/presentation\.xml$/i.test(name)) ?? 'ppt/presentation.xml';
  const root = archive.xml(main);
  if (!root) throw new ParseFailure('damaged', 'This file is an archive without a presentation in it. Open it in PowerPoint, let it repair the file, and save a new copy.');
  const relations = relationsOf(archive, main);
  const slides = below(root, 'sldId').flatMap((slide) => relations.get(idOf(slide))?.part ?? []);
  const drafts = slides.flatMap((part, i) => slideDrafts(archive, part, i + 1));
  const title = drafts.find(({ kind }) => kind === 'heading')?.text;
  return assemble('pptx', drafts, { pages: slides.length, ...(title !== undefined && { title }) });
}

/** Of `r:id` and `id`, both of the same local name, the one that names a relation. */
const idOf = (element: Element): string => element.getAttributeNS('http://schemas.openxmlformats.org/officeDocument/2006/relationships', 'id') || element.getAttributeNS('http://purl.oclc.org/ooxml/officeDocument/relationships', 'id') || '';

function slideDrafts(archive: Archive, part: string, page: number): Draft[] {
  const root = archive.xml(part);
  if (!root) return [];
  const relations = relationsOf(archive, part);
  const parts = (kind: string): Element[] => [...relations.values()].filter((relation) => relation.kind === kind).flatMap(({ part: name }) => archive.xml(name) ?? []);
  const tree = below(root, 'spTree')[0];
  const drafts = tree ? shapeDrafts(tree, (id) => archive.xml(relations.get(id)?.part ?? '')) : [];
  for (const diagram of parts('diagramData')) for (const text of below(diagram, 'p').map(textOf)) drafts.push({ kind: 'paragraph', text });
  for (const notes of parts('notesSlide')) for (const shape of below(notes, 'sp')) if (placeholder(shape) === 'body') for (const text of paragraphs(shape)) drafts.push({ kind: 'quote', text: text.text });
  for (const comments of parts('comments')) for (const comment of below(comments, 'cm')) drafts.push({ kind: 'quote', text: said(comment) });
  const told = drafts.filter(({ text }) => text.trim() !== '');
  // A slide without a title must not seem to belong under the title of the one before it.
  if (told.length > 0 && told[0]!.kind !== 'heading') {
    const at = told.findIndex(({ kind }) => kind === 'heading');
    told.unshift(at < 0 ? { kind: 'heading', level: 1, text: `Slide ${page}` } : told.splice(at, 1)[0]!);
  }
  return told.map((draft) => ({ ...draft, page }));
}

/** What stands in shapes, groups of them, tables and charts, in their order. */
function shapeDrafts(tree: Element, partOf: (id: string) => Element | undefined): Draft[] {
  return childrenOf(tree).flatMap((shape): Draft[] => {
    switch (shape.localName) {
      case 'sp': return textDrafts(shape);
      case 'grpSp': return shapeDrafts(shape, partOf);
      case 'AlternateContent': return shapeDrafts(childOf(shape, 'Choice') ?? shape, partOf);
      case 'pic': return below(shape, 'cNvPr').slice(0, 1).map((about) => ({ kind: 'paragraph', text: attributeOf(about, 'descr') }));
      case 'graphicFrame': return [
        ...below(shape, 'tbl').flatMap((table): Draft[] => tableDraft(below(table, 'tr').map((row) => below(row, 'tc').map((cell) => below(cell, 'p').map(textOf).join(' '))))),
        ...below(shape, 'chart').flatMap((chart) => { const found = partOf(idOf(chart)); return found ? chartDrafts(found) : []; }),
      ];
      default: return [];
    }
  });
}

/** Rows as a table whose first row is its header. */
function tableDraft(rows: string[][]): Draft[] {
  const filled = rows.filter((row) => row.some((cell) => cell.trim() !== ''));
  return filled.length === 0 ? [] : [{ kind: 'table', text: textOfRows(filled), headerRows: filled.length > 1 ? 1 : 0 }];
}

const placeholder = (shape: Element): string | undefined => { const [mark] = below(shape, 'ph'); return mark && (attributeOf(mark, 'type') || 'body'); };

function textDrafts(shape: Element): Draft[] {
  const kind = placeholder(shape);
  if (kind === 'sldNum' || kind === 'dt') return [];
  const found = paragraphs(shape).filter(({ text }) => text.trim() !== '');
  if (kind === 'title' || kind === 'ctrTitle') return found.length === 0 ? [] : [{ kind: 'heading', level: 1, text: found.map(({ text }) => text).join(' ') }];
  // Bodies have bullets unless a paragraph says otherwise, text boxes the other way round.
  return found.map(({ text, level, bullet }): Draft => (bullet ?? kind === 'body' ? { kind: 'list-item', level: level + 1, text } : { kind: 'paragraph', text }));
}

function paragraphs(shape: Element): { text: string; level: number; bullet?: boolean }[] {
  return below(shape, 'p').map((paragraph) => {
    const how = childOf(paragraph, 'pPr');
    const bullet = how && (childOf(how, 'buNone') ? false : childOf(how, 'buChar') || childOf(how, 'buAutoNum') ? true : undefined);
    return { text: textOf(paragraph), level: Number(how ? attributeOf(how, 'lvl') : 0) || 0, ...(bullet !== undefined && { bullet }) };
  });
}

/** The runs of a paragraph; a line break is a blank. */
const textOf = (paragraph: Element): string => childrenOf(paragraph).map((run) => (run.localName === 'br' ? ' ' : below(run, 't').map((text) => text.textContent ?? '').join(''))).join('').replace(/[\s\u000b]+/g, ' ').trim();
const said = (element: Element): string => (element.textContent ?? '').trim();

/** A chart (ECMA-376 part 1, 21.2): its title, and its figures as a table, a column for each series. */
function chartDrafts(root: Element): Draft[] {
  const titles = below(root, 'title').map((title) => below(title, 'p').map(textOf).join(' '));
  const series = below(root, 'ser').map((one) => {
    const values = (name: string): string[] => { const found = childOf(one, name); return found ? below(found, 'pt').map((point) => below(point, 'v').map(said).join(' ')) : []; };
    return { name: values('tx').join(' '), rows: values('cat').length > 0 ? values('cat') : values('xVal'), values: values('val').length > 0 ? values('val') : values('yVal') };
  });
  const longest = series.reduce((most, one) => (one.rows.length > most.length ? one.rows : most), [] as string[]);
  const count = Math.max(0, ...series.map(({ values }) => values.length));
  const rows = Array.from({ length: count }, (_, i) => [longest[i] ?? '', ...series.map(({ values }) => values[i] ?? '')]);
  return [...titles.map((text): Draft => ({ kind: 'paragraph', text })), ...(rows.length > 0 ? tableDraft([['', ...series.map(({ name }) => name)], ...rows]) : [])];
}
