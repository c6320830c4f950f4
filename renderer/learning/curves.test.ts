import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromStart, meanCurve, pathOf, trainings } from './curves.ts';

/** "1 0.9, 2 0.8" is a training of two passes: loss, and the same on what is kept aside plus one. */
const training = (name: string, losses: number[]) => losses.map((loss, i) => ({ training: name, pass: i + 1, loss, aside: loss + 1 }));

test('trainings are told apart, and those with shuffled thumbs are not shown', () => {
  const curve = [...training('final', [3, 2]), ...training('fold 1', [4]), ...training('control', [9]), ...training('control 1', [9])];
  assert.deepEqual(trainings(curve).map(([first]) => first!.training), ['final', 'fold 1']);
});

test('a training is seen as its way from where it began', () => {
  assert.deepEqual(fromStart(training('final', [4, 2])).map(({ pass, loss, aside }) => [pass, loss, aside]), [[1, 1, 1], [2, 0.5, 0.6]]);
});

test('a training that ended early counts on with its last value', () => {
  assert.deepEqual(meanCurve([training('final', [4, 2, 1]), training('fold 1', [6, 4])]), [{ loss: 5, aside: 6 }, { loss: 3, aside: 4 }, { loss: 2.5, aside: 3.5 }]);
  assert.deepEqual(meanCurve([]), []);
});

test('a path runs over the whole width, the greatest value at the top', () => {
  const box = { width: 100, height: 50, passes: 3, low: 0, high: 2 };
  assert.equal(pathOf([2, 1, 0], box), 'M0.0 0.0L50.0 25.0L100.0 50.0');
  assert.equal(pathOf([2], { ...box, passes: 1 }), 'M0.0 0.0');
  assert.equal(pathOf([1, 1], { ...box, passes: 2, low: 1, high: 1 }), 'M0.0 25.0L100.0 25.0');
});
