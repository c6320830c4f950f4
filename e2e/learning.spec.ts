import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Engine } from '../engine/api.ts';
import { addTwins, judgeTwins } from '../engine/learn/twins.ts';
import { makeSmallEmbedder } from '../engine/models/testing.ts';
import { documents, questions, type Asked } from './machines.ts';
import { drop, expect, LANGUAGES, picture, settled, test, troubles } from './start.ts';

/** Asks as a person would and says where the right place is. */
async function teach(engine: Engine, { question, name, quote }: Asked): Promise<void> {
  const [library] = await engine.libraries();
  const { documents: [document] } = await engine.documents({ library: library!.id, name, offset: 0, limit: 1 });
  const block = (await engine.blocks(document!.id)).find(({ text }) => text.includes(quote))!;
  const start = block.place.start + block.text.indexOf(quote);
  for await (const part of engine.ask({ question, libraries: [library!.id] })) {
    if (part.kind === 'done') await engine.signal({ kind: 'right-place', turn: part.turn.id, document: document!.id, start, end: start + quote.length });
  }
}

/** Names differ by language, contrast by theme; two tests see all of both. */
const THEMES = { en: 'light', zh: 'dark' } as const;

for (const { code, locale, words } of LANGUAGES) {
  const colorScheme = THEMES[code];
  const { learning } = words;

  test.describe(`in ${locale}, ${colorScheme}`, () => {
    test.use({ locale, colorScheme });

    test('from the first thumb to a version and back', async ({ page, lodestone }) => {
      test.setTimeout(300_000);
      const [first, ...others] = questions(code);
      const dialog = page.getByRole('dialog', { name: learning.title });
      const tab = (section: keyof typeof learning.sections) => dialog.getByRole('tab', { name: learning.sections[section], exact: true }).click();
      const check = async (name: string): Promise<void> => {
        await picture(page, `learning-${code}-${colorScheme}-${name}`);
        expect(await troubles(page), name).toEqual([]);
      };
      const open = () => page.getByRole('button', { name: learning.title, exact: true }).click();

      await drop(page, documents(code).map(({ name, text }) => ({ name, bytes: new TextEncoder().encode(text) })));
      await settled(page, words, documents(code).length);
      const engine = await lodestone.door();

      await test.step('before any thumb it says what to do', async () => {
        await open();
        await expect(dialog.getByText(learning.emptyTitle)).toBeVisible();
        await expect(dialog.getByText(learning.missingQuestions(0, 30))).toBeVisible();
        await check('empty');
      });

      await test.step('what is told counts while the page stands open, and what is missing is said', async () => {
        await teach(engine, first!);
        await expect(dialog.getByText(learning.missingQuestions(1, 30))).toBeVisible();
        await page.keyboard.press('Escape');
      });

      await test.step('the same question again is answered from there, with a quiet sign', async () => {
        await page.getByLabel(words.ask.label).fill(first!.question);
        await page.keyboard.press('Enter');
        const turn = page.locator('.turn').last();
        await expect(turn).toContainText(first!.quote.slice(-12));
        await expect(turn.getByText(learning.taught)).toBeVisible();
        await turn.locator('.citation-mark[data-taught]').first().hover();
        await expect(page.locator('.citation-card').getByText(learning.taughtFor(first!.question))).toBeVisible();
        await check('sign');
      });

      await test.step('a run says how long it takes, shows its way, can be held and goes on', async () => {
        for (const asked of others) await teach(engine, asked);
        await open();
        await expect(dialog.getByText(learning.ready(36))).toBeVisible();
        const about = await engine.estimateLearning();
        expect(about.seconds).toBeGreaterThan(0);
        // A second click does nothing: neither begins another run nor presses what stands in the button's place.
        await dialog.getByRole('button', { name: learning.learn, exact: true }).dblclick();
        await dialog.getByRole('button', { name: learning.pause }).click();
        await expect(page.getByRole('alert')).toBeEmpty();
        await expect(dialog.getByRole('heading', { name: learning.states.paused })).toBeVisible();
        await dialog.getByRole('button', { name: learning.resume }).click();
        await expect(dialog.getByRole('progressbar', { name: learning.running })).toBeVisible();
        await expect(dialog.locator('.curve').getByRole('img')).toBeVisible({ timeout: 120_000 });
        await check('run');
      });

      await test.step('what came of it is said as the engine judged it', async () => {
        const outcome = dialog.getByRole('region', { name: learning.latest });
        await expect(outcome).toBeVisible({ timeout: 120_000 });
        const [adapter] = await engine.adapters();
        // In English the lesson is clear enough, so that there is something to go back from.
        if (code === 'en') expect(adapter!.state).toBe('active');
        await expect(outcome).toContainText(adapter!.refusals.length === 0 ? learning.accepted : learning.refused);
        for (const refusal of adapter!.refusals) await expect(outcome).toContainText(learning.refusals[refusal]);
        await expect(outcome.getByRole('button', { name: learning.seeQuestions })).toBeInViewport();
        await check('outcome');
      });

      await test.step('a run that is cancelled changes nothing', async () => {
        const { active } = await engine.learning();
        await dialog.getByRole('button', { name: learning.learn, exact: true }).click();
        await dialog.getByRole('button', { name: learning.cancel, exact: true }).click();
        await page.getByRole('dialog', { name: learning.cancelTitle }).getByRole('button', { name: learning.cancelDo }).click();
        await expect(dialog.getByText(learning.states.cancelled)).toBeVisible();
        const now = await engine.learning();
        expect([now.active, now.run!.state]).toEqual([active, 'cancelled']);
        expect(await engine.adapters()).toHaveLength(1);
      });

      await test.step('each question stands there before and after', async () => {
        await tab('questions');
        const comparison = dialog.locator('.comparison').first();
        await comparison.locator('summary').focus();
        await page.keyboard.press('Enter');
        await expect(comparison.getByRole('list', { name: learning.rankingBefore })).toContainText(learning.right);
        await expect(comparison.getByRole('list', { name: learning.rankingAfter })).toContainText(learning.right);
        await check('questions');
      });

      await test.step('a version is deleted only after asking, and one click goes back', async () => {
        await tab('versions');
        const [adapter] = await engine.adapters();
        const version = dialog.locator('.version').first();
        if (adapter!.state === 'active') {
          await version.getByRole('button', { name: learning.back }).click();
          await expect(version).toContainText(learning.versionStates.accepted);
          expect((await engine.learning()).active).toBeUndefined();
          await version.getByRole('button', { name: learning.use, exact: true }).click();
          await expect(version.getByRole('button', { name: learning.back })).toBeVisible();
          expect((await engine.learning()).active).toBe(adapter!.id);
        }
        await check('versions');
        await version.getByRole('button', { name: /^(Actions for|.*的操作)/ }).click();
        const saved = page.waitForEvent('download');
        await page.getByRole('menuitem', { name: learning.export }).click();
        const file = await saved;
        expect(file.suggestedFilename()).toContain(`${learning.fileName}-${adapter!.id}`);
        expect(await readFile(await file.path())).toEqual(Buffer.from(await engine.exportAdapter(adapter!.id)));
        await engine.deleteFeedback((await engine.feedback()).slice(0, 1).map(({ id }) => id));
        await expect(version).toContainText(learning.stale);
        await version.getByRole('button', { name: /^(Actions for|.*的操作)/ }).click();
        await page.getByRole('menuitem', { name: learning.remove }).click();
        await page.getByRole('dialog', { name: learning.removeTitle }).getByRole('button', { name: learning.remove, exact: true }).click();
        await expect(dialog.getByText(learning.none)).toBeVisible();
        expect(await engine.adapters()).toEqual([]);
      });

      await test.step('samples go out as files and come in again', async () => {
        await tab('samples');
        const saved: string[] = [];
        page.on('download', (download) => saved.push(download.suggestedFilename()));
        await dialog.getByRole('button', { name: learning.exportDo }).click();
        await expect.poll(() => saved).toEqual([expect.stringMatching(/\d{4}-\d\d-\d\d\.zip$/)]);
        const { text } = (await engine.exportSamples()).find(({ path }) => path.endsWith('train.json'))!;
        const chooser = page.waitForEvent('filechooser');
        await dialog.getByRole('button', { name: learning.importDo }).click();
        await (await chooser).setFiles([{ name: 'train.json', mimeType: 'application/jsonl', buffer: Buffer.from(text) }]);
        await expect(page.getByText(learning.imported(text.trimEnd().split('\n').length)).first()).toBeVisible();
        await check('samples');
        await dialog.getByRole('button', { name: learning.removeImported }).click();
        await page.getByRole('dialog', { name: learning.removeImportedTitle }).getByRole('button', { name: learning.removeImported }).click();
        await expect(page.getByText(learning.importedRemoved).first()).toBeVisible();
      });
    });

    test('the deep levels say how long they take or why they cannot learn, and an embedder that was accepted grows its index', async ({ page, lodestone }) => {
      test.setTimeout(300_000);
      const dialog = page.getByRole('dialog', { name: learning.title });
      const check = async (name: string): Promise<void> => {
        await picture(page, `learning-${code}-${colorScheme}-${name}`);
        expect(await troubles(page), name).toEqual([]);
      };
      const choose = async (level: keyof typeof learning.levels): Promise<void> => {
        await dialog.getByText(learning.levels[level].name, { exact: true }).click();
        await expect(dialog.getByText(learning.levels[level].text)).toBeVisible();
      };
      /** A sentence that says a length of time, whatever it is. */
      const timed = (sentence: (time: string) => string): RegExp => new RegExp(sentence('§').replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace('§', '.+'));
      const folder = await mkdtemp(path.join(tmpdir(), 'lodestone-deep-'));
      const engine = await lodestone.door();

      try {
        await test.step('each level says what it is for and how long it takes here; the embedder also how long its index takes', async () => {
          await judgeTwins(engine, await addTwins(engine, path.join(folder, 'twins'), 'even'));
          await page.getByRole('button', { name: learning.title, exact: true }).click();
          for (const level of ['reranker', 'embedder'] as const) {
            await choose(level);
            await expect(dialog.getByText(timed(learning.takes))).toBeVisible({ timeout: 120_000 });
            await expect(dialog.getByText(timed(learning.thenIndex))).toHaveCount(level === 'embedder' ? 1 : 0);
          }
          await check('deep-estimate');
        });

        // One run of each kind is enough for a machine of two cores: the embedder's to its end, the reranker's until it is under way.
        if (code === 'en') {
          await test.step('an embedder that passes is in use when its index has grown, and says so meanwhile', async () => {
            await engine.pause();
            await dialog.getByRole('button', { name: learning.learn, exact: true }).click();
            await expect(dialog.getByRole('heading', { name: learning.levels.embedder.name })).toBeVisible();
            await expect(dialog.locator('.curve').getByRole('img')).toBeVisible({ timeout: 120_000 });
            await check('deep-run');
            const outcome = dialog.getByRole('region', { name: learning.latest });
            await expect(outcome).toBeVisible({ timeout: 180_000 });
            const [version] = await engine.adapters();
            expect(version).toMatchObject({ level: 'embedder', refusals: [], state: 'accepted' });
            await expect(outcome.getByText(timed(learning.growing))).toBeVisible();
            await outcome.scrollIntoViewIfNeeded();
            await check('deep-growing');
            await engine.resume();
            await expect(outcome.getByText(learning.accepted)).toBeVisible({ timeout: 120_000 });
            await expect(outcome.getByText(timed(learning.growing))).toHaveCount(0);
            expect((await engine.models()).find(({ role, active }) => role === 'embedder' && active)!.id).toBe(version!.model);
          });

          await test.step('one click goes back, and another forward: the index is kept', async () => {
            await dialog.getByRole('tab', { name: learning.sections.versions, exact: true }).click();
            const version = dialog.locator('.version').first();
            await expect(version).toContainText(learning.levels.embedder.name);
            await version.getByRole('button', { name: learning.back }).click();
            await expect(version).toContainText(learning.versionStates.accepted, { timeout: 120_000 });
            await version.getByRole('button', { name: learning.use, exact: true }).click();
            await expect(version).toContainText(learning.versionStates.active, { timeout: 120_000 });
            await check('deep-versions');
          });
        } else {
          await test.step('a run of the reranker says so, and leaves nothing when it is cancelled', async () => {
            await choose('reranker');
            await dialog.getByRole('button', { name: learning.learn, exact: true }).click();
            await expect(dialog.getByRole('heading', { name: learning.levels.reranker.name })).toBeVisible();
            await check('deep-run');
            await dialog.getByRole('button', { name: learning.cancel, exact: true }).click();
            await page.getByRole('dialog', { name: learning.cancelTitle }).getByRole('button', { name: learning.cancelDo }).click();
            await expect(dialog.getByText(learning.states.cancelled)).toBeVisible();
            expect(await engine.adapters()).toEqual([]);
          });

          await test.step('a model that cannot be trained is not: it says why', async () => {
            const letters = await makeSmallEmbedder(path.join(folder, 'letters'), { id: 'letters', dimensions: 16, seed: 1 });
            const manifest = path.join(letters, 'manifest.json');
            // By their letters all these questions are alike; as the model knows that, it takes none for another.
            await writeFile(manifest, JSON.stringify({ ...JSON.parse(await readFile(manifest, 'utf8')), background: { mean: 0.95, deviation: 0.05 } }));
            await engine.useModel('embedder', await engine.addModel(letters));
            await choose('embedder');
            const { name } = (await engine.models()).find(({ id }) => id.includes('letters'))!;
            await expect(dialog.getByText(learning.untrainable.form(name))).toBeVisible({ timeout: 120_000 });
            await expect(dialog.getByRole('button', { name: learning.learn, exact: true })).toHaveCount(0);
            await choose('reranker');
            await expect(dialog.getByRole('button', { name: learning.learn, exact: true })).toBeVisible();
            await choose('embedder');
            await check('deep-untrainable');
          });
        }
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
  });
}
