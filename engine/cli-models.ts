import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { Engine, ModelRole } from './api.ts';
import { json, statusLine, UsageError, type Values } from './terminal.ts';

export const MODELS_USAGE = 'models [inspect PATH | add PATH | remove ID | use ROLE [ID] | cancel | catalog | download ID | servers | connect ADDRESS MODEL]';
const FITS = { well: 'fits', tight: 'tight', no: 'too large' };
const ROLES: readonly string[] = ['embedder', 'reranker', 'llm'] satisfies ModelRole[];

/** `models`, and what may be done with them. Answers with the exit code. */
export async function models(engine: Engine, [action, ...args]: string[], values: Values): Promise<number> {
  switch (action) {
    case undefined:
      return list(engine, values);
    case 'inspect': {
      const found = await engine.inspectModel(place(args));
      if (values['json']) json(found);
      else console.log([found.role, found.name, found.format, megabytes(found.bytes), found.languages.join(' '), found.licence].join('\t'));
      return 0;
    }
    case 'add': {
      const id = await engine.addModel(place(args));
      if (values['json']) json({ id });
      else console.log(id);
      return 0;
    }
    case 'remove':
      await engine.removeModel(only(args, 'ID'));
      return 0;
    case 'use':
      return use(engine, args, values);
    case 'cancel':
      await engine.cancelReindexing();
      return 0;
    case 'catalog': {
      const entries = await engine.catalog();
      if (values['json']) json(entries);
      else for (const { id, role, name, bytes, languages, licence, fit, installed } of entries) console.log([installed ? '*' : ' ', role, id, name, megabytes(bytes), languages.join(' '), licence, FITS[fit.verdict]].join('\t'));
      return 0;
    }
    case 'download':
      return download(engine, only(args, 'ID'));
    case 'servers': {
      const servers = await engine.findServers();
      if (values['json']) json(servers);
      else for (const { name, address, models: offered } of servers) console.log([name, address, offered.join(' ')].join('\t'));
      return 0;
    }
    case 'connect':
      return connect(engine, args, values);
    default:
      throw new UsageError(`There is nothing called "${action}" to do with models. Usage: lodestone ${MODELS_USAGE}`);
  }
}

async function list(engine: Engine, values: Values): Promise<number> {
  const all = await engine.models();
  if (values['json']) json(all);
  else for (const { id, role, name, active, bytes, address, trouble } of all) console.log([active ? '*' : ' ', role, id, name, address ?? megabytes(bytes), ...(trouble === undefined ? [] : [trouble])].join('\t'));
  return 0;
}

async function use(engine: Engine, [role, id, ...more]: string[], values: Values): Promise<number> {
  if (role === undefined || !ROLES.includes(role) || more.length > 0) throw new UsageError(`Usage: lodestone models use ${ROLES.join('|')} [ID]`);
  if (role === 'embedder' && id !== undefined) {
    const { chunks, seconds, cut } = await engine.estimateModel(id);
    if (chunks > 0) console.error(`${chunks} chunks to embed, about ${seconds} s. Search goes on with the present model until then.`);
    if (cut > 0) console.error(`About ${cut} chunks are longer than this model reads; it does not see their ends.`);
  }
  await engine.useModel(role as ModelRole, id);
  if (values['no-wait']) return 0;
  for (;;) {
    const now = await engine.reindexing();
    if (!now) break;
    if (now.reason !== undefined) throw new Error(now.reason);
    statusLine(`${now.done} of ${now.total} chunks${now.secondsLeft === undefined ? '' : `, ${now.secondsLeft} s left`}`);
    await delay(200);
  }
  statusLine('');
  return 0;
}

/** Fetches a model of the catalogue, or goes on with that, until it is on the list. */
async function download(engine: Engine, id: string): Promise<number> {
  await engine.download(id);
  for (;;) {
    const now = (await engine.downloads()).find((one) => one.id === id);
    if (now?.state === 'failed') throw new Error(now.reason);
    if (!now && (await engine.models()).some((model) => model.id === id)) break;
    if (now) statusLine(`${megabytes(now.bytes)} of ${megabytes(now.total)}${now.secondsLeft === undefined ? '' : `, ${Math.ceil(now.secondsLeft)} s left`}`);
    await delay(200);
  }
  statusLine('');
  console.log(id);
  return 0;
}

/** Adds a model of a server. A key is read from standard input: arguments can be seen by everyone on the machine. */
async function connect(engine: Engine, [address, model, ...more]: string[], values: Values): Promise<number> {
  if (address === undefined || model === undefined || more.length > 0 || !URL.canParse(address)) throw new UsageError('Usage: lodestone models connect ADDRESS MODEL [--ollama] [--key < FILE]');
  const key = values['key'] ? (await text(process.stdin)).trim() : undefined;
  console.log(await engine.addServer({ kind: values['ollama'] ? 'ollama' : 'openai', address, model, ...(key && { key }) }));
  return 0;
}

function only(args: string[], what: string): string {
  const [one, ...more] = args;
  if (one === undefined || more.length > 0) throw new UsageError(`One ${what} is needed. Usage: lodestone ${MODELS_USAGE}`);
  return one;
}

const place = (args: string[]): string => path.resolve(only(args, 'PATH'));
const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;
