/**
 * Makes `pairs.jsonl`: questions and the passages that answer them, on matters nobody's library need have, in Chinese,
 * English and across. Half guard the gate (an adapter must not lose on them), half are replayed while learning. Taken from
 * works in the public domain, every document's pairs in one half only; `README.md` names them.
 *
 *   node resources/guard/make.ts <folder of *.jsonl.zst with {task, lang, query, pos, source} a line>
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { constants, zstdDecompressSync } from 'node:zlib';

interface Pair { task: string; lang: string; query: string; pos: string[]; source: string }
interface Kind { source: string; tasks: string[]; lang: string; count: number; longest: number; turned?: boolean }

/** Of each half. */
const KINDS: Kind[] = [
  { source: 'GSA/digitalgov.gov', tasks: ['qa'], lang: 'en', count: 50, longest: 420 },
  { source: 'python/peps', tasks: ['qa'], lang: 'en', count: 30, longest: 420 },
  { source: 'Anduin2017/HowToCook', tasks: ['title'], lang: 'zh', count: 25, longest: 200 },
  { source: 'LawRefBook/Laws', tasks: ['ict'], lang: 'zh', count: 55, longest: 200 },
  { source: 'kong0107/mojLawSplitJSON', tasks: ['parallel'], lang: 'en-zh', count: 20, longest: 300 },
  { source: 'kong0107/mojLawSplitJSON', tasks: ['parallel'], lang: 'en-zh', count: 20, longest: 300, turned: true },
];
const SHORTEST_PASSAGE = 40;
const LONGEST_QUESTION = 240;

const folder = process.argv[2];
if (folder === undefined) throw new Error('Usage: node resources/guard/make.ts <folder of *.jsonl.zst>');
const pools = KINDS.map((): Pair[] => []);
for (const name of readdirSync(folder).filter((file) => file.endsWith('.jsonl.zst')).sort()) {
  const text = zstdDecompressSync(readFileSync(join(folder, name)), { params: { [constants.ZSTD_d_windowLogMax]: 27 } }).toString('utf8');
  for (const line of text.split('\n')) {
    KINDS.forEach(({ source, tasks, lang }, kind) => {
      if (!line.includes(`"source": "${source}"`)) return;
      const pair = JSON.parse(line) as Pair;
      if (pair.source === source && pair.lang === lang && tasks.includes(pair.task)) pools[kind]!.push(pair);
    });
  }
}

const seen = new Set<string>();
const lines: string[] = [];
KINDS.forEach(({ source, count, longest, turned }, kind) => {
  const good = pools[kind]!.map(({ query, pos }) => (turned ? { query: pos[0]!, passage: query } : { query, passage: pos[0]! }))
    .filter(({ query, passage }) => passage.length >= SHORTEST_PASSAGE && query.length >= 8 && query.length <= LONGEST_QUESTION)
    // What is cut from a text stands in it word for word: such a pair asks for no search.
    .filter(({ query, passage }) => !passage.includes(query));
  // Evenly over the source, which stands in the order of its documents: the first half guards, the second is replayed.
  const found: string[][] = [[], []];
  const step = Math.max(1, good.length / (2 * count * 1.5));
  for (let at = 0; at < good.length; at += step) {
    const { query, passage } = good[Math.floor(at)]!;
    const half = at < good.length / 2 ? 0 : 1;
    const cut = passage.slice(0, longest);
    if (found[half]!.length >= count || seen.has(query) || seen.has(cut)) continue;
    seen.add(query).add(cut);
    found[half]!.push(JSON.stringify({ half: half === 0 ? 'guard' : 'replay', question: query, passage: cut, source }));
  }
  if (found.some((half) => half.length < count)) throw new Error(`${source} has only ${found.map((half) => half.length).join(' and ')} pairs of ${count}.`);
  lines.push(...found.flat());
});
writeFileSync(join(import.meta.dirname, 'pairs.jsonl'), `${lines.join('\n')}\n`);
