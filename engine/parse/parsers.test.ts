import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ParseFailure } from './document.ts';
import type { ParsedBlock, ParsedDocument } from './document.ts';
import { decode } from './encoding.ts';
import { detectType, parseBytes } from './parsers.ts';

const bytesOf = (text: string | Uint8Array) => (typeof text === 'string' ? new TextEncoder().encode(text) : new Uint8Array(text));
const parse = (name: string, text: string | Uint8Array): Promise<ParsedDocument> => parseBytes(name, bytesOf(text));

/** A block on a line: `# heading`, `- item`, `> quote`, `| table`, `~ listing`, and paragraphs as they are. */
function line({ kind, text, level = 1, headerRows }: ParsedBlock): string {
  const shown = text.replaceAll('\n', '⏎').replaceAll('\t', '⇥');
  switch (kind) {
    case 'heading': return `${'#'.repeat(level)} ${shown}`;
    case 'list-item': return `${'  '.repeat(level - 1)}- ${shown}`;
    case 'quote': return `> ${shown}`;
    case 'table': return `|${headerRows ?? 0} ${shown}`;
    case 'code': return `~ ${shown}`;
    case 'paragraph': return shown;
  }
}

async function outline(name: string, text: string): Promise<string[]> {
  return (await parse(name, text)).blocks.map(line);
}

const marks = ({ text, marks = [] }: ParsedBlock) => marks.map(({ kind, start, end }) => `${kind}: ${text.slice(start, end)}`);

// ── Plain text ──────────────────────────────────────────────────────────────────────────────────────────────

test('blank lines part paragraphs, and lines wrapped at a width are joined', async () => {
  const wrapped = 'The retriever looks for chunks that share words with the question\nand for chunks whose meaning is near, and joins the two lists into\none, which the reranker then puts in order.\n\nA second paragraph.\n';
  assert.deepEqual(await outline('a.txt', wrapped), [
    'The retriever looks for chunks that share words with the question and for chunks whose meaning is near, and joins the two lists into one, which the reranker then puts in order.',
    'A second paragraph.',
  ]);
});

test('wrapped Chinese lines are joined without a space', async () => {
  const first = '检索器寻找与问题用词相同的片段，也寻找意义相近的片段，然后把两个列表合并成';
  assert.deepEqual(await outline('a.txt', `${first}\n一个列表，再由重排器决定次序。\n`), [`${first}一个列表，再由重排器决定次序。`]);
});

test('lines that are paragraphs of their own stay so; short ones that stand together stay together', async () => {
  assert.deepEqual(await outline('a.txt', '　　第一段讲的是检索。\n　　第二段讲的是重排。\n'), ['第一段讲的是检索。', '第二段讲的是重排。']);
  assert.deepEqual(await outline('a.txt', 'Roses are red\nViolets are blue\n'), ['Roses are red⏎Violets are blue']);
});

test('a title, chapters, underlined headings and bullets are seen in plain text', async () => {
  assert.deepEqual(await outline('law.txt', '取水许可条例\n\n第一章 总则\n\n第一条 为加强水资源管理，制定本条例。\n\n第二章 申请\n\n（一）申请书；\n（二）附件。\n'),
    ['# 取水许可条例', '### 第一章 总则', '第一条 为加强水资源管理，制定本条例。', '### 第二章 申请', '（一）申请书；', '（二）附件。']);
  assert.deepEqual(await outline('a.txt', 'Install\n=======\n\n- unpack\n- run it,\n  then wait\n  - nested\n\nDetails\n-------\nText.\n'),
    ['# Install', '- unpack', '- run it, then wait', '  - nested', '## Details', 'Text.']);
});

test('tables in text: tabs, bars, and columns kept as they are set', async () => {
  assert.deepEqual(await outline('a.txt', 'name\tage\nAda\t36\nAlan\t41\n'), ['|1 name⇥age⏎Ada⇥36⏎Alan⇥41']);
  assert.deepEqual(await outline('a.org', '* Ages\n| name | age |\n|------+-----|\n| Ada  | 36  |\n'), ['# Ages', '|1 name⇥age⏎Ada⇥36']);
  assert.deepEqual(await outline('a.txt', 'name      age\nAda        36\nAlan       41\n'), ['~ name      age⏎Ada        36⏎Alan       41']);
});

