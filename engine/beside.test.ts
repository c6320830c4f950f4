import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ACTIONS } from './actions.ts';
import { scripted, type Scripted } from './answer/testing/scripted.ts';
import type { ConversationId, Engine, LibraryId, Turn } from './api.ts';
import { openEngine } from './engine.ts';
import { parseSamples, type Sample } from './learn/samples.ts';
import { idle } from './testing.ts';

/** What goes along beside documents, through the engine itself: what is said of it has its effect, and goes out as samples. */
const resourcesDir = fileURLToPath(new URL('../resources', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'lodestone-beside-'));
const RENT = 'How much is the monthly rent of the flat in Harbour Street?';
const RISE = 'When does the monthly rent of the flat in Harbour Street rise?';
const SETTINGS = 'please open the settings of this app';

let engine: Engine;
let library: LibraryId;
let model: Scripted;

before(async () => {
  model = await scripted((messages) => (/Question: When/.test(messages.at(-1)!.content) ? ['It rises every January.'] : ['The monthly rent is 1,250 euros.']));
  engine = await openEngine({ dataDir: join(root, 'data'), resourcesDir, secret: new Uint8Array(32) });
  mkdirSync(join(root, 'files'));
  writeFileSync(join(root, 'files', 'lease.md'), '# Lease\n\nThe monthly rent of the flat in Harbour Street is 1,250 euros.\n\nThe rent of the flat in Harbour Street rises by two percent every January.\n');
  library = await engine.createLibrary('Home');
  await engine.add(library, [join(root, 'files')]);
  await idle(engine);
  await engine.useModel('llm', await engine.addServer({ kind: 'openai', address: `${model.url}/v1`, model: 'scripted' }));
});
after(async () => {
  await engine.close();
  model.close();
  rmSync(root, { recursive: true, force: true });
});

async function asked(question: string, conversation?: ConversationId): Promise<Turn> {
  for await (const part of engine.ask({ question, libraries: [library], ...(conversation !== undefined && { conversation }) })) if (part.kind === 'done') return part.turn;
  throw new Error('The answer broke off.');
}
/** Asks, and lets nothing of it be remembered. */
async function askedInPassing(question: string): Promise<Turn> {
  const turn = await asked(question);
  await engine.removeConversation(turn.conversation);
  return turn;
}
const stored = async ({ id, conversation }: Turn): Promise<Turn> => (await engine.turns(conversation)).find((turn) => turn.id === id)!;
const samples = async (task: string): Promise<Sample[]> => (await engine.exportSamples()).filter(({ path }) => path.startsWith(`export/${task}/`) || path.startsWith(`export/holdout/${task}/`)).flatMap(({ text }) => parseSamples(text));

let rent: Turn;
let rise: Turn;

test('an earlier turn that went along is named, and one that does not belong there does not come again for a question like this', async () => {
  rent = await asked(RENT);
  rise = await asked(RISE);
  assert.equal(rise.details!.written?.model, 'scripted', rise.details!.fallback);
  assert.deepEqual([rise.details!.recalled, rise.details!.remembered], [[rent.id], [RENT]]);
  await assert.rejects(engine.signal({ kind: 'recalled-turn', turn: rent.id, recalled: rise.id, thumb: 'down' }), { code: 'invalid' });

  const event = await engine.signal({ kind: 'recalled-turn', turn: rise.id, recalled: rent.id, thumb: 'down' });
  assert.deepEqual((await stored(rise)).thumbs.recalled, { [rent.id]: 'down' });
  const again = await askedInPassing('when does the MONTHLY rent of the flat in Harbour Street rise');
  assert.ok(!again.details!.recalled!.includes(rent.id) && again.details!.recalled!.includes(rise.id));
  assert.ok((await askedInPassing('What is the monthly rent of the flat in Harbour Street now?')).details!.recalled!.includes(rent.id), 'for another question it may');
  await engine.deleteFeedback([event]);
  assert.ok((await askedInPassing(RISE)).details!.recalled!.includes(rent.id), 'without the event it may here too');
  await engine.signal({ kind: 'recalled-turn', turn: rise.id, recalled: rent.id, thumb: 'down' });
});

