import { dropFiles, expect, LANGUAGES, picture, sample, settled, test, troubles } from './start.ts';
import { Writer } from './writer.ts';

/** A stored question and answer, a table of more, and what the language model asks of the document. */
const STORIES = {
  en: {
    file: 'Kestrel 40 grinder guide.html',
    stored: { question: 'Who repairs our grinder?', answer: 'Marta in the workshop, on Tuesdays.' },
    table: 'question,answer\nWhere are the spare burrs?,In the third drawer.\nWhat about this one?,\n',
    added: 'Where are the spare burrs?',
    asked: 'How often should I clean the burrs of the grinder?',
    written: ['What has to be done with the burrs every week?', '每周要对研磨盘做什么？'],
    quote: 'Brush out the burrs once a week.',
  },
  zh: {
    file: '社区图书馆借阅须知.txt',
    stored: { question: '读者证丢了找谁？', answer: '找一楼服务台的林女士。' },
    table: '问题,答案\n自习室在哪里？,二楼东侧。\n这一行没有答案,\n',
    added: '自习室在哪里？',
    asked: '每位读者一次最多可以借几本书？',
    written: ['How many books may one reader borrow at once?', '一个人一次能借走多少本书？'],
    quote: '每位读者一次最多可以借八本书，借期为三十天。',
  },
};

/** Names differ by language, contrast by theme; two tests see all of both. */
const THEMES = { en: 'dark', zh: 'light' } as const;

for (const { code, locale, words } of LANGUAGES) {
  const colorScheme = THEMES[code];
  const story = STORIES[code];
  const { faq, tests } = words.answers;

  test.describe(`in ${locale}, ${colorScheme}`, () => {
    test.use({ locale, colorScheme });
    const writer = new Writer();
    test.beforeAll(() => writer.start());
    test.afterAll(() => writer.stop());

    test('stored answers answer with exactly their words', async ({ page, lodestone }) => {
      test.setTimeout(120_000);
      const dialog = page.getByRole('dialog', { name: faq.title, exact: true });
      const check = async (name: string): Promise<void> => {
        await picture(page, `own-${code}-${colorScheme}-${name}`);
        expect(await troubles(page), name).toEqual([]);
      };
      await dropFiles(page, [sample(code, story.file)]);
      await settled(page, words, 1);

      await page.getByRole('button', { name: new RegExp(words.library.switch) }).click();
      await page.getByRole('menuitem', { name: faq.menu }).click();
      await expect(dialog.getByText(faq.none)).toBeVisible();
      await dialog.getByRole('button', { name: faq.add }).click();
      await dialog.getByLabel(faq.question).fill(story.stored.question);
      await dialog.getByLabel(faq.answer).fill(story.stored.answer);
      await dialog.getByRole('button', { name: faq.save }).click();
      await expect(dialog.locator('.faqs > li > div')).toHaveText(`${story.stored.question}${story.stored.answer}`);

      const chooser = page.waitForEvent('filechooser');
      await dialog.getByRole('button', { name: faq.import }).click();
      await (await chooser).setFiles([{ name: 'table.csv', mimeType: 'text/csv', buffer: Buffer.from(story.table) }]);
      await expect(dialog.getByText(faq.refused(1))).toBeVisible();
      await expect(dialog.getByText(faq.reasons['no-answer'])).toBeVisible();
      await expect(dialog.locator('.faqs > li')).toHaveCount(2);
      await check('faq');
      await page.keyboard.press('Escape');

      await page.getByLabel(words.ask.label).fill(story.stored.question);
      await page.keyboard.press('Enter');
      const turn = page.locator('.turn').last();
      await expect(turn.locator('.turn-answer')).toHaveText(story.stored.answer);
      await turn.locator('.how > summary').click();
      await expect(turn.locator('.how-facts')).toContainText(story.stored.question);
      await check('faq-answer');

      const engine = await lodestone.door();
      const [library] = await engine.libraries();
      await page.getByRole('button', { name: new RegExp(words.library.switch) }).click();
      await page.getByRole('menuitem', { name: faq.menu }).click();
      await dialog.getByRole('button', { name: faq.remove(story.stored.question) }).click();
      await expect(dialog.locator('.faqs > li')).toHaveCount(1);
      expect((await engine.faqs(library!.id)).map(({ question }) => question)).toEqual([story.added]);
    });

    test('test questions are kept, written by the language model, asked, and compared', async ({ page, lodestone }) => {
      test.setTimeout(180_000);
      const dialog = page.getByRole('dialog', { name: words.models.title, exact: true });
      const check = async (name: string): Promise<void> => {
        await picture(page, `own-${code}-${colorScheme}-${name}`);
        expect(await troubles(page), name).toEqual([]);
      };
      await dropFiles(page, [sample(code, story.file)]);
      await settled(page, words, 1);
      const engine = await lodestone.door();
      await engine.useModel('llm', await engine.addServer({ kind: 'openai', address: writer.address, model: writer.model }));
      const [library] = await engine.libraries();
      const { documents: [document] } = await engine.documents({ library: library!.id, offset: 0, limit: 1 });
      const block = (await engine.blocks(document!.id)).find(({ text }) => text.includes(story.quote))!;
      const start = block.place.start + block.text.indexOf(story.quote);

      await page.getByRole('button', { name: words.models.title, exact: true }).click();
      await dialog.getByRole('tab', { name: words.models.sections.tests, exact: true }).click();
      await expect(dialog.getByText(tests.none)).toBeVisible();
      await check('tests-none');

      await test.step('a place that was pointed at becomes a question', async () => {
        await engine.addTestQuestion(library!.id, story.asked, document!.id, start, start + story.quote.length);
        await expect(dialog.locator('.tests > li')).toContainText([story.asked]);
      });

      await test.step('the language model writes others; what came of each is said', async () => {
        writer.answer = (user) => {
          if (user.includes('"kinds"')) return ['{"kinds": ["A question about care."]}'];
          const question = story.written[user.includes('中文') ? 1 : 0]!;
          return [user.includes(story.quote) ? JSON.stringify({ question, answered_by: story.quote }) : 'I would rather not.'];
        };
        await dialog.getByLabel(tests.howMany).fill('5');
        await dialog.getByRole('button', { name: tests.write }).click();
        await expect.poll(async () => (await engine.writing())?.running, { timeout: 60_000 }).toBe(false);
        const writing = (await engine.writing())!;
        await expect(dialog.getByText(tests.written(writing.kept))).toBeVisible();
        expect(writing.refused.broken ?? 0).toBeGreaterThan(0);
        await expect(dialog.getByText(tests.refusals.broken(writing.refused.broken!))).toBeVisible();
        await expect(dialog.locator('.tests > li')).toHaveCount(1 + writing.kept);
      });

      await test.step('asked all at once, the result stands there and beside the model', async () => {
        await dialog.getByRole('button', { name: tests.run }).click();
        await expect(dialog.locator('.results tbody tr')).toHaveCount(1);
        const [result] = await engine.testResults();
        await expect(dialog.locator('.results-score')).toContainText((result!.ndcg * 100).toFixed(1));
        await check('tests');
        await dialog.getByRole('tab', { name: words.models.sections.use, exact: true }).click();
        await dialog.getByRole('button', { name: words.models.tryMine }).first().click();
        await expect(dialog.locator('.mine').first()).toBeVisible({ timeout: 30_000 });
        await check('tests-mine');
      });
    });
  });
}