test('CSV is a table whatever parts its cells; quotes hold delimiters and line ends', async () => {
  assert.deepEqual(await outline('a.csv', 'a;b\r\n"1;\r\n2";"say ""hi"""\r\n'), ['|1 a⇥b⏎1; 2⇥say "hi"']);
  assert.deepEqual(await outline('a.tsv', 'x\ty\n1,5\t2,5\n'), ['|1 x⇥y⏎1,5⇥2,5']);
});

test('subtitles lose their times, source code keeps its lines', async () => {
  assert.deepEqual(await outline('a.srt', '1\n00:00:01,000 --> 00:00:02,000\n<i>Hello</i>\nthere\n\n2\n00:00:03,000 --> 00:00:04,000\nBye\n'), ['Hello there', 'Bye']);
  assert.deepEqual(await outline('a.py', 'def f():\n    return 1\n\nf()\n'), ['~ def f():⏎    return 1⏎⏎f()']);
});

// ── Markdown ────────────────────────────────────────────────────────────────────────────────────────────────

test('Markdown: front matter, headings, lists, tasks, quotes, tables, listings, HTML', async () => {
  const document = await parse('a.md', '---\ntitle: "笔记"\n---\n# One\n\nText *soft\nbreak* `x` ![alt](i.png) [link](u).\n\n- [ ] task\n- item\n\n  more\n  1. deep\n\n> quoted\n\n| A | B |\n|---|---|\n| 1 | **2** |\n\n```js\nf()\n```\n\n<p>html &amp; all</p>\n\nTwo\n---\nend\n');
  assert.equal(document.title, '笔记');
  assert.deepEqual(document.blocks.map(line), [
    '~ title: "笔记"', '# One', 'Text soft break x alt link.', '- task', '- item', 'more', '  - deep', '> quoted', '|1 A⇥B⏎1⇥2', '~ f()', 'html & all', '## Two', 'end']);
  assert.deepEqual(marks(document.blocks[2]!), ['emphasis: soft break', 'code: x', 'link: link']);
  assert.deepEqual(document.blocks.at(-1)!.place.headings, ['One', 'Two']);
});

test('a Chinese paragraph wrapped in Markdown has no spaces at its line ends', async () => {
  assert.deepEqual(await outline('a.md', '第一行\n**第二行**\nthird\n'), ['第一行第二行 third']);
});

// ── HTML and XML ────────────────────────────────────────────────────────────────────────────────────────────

test('HTML: headings, lists, tables, listings, quotes and marks; white space as a page shows it', async () => {
  const document = await parse('a.html', `<!doctype html><title>Page &amp; title</title><body>
    <h1>Main</h1><p>Some  <b>bold</b> and\n <a href=x>a <i>link</i></a><br>next&nbsp;line</p>
    <ul><li>one<ul><li>two</li></ul><li><p>three</p><p>more</p></ul>
    <table><caption>Ages</caption><tr><th>Name<th>Age<tr><td rowspan=2>Ada<td>36<tr><td>37</table>
    <pre>\n  f()\n</pre><blockquote><p>said</p></blockquote><div>loose <div>inner</div> text</div>`);
  assert.equal(document.title, 'Page & title');
  assert.deepEqual(document.blocks.map(line), [
    '# Main', 'Some bold and a link⏎next line', '- one', '  - two', '- three', 'more', 'Ages', '|1 Name⇥Age⏎Ada⇥36⏎⇥37', '~   f()', '> said', 'loose', 'inner', 'text']);
  assert.deepEqual(marks(document.blocks[1]!), ['strong: bold', 'link: a link', 'emphasis: link']);
});