test('what was said of earlier turns goes out as chat: candidates in their order, the answer that was accepted, scores by the person', async () => {
  await engine.signal({ kind: 'answer-thumb', turn: rise.id, thumb: 'up' });
  const [row, ...others] = await samples('chat-scored');
  assert.equal(others.length, 0);
  const text = `${RENT}\nThe monthly rent is 1,250 euros.`;
  assert.deepEqual(
    [row!.query, row!.pos, row!.neg, row!['history'], row!['history_values'], row!['teacher_scores'], row!.answers, row!.teacher, row!.neg_ids, row!.event_ids.length],
    [RISE, [], [text], [text], [text], [-1], ['It rises every January.'], 'user', [`turn-${rent.id}`], 2],
  );
});

test('of an answer accepted with examples the examples go out as candidates, for a reward alone', async () => {
  assert.deepEqual(await samples('icl-without-pos'), [], 'nothing was accepted when the others were asked');
  await engine.changeSettings({ memory: false });
  const turn = await asked('When does the rent of the flat in Harbour Street rise next?');
  assert.equal(turn.details!.recalled, undefined);
  assert.ok(turn.details!.examples!.includes(rise.id));
  await engine.signal({ kind: 'answer-thumb', turn: turn.id, thumb: 'up' });
  const [row] = await samples('icl-without-pos');
  assert.deepEqual([row!.pos, row!.neg, row!.answers, row!['teacher_scores'], row!.teacher], [[], [`${RISE}\nIt rises every January.`], ['It rises every January.'], undefined, '']);
});

test('an action that was refused is not offered at that question again, until that is taken back; elsewhere it is', async () => {
  const turn = await asked(SETTINGS);
  assert.ok(turn.actions!.includes('open-settings'));
  await assert.rejects(engine.signal({ kind: 'action', turn: turn.id, action: 'new-library', said: 'refused' }), { code: 'invalid' });
  await engine.signal({ kind: 'action', turn: turn.id, action: 'open-settings', said: 'refused' });
  assert.deepEqual((await stored(turn)).thumbs.actions, { 'open-settings': 'refused' });
  assert.ok(!(await asked(SETTINGS)).actions?.includes('open-settings'));
  assert.ok((await asked('where are the preferences of this app?')).actions?.includes('open-settings'));
  assert.deepEqual(await samples('tool'), [], 'a refusal alone has nothing to be told apart from');
  await engine.signal({ kind: 'action', turn: turn.id, action: 'open-settings', said: 'none' });
  assert.ok((await asked(SETTINGS)).actions!.includes('open-settings'));
});

test('actions go out as tool, to be told apart and nothing else', async () => {
  const turn = await asked(SETTINGS);
  await engine.signal({ kind: 'action', turn: turn.id, action: 'open-settings', said: 'accepted' });
  const [row] = await samples('tool');
  assert.deepEqual([row!.query, row!.pos_ids, row!.pos, row!['teacher_scores'], row!.answers], [SETTINGS, ['action-open-settings'], [ACTIONS['open-settings'].join('\n')], undefined, []]);
  assert.deepEqual([row!.neg.length, new Set(row!.neg_ids).size], [Object.keys(ACTIONS).length - 1, Object.keys(ACTIONS).length - 1]);
});

test('DM-2: rows of every task come in again as they went out, and DM-6: what leans on a document goes with it', async () => {
  const tasks = ['chat-scored', 'icl-without-pos', 'tool'];
  const out = (await Promise.all(tasks.map(samples))).flat();
  const files = (await engine.exportSamples()).filter(({ path }) => tasks.some((task) => path.startsWith(`export/${task}/`) || path.startsWith(`export/holdout/${task}/`)));
  for (const { text } of files) await engine.importSamples(text);
  const bare = ({ pos_index: _, neg_index: __, query_id: ___, ...row }: Sample) => row;
  const again = (await Promise.all(tasks.map(samples))).flat();
  for (const row of out) assert.equal(again.filter((other) => JSON.stringify(bare(other)) === JSON.stringify(bare(row))).length, 2, 'the person\'s own and the imported one');
  await engine.removeImportedSamples();

  const { documents: [lease] } = await engine.documents({ library, offset: 0, limit: 1 });
  await engine.removeDocuments([lease!.id]);
  await idle(engine);
  assert.deepEqual([await samples('chat-scored'), await samples('icl-without-pos'), (await samples('tool')).length], [[], [], 1]);
});
