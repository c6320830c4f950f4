import { dropFiles, expect, LANGUAGES, picture, sample, settled, test } from './start.ts';

/** What is asked in each language: of a PDF, of a text that is not a PDF, and of nothing that is there. */
const STORIES = {
  en: {
    files: ['Travel expense policy.pdf', 'Kestrel 40 grinder guide.html', 'Workshop lease.docx', 'Small boat glossary.txt', 'Why the evening sky is red.md'],
    pdf: { file: 'Travel expense policy.pdf', question: 'How much mobile data abroad is repaid per trip?', answer: '25 euros per trip', page: 2 },
    text: { file: 'Kestrel 40 grinder guide.html', question: 'How often should I clean the burrs of the grinder?', answer: 'every four weeks' },
    nowhere: 'What is the boiling point of tungsten on Jupiter?',
    rare: 'tungsten',
  },
  zh: {
    files: ['远程办公与休假制度.pdf', '社区图书馆借阅须知.txt', '电梯维护保养合同.docx', '路由器使用说明.html', '手冲咖啡入门.md'],
    pdf: { file: '远程办公与休假制度.pdf', question: '远程办公期间公司每月发放多少网络补贴？', answer: '网络补贴一百二十元', page: 1 },
    text: { file: '社区图书馆借阅须知.txt', question: '每位读者一次最多可以借几本书？', answer: '八本书' },
    nowhere: '木星上钨的沸点是多少？',
    rare: '木星',
  },
};

