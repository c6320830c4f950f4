import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { Added, Citation, Engine, FailureCode, Hit, LibraryId, Place } from './api.ts';
import { serveAgain } from './address.ts';
import { models, MODELS_USAGE } from './cli-models.ts';
import { openEngine } from './engine.ts';
import { fileSecret } from './keys.ts';
import { defaultDataDir, pageDir, resourcesDir } from './locations.ts';
import { openParser } from './parse/sandbox.ts';
import { DEFAULT_SETTINGS } from './store/settings.ts';
import { json, statusLine, UsageError, type Values } from './terminal.ts';

/** The door for a terminal. Results go to standard output, everything else to standard error; exit 1 failed, 2 misused. */

interface Command {
  usage: string;
  does: string;
  /** How many arguments at least, at most. */
  takes: [number, number];
  options?: ParseArgsConfig['options'];
  run(args: string[], values: Values): Promise<number>;
}

const ANY = { json: { type: 'boolean' }, data: { type: 'string' }, library: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const;

const COMMANDS: Record<string, Command> = {
  add: {
    usage: 'add PATH… [--library NAME] [--no-wait]',
    does: 'take files and folders into a library, and wait until they can be found',
    takes: [1, Infinity],
    options: { 'no-wait': { type: 'boolean' } },
    run: (paths, values) => withEngine(values, (engine) => add(engine, paths, values)),
  },
  list: {
    usage: 'list [--library NAME]',
    does: 'the documents and their state',
    takes: [0, 0],
    run: (_, values) => withEngine(values, (engine) => list(engine, values)),
  },
  search: {
    usage: 'search QUESTION [--library NAME] [--limit N] [--leg words|vectors]',
    does: 'the passages nearest to a question',
    takes: [1, Infinity],
    options: { limit: { type: 'string' }, leg: { type: 'string' } },
    run: (words, values) => withEngine(values, (engine) => search(engine, words.join(' '), values)),
  },
  ask: {
    usage: 'ask QUESTION [--library NAME] [--conversation ID]',
    does: 'an answer, with the places it comes from',
    takes: [1, Infinity],
    options: { conversation: { type: 'string' } },
    run: (words, values) => withEngine(values, (engine) => ask(engine, words.join(' '), values)),
  },
  parse: {
    usage: 'parse FILE [--password WORD]',
    does: 'the text of a file in blocks, each with its place (no library needed)',
    takes: [1, 1],
    options: { password: { type: 'string' } },
    run: ([file], values) => parse(file!, values),
  },
  models: {
    usage: `${MODELS_USAGE} [--no-wait] [--ollama] [--key]`,
    does: 'the models that are there; to look at one, fetch, add or remove one, and use one as embedder, reranker or llm',
    takes: [0, 3],
    options: { 'no-wait': { type: 'boolean' }, ollama: { type: 'boolean' }, key: { type: 'boolean' } },
    run: (args, values) => withEngine(values, (engine) => models(engine, args, values)),
  },
  serve: {
    usage: 'serve [--port N]',
    does: 'the app for a browser on this machine',
    takes: [0, 0],
    options: { port: { type: 'string' } },
    run: (_, values) => withEngine(values, (engine) => serve(engine, values)),
  },
  health: {
    usage: 'health',
    does: 'where everything lies, and whether it fits together',
    takes: [0, 0],
    run: (_, values) => withEngine(values, (engine) => health(engine)),
  },
};

/** Runs one command line, without the name of the program; answers with the exit code. */
export async function run(argv: string[]): Promise<number> {
  const [name, ...rest] = argv;
  const command = COMMANDS[name ?? ''];
  let asJson = false;
  try {
    if (!command) {
      if (name === undefined || name === '--help' || name === '-h' || name === 'help') return help();
      throw new UsageError(`There is no command "${name}". Known are: ${Object.keys(COMMANDS).join(', ')}.`);
    }
    const { values, positionals } = parseCommandLine(rest, command);
    if (values['help']) return help(command);
    asJson = values['json'] === true;
    const [least, most] = command.takes;
    if (positionals.length < least || positionals.length > most) throw new UsageError(`Usage: lodestone ${command.usage}`);
    return await command.run(positionals, values as Values);
  } catch (error) {
    const { code = 'failed', message } = error as Error & { code?: string };
    console.error(asJson ? JSON.stringify({ code, message }) : message);
    return error instanceof UsageError ? 2 : 1;
  }
}

function parseCommandLine(args: string[], command: Command) {
  try {
    return parseArgs({ args, options: { ...ANY, ...command.options }, allowPositionals: true });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\nUsage: lodestone ${command.usage}`);
  }
}

function help(command?: Command): number {
  const rows = command ? [command] : Object.values(COMMANDS);
  console.log(rows.map(({ usage, does }) => `lodestone ${usage}\n    ${does}`).join('\n'));
  console.log('\n--json      print data instead of text\n--data DIR  where the library lies; LODESTONE_DATA or the platform\'s place if absent');
  return 0;
}

function dataDirOf(values: Values): string {
  return values['data'] === undefined ? defaultDataDir() : path.resolve(String(values['data']));
}

async function withEngine(values: Values, work: (engine: Engine) => Promise<number>): Promise<number> {
  const dataDir = dataDirOf(values);
  const engine = await openEngine({ dataDir, resourcesDir, secret: fileSecret(path.join(dataDir, 'secret')) });
  try {
    return await work(engine);
  } finally {
    await engine.close();
  }
}

function number(values: Values, name: string): number | undefined {
  const text = values[name];
  if (text === undefined) return undefined;
  if (!/^\d+$/.test(String(text))) throw new UsageError(`--${name} takes a whole number, not "${text}".`);
  return Number(text);
}

/** The library of that name; if none is named all of them, which a question means by saying nothing. */
async function chosen(engine: Engine, values: Values): Promise<LibraryId[] | undefined> {
  const name = values['library'];
  if (name === undefined) return undefined;
  const libraries = await engine.libraries();
  const library = libraries.find((each) => each.name === name);
  if (!library) throw new Error(`There is no library "${name}". There are: ${libraries.map((each) => each.name).join(', ') || 'none yet'}.`);
  return [library.id];
}

async function add(engine: Engine, paths: string[], values: Values): Promise<number> {
  const libraries = await engine.libraries();
  const name = values['library'] === undefined ? (libraries[0]?.name ?? 'Library') : String(values['library']);
  const library = libraries.find((each) => each.name === name)?.id ?? (await engine.createLibrary(name));
  const added = await engine.add(library, paths.map((each) => path.resolve(each)));
  if (!values['no-wait']) await untilIndexed(engine);
  const documents = await Promise.all(added.documents.map((id) => engine.document(id)));
  if (values['json']) json({ ...added, documents });
  else console.log(`${documents.length} added, ${added.unchanged} unchanged, in "${name}".`);
  const failed = documents.flatMap((each) => (each.state.kind === 'failed' ? [{ path: each.path ?? each.name, reason: each.state.reason }] : []));
  return report([...added.refused, ...failed]);
}

function report(failures: Added['refused']): number {
  for (const { path: file, reason } of failures) console.error(`${file}: ${reason}`);
  return failures.length > 0 ? 1 : 0;
}

/** Waits until everything can be found by words, and by meaning if there is a model for it, with a line that says how far it is. */
async function untilIndexed(engine: Engine): Promise<void> {
  const byMeaning = (await engine.models()).some(({ role, active }) => role === 'embedder' && active);
  for (;;) {
    const { paused, diskFull, waiting, unembedded, reading, chunksPerSecond } = await engine.progress();
    if ((waiting === 0 && (unembedded === 0 || !byMeaning)) || paused) break;
    statusLine(`${waiting} to read, ${unembedded} chunks to embed${chunksPerSecond ? ` (${Math.round(chunksPerSecond)}/s)` : ''}${diskFull ? ' · the disk is full' : reading ? ` · ${reading}` : ''}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  statusLine('');
}

async function list(engine: Engine, values: Values): Promise<number> {
  const only = await chosen(engine, values);
  const found = [];
  for (const library of await engine.libraries()) {
    if (only && !only.includes(library.id)) continue;
    const PAGE = 500;
    for (let offset = 0, total = 1; offset < total; offset += PAGE) {
      const page = await engine.documents({ library: library.id, offset, limit: PAGE });
      total = page.total;
      for (const document of page.documents) found.push({ ...document, libraryName: library.name });
    }
  }
  if (values['json']) json(found);
  else for (const { libraryName, name, state } of found) console.log([libraryName, name, describe(state)].join('\t'));
  return 0;
}

function describe(state: { kind: string; chunks?: number; embedded?: number; code?: FailureCode; reason?: string }): string {
  if (state.kind === 'ready') return `ready, ${state.chunks} chunks${state.embedded === state.chunks ? '' : `, ${state.embedded} embedded`}`;
  return state.kind === 'failed' ? `failed (${state.code}): ${state.reason}` : state.kind;
}

async function search(engine: Engine, question: string, values: Values): Promise<number> {
  const leg = values['leg'];
  if (leg !== undefined && leg !== 'words' && leg !== 'vectors') throw new UsageError('--leg is words or vectors.');
  const [libraries, limit] = [await chosen(engine, values), number(values, 'limit')];
  const answer = await engine.search({ question, ...(libraries && { libraries }), ...(limit && { limit }), ...(leg && { leg }) });
  if (values['json']) json(answer);
  else answer.hits.forEach((hit, i) => console.log(`${i + 1}. ${hit.relevance.toFixed(2)}  ${where(hit)}\n${indented(hit.text)}\n`));
  return 0;
}

function where({ documentName, place }: Hit | Citation | { documentName: string; place: Place }): string {
  return [documentName, ...place.headings].join(' › ') + (place.page === undefined ? '' : ` (p. ${place.page})`);
}

function indented(text: string): string {
  const short = text.length > 400 ? `${text.slice(0, 400)}…` : text;
  return short.replace(/^/gm, '   ');
}

async function ask(engine: Engine, question: string, values: Values): Promise<number> {
  const [libraries, conversation] = [await chosen(engine, values), number(values, 'conversation')];
  const cited = new Map<number, Citation>();
  const parts = engine.ask({ question, ...(libraries && { libraries }), ...(conversation && { conversation: conversation as never }) });
  for await (const part of parts) {
    if (values['json']) json(part);
    else if (part.kind === 'sentence') {
      const { text, citations, opens, unsupported } = part.sentence;
      for (const citation of citations) cited.set(citation.number, citation);
      process.stdout.write(`${opens && cited.size > 0 ? '\n' : ''}${text}${unsupported ? '[?]' : ''}${citations.map((each) => `[${each.number}]`).join('')} `);
    } else if (part.kind === 'done') {
      const { outcome } = part.turn.answer;
      if (outcome === 'not-found') console.log('Not found in your documents. Nearest:');
      else console.log();
      const places = outcome === 'not-found' ? part.turn.hits.slice(0, 3).map(where) : [...cited.values()].map((each) => `[${each.number}] ${where(each)}`);
      console.log(places.join('\n'));
    }
  }
  return 0;
}

async function parse(file: string, values: Values): Promise<number> {
  const { parseSeconds: seconds, parseMegabytes: megabytes, fileMegabytes } = DEFAULT_SETTINGS;
  const parser = openParser(() => ({ seconds, megabytes, fileMegabytes }));
  try {
    const document = await parser.parse(path.resolve(file), values['password'] === undefined ? {} : { password: String(values['password']) });
    if (values['json']) json(document);
    else console.log(document.text);
    for (const warning of document.warnings) console.error(warning);
    return 0;
  } finally {
    await parser.close();
  }
}

async function serve(engine: Engine, values: Values): Promise<number> {
  const dataDir = dataDirOf(values);
  const port = number(values, 'port');
  const token = process.env['LODESTONE_TOKEN'];
  if (!existsSync(pageDir)) throw new Error('The page is not built yet. Build it with: npm run build');
  const door = await serveAgain(engine, dataDir, { distDir: pageDir, ...(port !== undefined && { port }), ...(token && { token }) });
  const ended = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve());
  });
  if (values['json']) json({ url: door.url, port: door.port, token: door.token });
  else console.log(`Lodestone is at ${door.url}\nPress Ctrl-C to end.`);
  await ended;
  await door.close();
  return 0;
}

async function health(engine: Engine): Promise<number> {
  const state = await engine.health();
  console.log(JSON.stringify(state, null, 2));
  return state.problems.length > 0 ? 1 : 0;
}

if (import.meta.main) {
  // `lodestone list | head` closes our output early; that is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  process.exitCode = await run(process.argv.slice(2));
}
