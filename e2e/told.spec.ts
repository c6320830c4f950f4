import { drop, expect, LANGUAGES, picture, settled, test, troubles } from './start.ts';

/** A price list, and what is asked of it. */
const STORIES = {
  en: {
    file: 'Marina prices.md', text: '# Marina prices\n\nA berth in the marina costs 30 euros for one night.\n\nElectricity is charged by the kilowatt hour.\n',
    question: 'How much is a berth in the marina for one night?',
  },
  zh: {
    file: '码头价目表.md', text: '# 码头价目表\n\n码头泊位每晚收费三十元。\n\n岸电按度数收费。\n',
    question: '码头泊位每晚收费多少？',
  },
};

/** Names differ by language, contrast by theme; two tests see all of both. */
const THEMES = { en: 'light', zh: 'dark' } as const;

for (const { code, locale, words } of LANGUAGES) {
  const colorScheme = THEMES[code];
  const story = STORIES[code];

  test.describe(`in ${locale}, ${colorScheme}`, () => {
    test.use({ locale, colorScheme });

    test('a document that is called outdated is marked where it is seen, and the mark can be taken back', async ({ page, lodestone }) => {
      const last = page.locator('.turn').last();
      const row = page.locator('.document', { hasText: story.file });
      const check = async (name: string): Promise<void> => {
        await picture(page, `told-${code}-${colorScheme}-${name}`);
        expect(await troubles(page), name).toEqual([]);
      };
      const ask = async (turns: number): Promise<void> => {
        await page.getByLabel(words.ask.label).fill(story.question);
        await page.keyboard.press('Enter');
        await expect(page.locator('.turn')).toHaveCount(turns);
        await expect(last.getByRole('button', { name: words.ask.answerFailed })).toBeVisible();
      };
      const callOutdated = async (): Promise<void> => {
        await last.getByRole('button', { name: words.ask.answerFailed }).click();
        await last.getByRole('button', { name: words.ask.reasons.outdated }).click();
      };

      await drop(page, [{ name: story.file, bytes: new TextEncoder().encode(story.text) }]);
      await settled(page, words, 1);
      const engine = await lodestone.door();
      const [library] = await engine.libraries();
      const document = async () => (await engine.documents({ library: library!.id, offset: 0, limit: 1 })).documents[0]!;

      await test.step('the answer is faulted: what it leans on is told, and marked in the library', async () => {
        await ask(1);
        await callOutdated();
        await expect(page.getByText(words.ask.outdatedNoted([story.file])).first()).toBeVisible();
        await expect(row.getByText(words.document.outdated)).toBeVisible();
        await expect(row.getByText(words.document.outdated)).toHaveAttribute('title', words.document.outdatedHint(story.question));
        expect((await document()).outdated?.question).toBe(story.question);
        await check('outdated');
      });

      await test.step('the next answer says why the passage counts less, and still gives it', async () => {
        await ask(2);
        await last.locator('.citation-mark').first().hover();
        const card = page.locator('.citation-card');
        await expect(card.getByText(words.citation.outdated)).toBeVisible();
        await expect(card.getByText(words.document.outdated, { exact: true })).toBeVisible();
        await check('outdated-card');
        await card.getByRole('button', { name: words.document.upToDate }).click();
        await expect(card.getByText(words.document.outdated, { exact: true })).toHaveCount(0);
        await expect(row.getByText(words.document.outdated)).toHaveCount(0);
        expect((await document()).outdated).toBeUndefined();
        await page.keyboard.press('Escape');
      });

      await test.step('the row takes it back too, and each word stands among the feedback', async () => {
        await ask(3);
        await callOutdated();
        await expect(row.getByText(words.document.outdated)).toBeVisible();
        await row.hover();
        await row.getByRole('button', { name: words.document.actions(story.file) }).click();
        await page.getByRole('menuitem', { name: words.document.upToDate }).click();
        await expect(page.getByText(words.document.upToDateDone(story.file)).first()).toBeVisible();
        await expect(row.getByText(words.document.outdated)).toHaveCount(0);
        expect((await engine.feedback()).map(({ signal }) => signal.kind)).toEqual(['up-to-date', 'answer-reason', 'answer-thumb', 'up-to-date', 'answer-reason', 'answer-thumb']);
        expect((await engine.search({ question: story.question })).hits.some(({ trace }) => trace.outdated)).toBe(false);
      });
    });
  });
}