test('line ends that part paragraphs part blocks', async () => {
  assert.deepEqual(await outline('a.html', '<p>One<br>line<br> <br>two'), ['One⏎line', 'two']);
  assert.deepEqual(await outline('a.html', '<div>　　第一段。<br>\n　　第二段。<br></div>'), ['第一段。', '第二段。']);
});

test('menus, sidebars and scripts are left out, and a page that is nothing else is kept whole', async () => {
  const story = 'A story long enough to be what the page is about. '.repeat(5);
  const page = `<title>Site</title><nav><a href=/>Home</a></nav><header>Logo</header><main><h1>Story</h1><p>${story}</p><aside>Note</aside></main><aside>Ads</aside><footer>©</footer><script>x()</script>`;
  assert.deepEqual(await outline('a.html', page), ['# Story', story.trim(), 'Note']);
  assert.deepEqual(await outline('a.html', '<p>Let <math><semantics><mi>x</mi><annotation>\\x</annotation></semantics></math> be<span hidden> seen</span> 1.<template>no</template>'), ['Let x be 1.']);
  assert.deepEqual(await outline('a.html', '<header><h1>Report</h1></header><p>Text.</p>'), ['# Report', 'Text.']);
  assert.deepEqual(await outline('a.html', '<aside><p>All the text of this page stands in its margin.</p></aside>'), ['All the text of this page stands in its margin.']);
  assert.deepEqual(await outline('a.html', `<article><p>First of many.</p></article><article><p>${story}</p></article>`), ['First of many.', story.trim()]);
});

test('a table that lays out a page is read as the page it is', async () => {
  assert.deepEqual(await outline('a.html', '<table><tr><td><h2>News</h2><p>One.</p><td><table><tr><td>a<td>b</table></table>'), ['## News', 'One.', '|0 a⇥b']);
});

test('feeds and other XML: titles are headings, escaped and CDATA HTML is read as HTML', async () => {
  const feed = `<?xml version="1.0"?><rss><channel><title>Blog</title><link>http://x</link><item><title>A &amp; B</title>
    <description>&lt;p&gt;Fish &amp;amp; chips&lt;/p&gt;&lt;ul&gt;&lt;li&gt;item&lt;/ul&gt;</description></item>
    <item><title><![CDATA[第二篇]]></title><description><![CDATA[<b>正文</b>内容]]></description></item></channel></rss>`;
  const document = await parse('a.xml', feed);
  assert.deepEqual(document.blocks.map(line), ['# Blog', '### A & B', 'Fish & chips', '- item', '### 第二篇', '正文内容']);
  assert.deepEqual(document.blocks.at(-1)!.place.headings, ['Blog', '第二篇']);
  assert.deepEqual(await outline('b.xml', '<?xml version="1.0"?><doc><p>mixed <em>inline</em> text</p><p>two</p></doc>'), ['mixed inline text', 'two']);
});

// ── Types ───────────────────────────────────────────────────────────────────────────────────────────────────

/** The code and the sentence a file is refused with. */
async function refused(name: string, content: string | Uint8Array): Promise<string> {
  const error = await parse(name, content).then(() => assert.fail(`${name} was parsed`), (failure: unknown) => failure);
  assert.ok(error instanceof ParseFailure, String(error));
  assert.match(error.message, /^[A-Z].*[a-z)]\.$/, 'a sentence');
  return error.code;
}

const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
const OLE = 'd0cf11e0a1b11ae1';
const ole = (stream: string) => Buffer.concat([Buffer.from(OLE, 'hex'), Buffer.alloc(600), Buffer.from(stream, 'utf16le'), Buffer.alloc(600)]);

test('the content says what a file is; the name only how to read text', () => {
  const pdf = bytesOf('%PDF-1.4\n');
  assert.equal(detectType('a.pdf', pdf), 'pdf');
  assert.equal(detectType('lie.docx', pdf), 'pdf');
  assert.equal(detectType('page.pdf', bytesOf('<!DOCTYPE html><p>404')), 'html');
  assert.equal(detectType('old.doc', bytesOf('<html><body>Word takes this')), 'html');
  assert.equal(detectType('README', bytesOf('plain')), 'text');
  assert.equal(detectType('photo.png', Uint8Array.of(0xff, 0xd8, 0xff, 0xe0)), 'picture');
  assert.equal(detectType('saved', bytesOf('<!-- x --><!doctype html><p>')), 'html');
  assert.equal(detectType('main.rs', bytesOf('fn main() {}')), 'text');
  assert.equal(detectType('MZ.txt', bytesOf('MZ is how programs begin, but this is a sentence.')), 'text');
});

