import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { RunProgress } from './api.ts';
import { Cancelled, RunUnderWay } from './run-under-way.ts';
import { beginRun, endRun, openRun, setRunState } from './store/runs.ts';
import { memoryDatabase } from './store/testing.ts';

/** A run, by a clock that the test sets; `process` is one that does it, from what is in its row. */
function underWay() {
  const { db } = memoryDatabase();
  const run = beginRun(db, 'query');
  let now = 0;
  const process = () => new RunUnderWay({ db, run, shares: { preparing: 0.1, training: 0.8 }, changed: () => undefined }, () => now);
  return { db, run, process, pass: (seconds: number) => { now += seconds * 1000; }, told: (): RunProgress => openRun(db)!.progress };
}

const point = (training: string, pass: number) => ({ training, pass, loss: 1, aside: 1 });

test('a run of an hour that is killed at four fifths is at four fifths when it is gone on with, has its curve, and has twelve minutes left', async () => {
  const { process, pass, told } = underWay();
  const first = process();
  pass(300);
  await first.prepared(1);
  first.trains();
  first.progress.curve.push(point('final', 1), point('fold 1', 1));
  pass(2580);
  await first.trained(0.875);
  assert.deepEqual([told().done, told().secondsLeft, told().worked], [0.8, 720, 2_880_000]);

  // Nobody did anything for a night.
  pass(40_000);
  const second = process();
  pass(4);
  await second.prepared(0.5);
  assert.deepEqual([Number(told().done.toFixed(3)), told().phase, told().curve.length], [0.75, 'preparing', 2], 'what is prepared is prepared again, the rest is kept');
  pass(4);
  await second.prepared(1);
  second.trains(second.progress.curve);
  pass(2);
  await second.trained(0.88);
  assert.ok(Math.abs(told().secondsLeft! - 708) <= 5, `${told().secondsLeft} s left`);
  assert.deepEqual([told().curve.map(({ training }) => training), second.seconds], [['final', 'fold 1'], 2890]);
});

test('what is learned from has changed: the run begins again, and what was done counts as work but not as a part of it', async () => {
  const { process, pass, told } = underWay();
  const first = process();
  first.trains();
  first.progress.curve.push(point('final', 1));
  pass(3000);
  await first.trained(0.9);
  const second = process();
  pass(100);
  await second.prepared(1);
  second.trains();
  pass(100);
  await second.trained(0.125);
  assert.deepEqual([told().done, told().secondsLeft, told().curve, second.seconds], [0.2, 800, [], 3200]);
});

test('an hour in which it was paused is no work; one that is cancelled meanwhile goes no further', async () => {
  const { db, run, process, pass, told } = underWay();
  const way = process();
  pass(30);
  setRunState(db, run, 'paused');
  const resumed = way.mayGoOn();
  await delay(1);
  pass(3600);
  setRunState(db, run, 'running');
  await resumed;
  way.trains();
  await way.trained(0.5);
  assert.deepEqual([told().done, told().secondsLeft, way.seconds], [0.5, 30, 30]);

  setRunState(db, run, 'paused');
  const waiting = way.mayGoOn();
  endRun(db, run, 'cancelled');
  await assert.rejects(waiting, Cancelled);
  assert.throws(process, Cancelled);
});
