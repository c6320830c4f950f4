import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Engine, Signal, Turn } from '../engine/api.ts';
import { saveReranker, saveVersion, WRECKED } from '../engine/learn/wrecked.ts';
import { openDatabase } from '../engine/store/database.ts';
import { documents, questions } from './machines.ts';
import { drop, expect, LANGUAGES, picture, settled, test, troubles } from './start.ts';

/** Asks, and presses the thumb on the answer. */
async function judge(engine: Engine, question: string, thumb: 'up' | 'down'): Promise<void> {
  for await (const part of engine.ask({ question })) if (part.kind === 'done') await engine.signal(onAnswer(part.turn, thumb));
}

const onAnswer = ({ id }: Turn, thumb: 'up' | 'down'): Signal => ({ kind: 'answer-thumb', turn: id, thumb });

/** So many answers are judged before a version is there, and with it. */
const BEFORE = 12;
const WITH = 8;
const THEMES = { en: 'light', zh: 'dark' } as const;

for (const { code, locale, words } of LANGUAGES) {
  const colorScheme = THEMES[code];
  const { learning } = words;

  test.describe(`in ${locale}, ${colorScheme}`, () => {
    test.use({ locale, colorScheme });

    test('a version that does worse in use is taken back by itself, a reranker too; a person can put it back, and undo learning with one button; a version that rests says so', async ({ page, lodestone }) => {
      test.setTimeout(120_000);
      const dialog = page.getByRole('dialog', { name: learning.title });
      const tab = (section: keyof typeof learning.sections) => dialog.getByRole('tab', { name: learning.sections[section], exact: true }).click();
      const check = async (name: string): Promise<void> => {
        await picture(page, `watching-${code}-${colorScheme}-${name}`);
        expect(await troubles(page), name).toEqual([]);
      };
      const notice = dialog.getByRole('region', { name: learning.takenBackState });
      const asked = questions(code).map(({ question }) => question);

      await drop(page, documents(code).map(({ name, text }) => ({ name, bytes: new TextEncoder().encode(text) })));
      await settled(page, words, documents(code).length);
      const engine = await lodestone.door();
      for (const question of asked.slice(0, BEFORE)) await judge(engine, question, 'up');
      const db = openDatabase(path.join(lodestone.dataDir, 'library.sqlite'));
      saveVersion(db, WRECKED);
      db.close();

      await page.getByRole('button', { name: learning.title, exact: true }).click();
      await expect(dialog.getByRole('button', { name: learning.undo })).toBeVisible();
      await dialog.getByRole('button', { name: learning.undo }).scrollIntoViewIfNeeded();
      await check('in-use');

      for (const question of asked.slice(BEFORE, BEFORE + WITH)) await judge(engine, question, 'down');
      await expect(notice).toBeVisible();
      const { judged, wrong, judgedBefore, wrongBefore } = (await engine.adapters())[0]!.takenBack!;
      expect([judged, wrong, wrongBefore]).toEqual([WITH, WITH, 0]);
      await expect(notice).toContainText(learning.wrongWith(wrong, judged));
      await expect(notice).toContainText(learning.wrongWithout(wrongBefore, judgedBefore));
      await expect(dialog.getByRole('button', { name: learning.undo })).toHaveCount(0);
      expect((await engine.learning()).active).toBeUndefined();
      await notice.scrollIntoViewIfNeeded();
      await check('taken-back');

      await tab('versions');
      const version = dialog.locator('.version').first();
      await expect(version).toContainText(learning.takenBackState);
      await expect(version).toContainText(learning.wrongWith(wrong, judged));
      await check('versions');

      await tab('learn');
      await notice.getByRole('button', { name: learning.putBack }).click();
      await expect(notice).toHaveCount(0);
      expect((await engine.adapters())[0]!.state).toBe('active');
      await dialog.getByRole('button', { name: learning.undo }).click();
      await expect(dialog.getByRole('button', { name: learning.undo })).toHaveCount(0);
      expect((await engine.adapters())[0]).toMatchObject({ state: 'accepted' });
      expect((await engine.learning()).active).toBeUndefined();
      await expect(notice).toHaveCount(0);

      const bundled = (await engine.models()).find(({ role, active }) => role === 'reranker' && active)!.id;
      const again = openDatabase(path.join(lodestone.dataDir, 'library.sqlite'));
      await mkdir(path.join(lodestone.dataDir, 'models'), { recursive: true });
      const reranker = await saveReranker(again, [path.resolve('resources/models'), path.join(lodestone.dataDir, 'models')], -1);
      await engine.activate(reranker);
      for (const question of asked.slice(BEFORE + WITH, BEFORE + 2 * WITH)) await judge(engine, question, 'down');
      await expect(notice).toContainText(learning.levels.reranker.name);
      await expect(notice).toContainText(learning.wrongWith(WITH, WITH));
      expect((await engine.models()).find(({ role, active }) => role === 'reranker' && active)!.id).toBe(bundled);
      await check('reranker-taken-back');

      saveVersion(again, { length: 0.01 }, bundled);
      again.close();
      await notice.getByRole('button', { name: learning.putBack }).click();
      await expect(notice).toHaveCount(0);
      const resting = dialog.getByText(learning.restingText);
      await expect(resting).toBeVisible();
      await resting.scrollIntoViewIfNeeded();
      await check('resting');
      await dialog.getByRole('button', { name: learning.undo }).click();
      await expect(resting).toHaveCount(0);
      await expect(dialog.getByRole('button', { name: learning.undo })).toBeVisible();
    });
  });
}