test('a type that is not read is refused by its own name, with what to do', async () => {
  assert.equal(await refused('a.gif', Buffer.from('GIF89a\x01\0\x01\0\xff', 'latin1')), 'unsupported');
  assert.equal(await refused('a.doc', ole('WordDocument')), 'unsupported');
  assert.equal(await refused('a.msg', ole('__properties_version1.0')), 'unsupported');
  assert.equal(await refused('a.xyz', Uint8Array.from({ length: 999 }, (_, i) => (i * i * 31) & 255)), 'unsupported');
  await assert.rejects(parse('a.doc', ole('WordDocument')), /old Word document.*save it as \.docx/);
});

test('a name that promises what the content does not keep is told apart', async () => {
  assert.equal(await refused('scan.pdf', PNG), 'mismatched');
  assert.equal(await refused('notes.pdf', 'just text'), 'mismatched');
  assert.equal(await refused('a.jpg', 'just text'), 'mismatched');
  assert.equal(await refused('a.docx', ole('WordDocument')), 'mismatched');
  assert.equal(await refused('a.txt', Uint8Array.from({ length: 999 }, (_, i) => (i * i * 31) & 255)), 'mismatched');
});

test('empty, blank, invisible, encrypted and cut-off files each have their code', async () => {
  assert.equal(await refused('a.txt', ''), 'empty');
  assert.equal(await refused('a.docx', new Uint8Array(500)), 'empty');
  assert.equal(await refused('a.txt', '\ufeff \r\n\t'), 'empty');
  assert.equal(await refused('a.html', '<p><script>x()</script>'), 'no-text');
  assert.equal(await refused('a.docx', ole('EncryptedPackage')), 'encrypted');
  assert.equal(await refused('a.docx', 'PK\x03\x04 cut off'), 'damaged');
  assert.equal(await refused('a.png', PNG), 'damaged');
});

// ── Places ──────────────────────────────────────────────────────────────────────────────────────────────────

test('every block knows where it stands in the source, with any line ends', async () => {
  const sources: [string, string][] = [
    ['a.txt', 'Title\n\nFirst line of text.\nSecond line, rather different.\n\n- item one\n- item two\n'],
    ['a.md', '---\na: b\n---\n# Head\n\ntext one\n\n- item\n  still item\n\n> quote *it*\n\n<div><p>html one</p></div>\n'],
    ['a.html', '<title>T</title>\n<h1>Head</h1>\n<p>one <b>two</b>\nthree</p>\n<ul>\n<li>four</li></ul>\n<pre>\nfive\nsix</pre>\n'],
    ['a.xml', '<?xml version="1.0"?>\n<r>\n<title>Head</title>\n<p>one two</p>\n</r>\n'],
  ];
  for (const [name, source] of sources) {
    for (const ends of ['\n', '\r\n', '\r']) {
      const written = source.replaceAll('\n', ends);
      const { blocks } = await parse(name, written);
      assert.ok(blocks.length > 1, `${name} with ${JSON.stringify(ends)}`);
      for (const block of blocks) {
        const { text } = decode(bytesOf(written));
        const slice = text.slice(block.source!.start, block.source!.end);
        let at = 0;
        for (const word of block.text.split(/\s+/)) {
          at = slice.indexOf(word, at);
          assert.notEqual(at, -1, `${name}: "${word}" of "${block.text}" is not in "${slice}"`);
          at += word.length;
        }
        assert.ok(slice.length <= block.text.length + 20, `${name}: "${slice}" is about "${block.text}"`);
      }
    }
  }
});
