import { drop, expect, LANGUAGES, picture, settled, test, troubles } from './start.ts';
import { Writer } from './writer.ts';

/** A price list, and what is asked of it. */
const STORIES = {
  en: {
    file: 'Marina prices.md', text: '# Marina prices\n\nA berth in the marina costs 30 euros for one night.\n\nElectricity is charged by the kilowatt hour.\n',
    question: 'How much is a berth in the marina for one night?',
    next: 'How much is a berth in the marina for one night in winter?',
    written: 'A berth in the marina costs 30 euros for one night [1].',
    app: 'open the settings',
  },
  zh: {
    file: '码头价目表.md', text: '# 码头价目表\n\n码头泊位每晚收费三十元。\n\n岸电按度数收费。\n',
    question: '码头泊位每晚收费多少？',
    next: '冬天码头泊位每晚收费多少？',
    written: '码头泊位每晚收费三十元 [1]。',
    app: '打开设置',
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

    test('what went along with an answer, and what was offered, can be said not to belong there', async ({ page, lodestone }) => {
      const writer = new Writer();
      await writer.start();
      writer.answer = () => [story.written];
      const { answers } = words;
      const last = page.locator('.turn').last();
      const check = async (name: string): Promise<void> => {
        await picture(page, `told-${code}-${colorScheme}-${name}`);
        expect(await troubles(page), name).toEqual([]);
      };
      const ask = async (question: string): Promise<void> => {
        await page.getByRole('button', { name: words.ask.newConversation }).click();
        await page.getByLabel(words.ask.label).fill(question);
        await page.keyboard.press('Enter');
        await expect(last.getByRole('heading', { name: question })).toBeVisible();
        await expect(last.getByRole('button', { name: words.ask.answerFailed })).toBeVisible();
      };
      try {
        await drop(page, [{ name: story.file, bytes: new TextEncoder().encode(story.text) }]);
        await settled(page, words, 1);
        const engine = await lodestone.door();
        await engine.useModel('llm', await engine.addServer({ kind: 'openai', address: writer.address, model: writer.model }));

        await test.step('an earlier answer that went along is named and can be put away', async () => {
          await ask(story.question);
          await ask(story.next);
          await last.locator('.how > summary').click();
          const recalled = last.locator('.how-turn');
          await expect(recalled).toContainText(story.question);
          await recalled.getByRole('button', { name: answers.recalledWrong(story.question) }).click();
          await expect(recalled).toContainText(answers.recalledAway);
          await expect(recalled.getByRole('button', { name: answers.recalledWrong(story.question) })).toHaveAttribute('aria-pressed', 'true');
          expect((await engine.feedback())[0]!.signal).toMatchObject({ kind: 'recalled-turn', thumb: 'down' });
          await check('recalled');
        });

        await test.step('the same question again does without it', async () => {
          await ask(story.next);
          await last.locator('.how > summary').click();
          await expect(last.locator('.how-facts')).toBeVisible();
          await expect(last.locator('.how-turn').filter({ hasText: story.next })).toHaveCount(1);
          await expect(last.locator('.how-turn')).toHaveCount(1);
        });

        await test.step('an offered action can be refused, and comes back when that is taken back', async () => {
          const offered = last.getByRole('group', { name: answers.actionsLabel });
          const settings = answers.actions['open-settings'];
          await ask(story.app);
          await offered.getByRole('button', { name: answers.refuseAction(settings) }).click();
          await expect(offered).toContainText(answers.refusedAction(settings));
          await check('refused');
          await expect.poll(async () => (await engine.feedback())[0]!.signal).toMatchObject({ kind: 'action', action: 'open-settings', said: 'refused' });
          await ask(story.app);
          await expect(last.getByRole('button', { name: settings, exact: true })).toHaveCount(0);
          const conversations = await engine.conversations();
          const [refused] = await engine.turns(conversations[1]!.id);
          await engine.signal({ kind: 'action', turn: refused!.id, action: 'open-settings', said: 'none' });
          await ask(story.app);
          await offered.getByRole('button', { name: settings, exact: true }).click();
          await expect(page.getByRole('dialog', { name: words.settings.title })).toBeVisible();
          await page.getByRole('tab', { name: words.settings.sections.feedback }).click();
          const told = page.locator('.feedback-what');
          for (const said of ['accepted', 'refused', 'none'] as const) await expect(told.getByText(words.feedback.signals.action[said](settings))).toBeVisible();
          await expect(told.getByText(words.feedback.signals.recalledTurn.down)).toBeVisible();
          await check('feedback');
        });
      } finally {
        await writer.stop();
      }
    });
  });
}