for (const { code, locale, words, reader } of LANGUAGES) {
  test.describe(`in ${locale}`, () => {
    test.use({ locale, permissions: ['clipboard-read', 'clipboard-write'] });

    test('the first answer takes under a minute: samples, a question, a source', async ({ page }) => {
      const start = Date.now();
      await page.getByRole('button', { name: words.welcome.samples }).click();
      await page.getByRole('button', { name: words.ask.sampleQuestions[0]! }).click();
      await expect(page.locator('.citation-mark').first()).toBeVisible();
      expect(Date.now() - start).toBeLessThan(60_000);
      await settled(page, words, 12);
      for (const question of words.ask.sampleQuestions) {
        await page.getByRole('button', { name: words.ask.newConversation }).click();
        await page.getByRole('button', { name: question }).click();
        await expect(page.locator('.turn .citation-mark').first(), question).toBeVisible();
        await expect(page.getByText(words.ask.notFound)).toHaveCount(0);
      }
    });

    test('drop, index, ask, cite, open, rate, remove, restart', async ({ page, lodestone }) => {
      const story = STORIES[code];
      const question = page.getByLabel(words.ask.label);
      const lastTurn = page.locator('.turn').last();
      const row = (name: string) => page.getByRole('listitem').filter({ has: page.getByRole('button', { name, exact: true }) });
      const ask = async (text: string): Promise<void> => {
        await question.fill(text);
        await question.press('Enter');
        await expect(page.getByRole('heading', { name: text }).last()).toBeVisible();
        await expect(page.getByRole('button', { name: words.ask.send, exact: true })).toBeVisible();
      };

      await test.step('a first launch says what this is and what to do', async () => {
        await expect(page.getByRole('heading', { name: words.welcome.title, exact: true })).toBeVisible();
        await expect(page.getByText(words.welcome.drop)).toBeVisible();
        await picture(page, `${code}-1-welcome`);
      });

      await test.step('files dropped on the window are taken in', async () => {
        await dropFiles(page, story.files.map((name) => sample(code, name)));
        await settled(page, words, story.files.length);
        for (const name of story.files) await expect(row(name)).toBeVisible();
        await expect(page.getByText(words.document.failed)).toHaveCount(0);
      });

      await test.step('a question is answered, each sentence with its source', async () => {
        await ask(story.pdf.question);
        await expect(lastTurn).toContainText(story.pdf.answer);
        await picture(page, `${code}-2-answer`);
      });

      await test.step('a citation shows its quote and why it was found', async () => {
        const mark = lastTurn.getByRole('button', { name: words.citation.openAt(1, story.pdf.file) }).first();
        await mark.hover();
        const card = page.getByRole('group', { name: words.citation.openAt(1, story.pdf.file) });
        await expect(card.getByRole('blockquote')).toBeVisible();
        await expect(card).toContainText(words.citation.page(story.pdf.page));
        await expect(card).toContainText(words.citation.why);
        await picture(page, `${code}-3-citation`);
        await card.getByRole('button', { name: words.citation.right }).click();
        await expect(card.getByRole('button', { name: words.citation.right })).toHaveAttribute('aria-pressed', 'true');
        await card.getByRole('button', { name: words.citation.open }).click();
      });

      await test.step('and opens the PDF at the place', async () => {
        const pages = page.getByRole('region', { name: reader.reader(story.pdf.file) });
        await expect(pages.locator('.pdf-box.cited').first()).toBeInViewport();
        await expect(pages.getByText(story.pdf.answer.slice(-4)).first()).toBeAttached();
        await picture(page, `${code}-4-reader-pdf`);
      });

      await test.step('other documents open as text with the cited words set off', async () => {
        await ask(story.text.question);
        await expect(lastTurn).toContainText(story.text.answer);
        await lastTurn.getByRole('list', { name: words.ask.sources }).getByRole('button', { name: story.text.file }).click();
        const text = page.getByRole('region', { name: reader.reader(story.text.file) });
        await expect(text.locator('mark.cited').first()).toBeInViewport();
        await picture(page, `${code}-5-reader-text`);
      });

      await test.step('a better place can be shown in the reader', async () => {
        const text = page.getByRole('region', { name: reader.reader(story.text.file) });
        await text.locator('mark.cited').first().selectText();
        await text.getByRole('button', { name: reader.rightPlace }).click();
        await expect(text.getByText(reader.rightPlaceSaved)).toBeVisible();
        await page.keyboard.press('Escape');
        await expect(text).toBeHidden();
      });

      await test.step('thumbs are kept, and a thumb down asks why', async () => {
        await lastTurn.getByRole('button', { name: words.ask.answerFailed }).click();
        await lastTurn.getByRole('button', { name: words.ask.reasons['wrong-passage'] }).click();
        await expect(page.getByRole('status').filter({ hasText: words.ask.thanks })).toBeAttached();
        await expect(lastTurn.getByRole('button', { name: words.ask.answerFailed })).toHaveAttribute('aria-pressed', 'true');
        await expect(lastTurn.getByRole('button', { name: words.ask.answerFailed })).toBeFocused();
      });

      await test.step('an answer can be copied with its sources', async () => {
        await lastTurn.getByRole('button', { name: words.ask.copy }).click();
        await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toContain(story.text.answer);
        expect(await page.evaluate(() => navigator.clipboard.readText())).toContain(`[1] ${story.text.file}`);
      });

      await test.step('what is nowhere is said to be nowhere', async () => {
        await ask(story.nowhere);
        await expect(lastTurn).toContainText(words.ask.notFound);
        await picture(page, `${code}-6-not-found`);
      });

      await test.step('the feedback page lists what was told', async () => {
        await page.getByRole('button', { name: words.settings.title, exact: true }).click();
        await page.getByRole('tab', { name: words.settings.sections.feedback }).click();
        const told = page.getByRole('tabpanel');
        await expect(told).toContainText(words.feedback.signals.citationThumb.up(1));
        await expect(told).toContainText(words.feedback.signals.answerThumb.down);
        await expect(told).toContainText(words.feedback.signals.reason(words.ask.reasons['wrong-passage']));
        await expect(told).toContainText(words.feedback.signals.rightPlace);
        await expect(told).toContainText(words.feedback.signals.copied);
        await expect(told.getByText(words.feedback.signals.opened(1, undefined)).first()).toBeVisible();
        await picture(page, `${code}-7-feedback`);
        await page.keyboard.press('Escape');
      });

      await test.step('a document that is removed answers no more', async () => {
        await row(story.text.file).hover();
        await row(story.text.file).getByRole('button', { name: words.document.actions(story.text.file) }).click();
        await page.getByRole('menuitem', { name: words.general.remove }).click();
        await page.getByRole('dialog').getByRole('button', { name: words.general.remove }).click();
        await expect(row(story.text.file)).toHaveCount(0);
        await ask(story.text.question);
        await expect(lastTurn.getByRole('list', { name: words.ask.sources }).getByText(story.text.file)).toHaveCount(0);
        await expect(lastTurn).not.toContainText(story.text.answer);
      });

      await test.step('the engine dies and comes back; the page finds it by itself, and everything is there', async () => {
        await lodestone.kill();
        await expect(page.getByText(words.general.reconnecting)).toBeVisible();
        await lodestone.start();
        await expect(page.getByText(words.general.reconnecting)).toBeHidden();
        await ask(story.pdf.question);
        await expect(lastTurn).toContainText(story.pdf.answer);

        await page.reload();
        await expect(row(story.pdf.file)).toBeVisible();
        await expect(row(story.text.file)).toHaveCount(0);
        await page.getByRole('button', { name: words.ask.conversations }).click();
        await page.getByLabel(words.conversations.search).fill(story.rare);
        await page.getByRole('dialog').getByRole('button', { name: story.pdf.question.slice(0, 8) }).first().click();
        await expect(page.getByRole('heading', { name: story.text.question }).first()).toBeVisible();
        await expect(page.locator('.turn').filter({ hasText: story.text.question }).first().getByRole('button', { name: words.ask.answerFailed })).toHaveAttribute('aria-pressed', 'true');
        await picture(page, `${code}-8-after-restart`);
      });
    });
  });
}
