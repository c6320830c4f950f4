import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { AppAction, Signal, TurnId } from './api.ts';
import { openSaidBeside } from './memory-said.ts';
import { openEmbedder } from './models/embedder.ts';
import { openDatabase } from './store/database.ts';
import { deleteEvents, saveEvent } from './store/feedback.ts';

const embedder = await openEmbedder(fileURLToPath(new URL('../resources/models/lodestone-embed-static-v2', import.meta.url)));
const QUESTION = 'How often does the boiler of the engine need inspection?';
const boiler = 7 as TurnId;

function house() {
  const db = openDatabase(':memory:');
  const at = openSaidBeside(db, embedder);
  const say = (signal: Signal, question = QUESTION) => saveEvent(db, signal, { turn: { question } as never });
  const recalled = (turn: number, thumb: 'up' | 'down' | 'none', question?: string) => say({ kind: 'recalled-turn', turn: turn as TurnId, recalled: boiler, thumb }, question);
  const action = (turn: number, said: 'accepted' | 'refused' | 'none', question?: string) => say({ kind: 'action', turn: turn as TurnId, action: 'open-models' as AppAction, said }, question);
  return { db, at, recalled, action };
}

test('a word counts for the same question, in other case too, and for no other; it goes with its event', async () => {
  const { db, at, recalled } = house();
  assert.deepEqual(await at(QUESTION), { dismissed: new Set(), actions: new Map() });
  const event = recalled(1, 'down');
  assert.deepEqual((await at('how often does the BOILER of the engine need inspection')).dismissed, new Set([boiler]));
  assert.deepEqual((await at('Who may open the boiler of the engine?')).dismissed, new Set());
  deleteEvents(db, [event]);
  assert.deepEqual((await at(QUESTION)).dismissed, new Set());
});

test('of several words the nearest counts, of equally near ones the latest, and none takes back', async () => {
  const { at, recalled } = house();
  recalled(1, 'down');
  recalled(1, 'none');
  assert.deepEqual((await at(QUESTION)).dismissed, new Set());
  recalled(2, 'down');
  recalled(3, 'up');
  assert.deepEqual((await at(QUESTION)).dismissed, new Set());
  recalled(4, 'down');
  assert.deepEqual((await at(QUESTION)).dismissed, new Set([boiler]));
});

test('what is held against an action is bounded: refused ten times it is held against as much as once, less at a question that is merely near', async () => {
  const { at, action } = house();
  action(1, 'accepted');
  assert.ok((await at(QUESTION)).actions.get('open-models')! > 0);
  action(2, 'refused');
  const once = (await at(QUESTION)).actions.get('open-models')!;
  for (let turn = 3; turn < 13; turn++) action(turn, 'refused');
  assert.equal((await at(QUESTION)).actions.get('open-models'), once);
  const near = (await at('How often does the boiler need inspection?')).actions.get('open-models') ?? 0;
  assert.ok(once < near && near < 0, `${once} at the question, ${near} near it`);
});
