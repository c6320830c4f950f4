import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hold } from './held.ts';

/** Things that say whether they were closed, and what is to be in use. */
function shelf() {
  const closed: string[] = [];
  const opened: string[] = [];
  let wanted: string | undefined = 'a';
  return {
    closed, opened,
    want: (name: string | undefined) => void (wanted = name),
    holder: hold(() => wanted, async () => {
      opened.push(wanted ?? 'standard');
      if (wanted === 'broken') throw new Error('It is broken.');
      const name = wanted ?? 'standard';
      return { name, close: async () => void closed.push(name) };
    }, ({ name }) => name === wanted),
  };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test('is opened once, and stays open between two uses', async () => {
  const { holder, opened, closed } = shelf();
  const [one, two] = await Promise.all([holder.take(), holder.take()]);
  one.release();
  two.release();
  (await holder.take()).release();
  await settled();
  assert.deepEqual([opened, closed], [['a'], []]);
});

test('what another takes the place of is closed when its last use is over', async () => {
  const { holder, want, closed } = shelf();
  const before = await holder.take();
  want('b');
  const after = await holder.take();
  assert.deepEqual([before.held!.name, after.held!.name, closed], ['a', 'b', []]);
  before.release();
  before.release();
  await settled();
  assert.deepEqual(closed, ['a']);
  holder.close();
  after.release();
  await settled();
  assert.deepEqual(closed, ['a', 'b']);
});

test('what was opened before anything was chosen stays if it is what is chosen then', async () => {
  const { holder, want, opened } = shelf();
  want(undefined);
  (await holder.take()).release();
  want('standard');
  (await holder.take()).release();
  assert.deepEqual(opened, ['standard']);
  const other = shelf();
  other.want(undefined);
  (await other.holder.take()).release();
  other.want('b');
  assert.equal((await other.holder.take()).held!.name, 'b');
});

test('what cannot be opened fails every use, is not tried at each, and gives way to what can', async () => {
  const { holder, want, opened } = shelf();
  want('broken');
  await assert.rejects(holder.take(), /broken/);
  await assert.rejects(holder.take(), /broken/);
  assert.deepEqual(opened, ['broken']);
  want('b');
  assert.equal((await holder.take()).held!.name, 'b');
});
