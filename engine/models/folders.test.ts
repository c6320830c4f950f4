import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { openCrossEncoder } from './cross-encoder.ts';
import { openEmbedder } from './embedder.ts';
import { familyFolder, recorded } from './fixtures/folder.ts';
import { inspectModel } from './inspect.ts';

/** Folders as people bring them, against what transformers computes with the same weights by the recipes of their authors. */
function near(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance = 1e-5): void {
  assert.equal(actual.length, expected.length);
  const distance = Math.hypot(...Array.from(actual, (value, i) => value - expected[i]!));
  assert.ok(distance <= tolerance * Math.hypot(...Array.from(expected)), `off by ${distance / Math.hypot(...Array.from(expected))}`);
}

describe('vectors are those of the authors’ recipe', () => {
  for (const { family, folder: name, network, task, side, vectors } of recorded.vectors) {
    test(`${family}, ${task}, ${side}`, async () => {
      const folder = familyFolder(family, name, network);
      const { manifest } = await inspectModel(folder);
      assert.equal(manifest.family, family);
      const embedder = await openEmbedder(folder);
      const found = await embedder.embed(recorded.asked, side, manifest.tasks ? task : undefined);
      found.forEach((vector, i) => {
        if (manifest.score !== 'dot') return near(vector, vectors[i]!);
        // A direction and how long it is: one number more.
        assert.equal(vector.length, vectors[i]!.length + 1);
        const direction = vectors[i]!.map((value) => value / Math.hypot(...vectors[i]!));
        near(vector.subarray(0, -1).map((value) => value / Math.hypot(...vector.subarray(0, -1))), direction);
        assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-6);
      });
      await embedder.close();
    });
  }
});

describe('logits are those of transformers', () => {
  for (const { family, folder: name, network, question, logits } of recorded.logits) {
    test(name, async () => {
      const folder = familyFolder(family, name, network);
      const { manifest } = await inspectModel(folder);
      assert.equal(manifest.family ?? null, family);
      assert.equal(manifest.role, 'reranker');
      const reranker = await openCrossEncoder(folder);
      near(await reranker.score(question, recorded.asked.map((text) => ({ text }))), logits);
      await reranker.close();
    });
  }
});
