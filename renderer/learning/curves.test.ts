import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meanCurve, passesOf, pathOf, qualityOf, trainings } from './curves.ts';

/** "1 0.9, 2 0.8" is a training of two passes: loss, and the same on what is kept aside plus one. */
const training = (name: string, losses: number[]) => losses.map((loss, i) => ({ training: name, pass: i + 1, loss, aside: loss + 1 }));

test('trainings are told apart, and those with shuffled thumbs are not shown', () => {
  const curve = [...training('final', [3, 2]), ...training('fold 1', [4]), ...training('control', [9]), ...training('control 1', [9])];
  assert.deepEqual(trainings(curve).map(([first]) => first!.training), ['final', 'fold 1']);
});

test('the way of all trainings together is told from where it began; one that ended early counts on with its last value', () => {
  const mean = meanCurve([training('final', [6, 3, 1]), training('fold 1', [4, 2])]);
  assert.deepEqual(mean.map(({ loss }) => loss), [1, 0.5, 0.3]);
  assert.deepEqual(mean.map(({ aside }) => aside), [1, 7 / 12, 5 / 12]);
  assert.deepEqual(meanCurve([]), []);
});

test('passes are told whole, however often one was looked at', () => {
  const looked = [0.25, 0.5, 0.75, 1, 1.25].map((pass) => ({ training: 'final', pass, loss: 1, aside: 1 }));
  assert.deepEqual([passesOf([looked, training('fold 1', [4])]), passesOf([])], [1, 0]);
});

test('the finding score of what is kept aside is the mean over the trainings that tell it', () => {
  const told = (name: string, scores: number[]) => training(name, scores).map((point, i) => ({ ...point, quality: scores[i]! }));
  assert.deepEqual(qualityOf([told('final', [0.5, 0.75]), told('fold 1', [0.25]), training('fold 2', [1])]), { first: 0.375, last: 0.5 });
  assert.equal(qualityOf([training('final', [1])]), undefined);
});

test('a path runs over the whole width, the greatest value at the top', () => {
  const box = { width: 100, height: 50, passes: 3, low: 0, high: 2 };
  assert.equal(pathOf([2, 1, 0], box), 'M0.0 0.0L50.0 25.0L100.0 50.0');
  assert.equal(pathOf([2], { ...box, passes: 1 }), 'M0.0 0.0');
  assert.equal(pathOf([1, 1], { ...box, passes: 2, low: 1, high: 1 }), 'M0.0 25.0L100.0 25.0');
});
