import { drop, dropFiles, expect, LANGUAGES, picture, sample, settled, test, troubles } from './start.ts';

const QUESTIONS = { en: 'How often should I clean the burrs of the grinder?', zh: '每位读者一次最多可以借几本书？' };
const FILES = { en: 'Kestrel 40 grinder guide.html', zh: '社区图书馆借阅须知.txt' };
const PDF = { en: 'Travel expense policy.pdf', zh: '远程办公与休假制度.pdf' };

/** Names differ by language, contrast by theme; two tests see all of both. */
const THEMES = { en: 'light', zh: 'dark' } as const;

for (const { code, locale, words, reader } of LANGUAGES) {
  const colorScheme = THEMES[code];
  test.describe(`${locale}, ${colorScheme}`, () => {
    test.use({ locale, colorScheme });

    test('axe finds nothing serious on any screen', async ({ page }) => {
      test.setTimeout(240_000);
      const check = async (name: string): Promise<void> => {
        await picture(page, `a11y-${code}-${colorScheme}-${name}`);
        expect(await troubles(page), name).toEqual([]);
      };

      await expect(page.getByText(words.welcome.drop)).toBeVisible();
      await check('welcome');

      await dropFiles(page, [sample(code, FILES[code]), sample(code, PDF[code])]);
      await drop(page, [{ name: 'empty.txt', bytes: new Uint8Array() }]);
      await expect(page.getByText(words.failures.empty.what)).toBeVisible();
      await settled(page, words, 3);
      await check('library');

      await page.getByLabel(words.ask.label).fill(QUESTIONS[code]);
      await page.keyboard.press('Enter');
      await page.locator('.citation-mark').first().focus();
      await page.keyboard.press('Shift+Tab');
      await page.keyboard.press('Tab');
      await expect(page.getByRole('blockquote')).toBeVisible();
      await check('citation');

      await page.keyboard.press('Enter');
      await expect(page.getByRole('region', { name: reader.reader(FILES[code]) }).locator('mark').first()).toBeVisible();
      await check('reader');

      await page.getByRole('button', { name: PDF[code], exact: true }).click();
      await expect(page.getByRole('region', { name: reader.reader(PDF[code]) }).locator('canvas').first()).toBeVisible();
      await check('reader-pdf');
      await page.keyboard.press('Escape');

      await page.getByRole('button', { name: words.ask.answerFailed }).click();
      await check('reasons');

      await page.getByRole('button', { name: words.ask.conversations }).click();
      await expect(page.getByRole('dialog').getByText(words.conversations.today)).toBeVisible();
      await check('conversations');
      await page.keyboard.press('Escape');

      await page.getByRole('button', { name: words.settings.title }).click();
      for (const [section, name] of Object.entries(words.settings.sections)) {
        await page.getByRole('tab', { name }).click();
        await check(`settings-${section}`);
      }
      await page.keyboard.press('Escape');

      await page.getByRole('button', { name: words.models.title, exact: true }).click();
      for (const [section, name] of Object.entries(words.models.sections)) {
        await page.getByRole('tab', { name, exact: true }).click();
        await check(`models-${section}`);
      }
      await page.keyboard.press('Escape');

      await page.locator('.how > summary').click();
      await check('how-made');

      await page.getByRole('button', { name: new RegExp(words.library.switch) }).click();
      await page.getByRole('menuitem', { name: words.answers.faq.menu }).click();
      await page.getByRole('button', { name: words.answers.faq.add }).click();
      await check('faq');
      await page.keyboard.press('Escape');

      await page.getByRole('button', { name: new RegExp(words.library.switch) }).click();
      await check('menu');
      await page.getByRole('menuitem', { name: words.library.create }).click();
      await check('dialog');
    });
  });
}

test.describe('by keyboard alone', () => {
  test.use({ locale: 'en-GB' });
  const { words, reader } = LANGUAGES[0]!;

  test('ask, read a citation, rate it, open it and come back', async ({ page }) => {
    await dropFiles(page, [sample('en', FILES.en)]);
    await settled(page, words, 1);

    await page.keyboard.press('/');
    await expect(page.getByLabel(words.ask.label)).toBeFocused();
    await page.keyboard.type(QUESTIONS.en);
    await page.keyboard.press('Shift+Enter');
    await expect(page.locator('.turn')).toHaveCount(0);
    await page.keyboard.press('Enter');
    await expect(page.locator('.citation-mark').first()).toBeVisible();
    await expect(page.getByRole('log')).toContainText('every four weeks');

    // Back from the question to the answer: its buttons come last.
    const mark = page.locator('.citation-mark').first();
    for (let i = 0; i < 20 && !(await mark.evaluate((element) => element === document.activeElement)); i++) await page.keyboard.press('Shift+Tab');
    await expect(mark).toBeFocused();
    const card = page.getByRole('group', { name: words.citation.openAt(1, FILES.en) });
    await expect(card).toBeVisible();
    const right = card.getByRole('button', { name: words.citation.right });
    for (let i = 0; i < 4 && !(await right.evaluate((element) => element === document.activeElement)); i++) await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await expect(right).toHaveAttribute('aria-pressed', 'true');
    await page.keyboard.press('Escape');
    await expect(card).toBeHidden();
    await expect(mark).toBeFocused();

    await page.keyboard.press('Enter');
    const text = page.getByRole('region', { name: reader.reader(FILES.en) });
    await expect(text).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(text).toBeHidden();
    await expect(mark).toBeFocused();
    await expect(page.getByLabel(words.ask.label)).toHaveValue('');
  });

  test('Enter during the composition of Chinese does not ask', async ({ page }) => {
    await dropFiles(page, [sample('zh', FILES.zh)]);
    const question = page.getByLabel(words.ask.label);
    await question.focus();
    const input = await page.context().newCDPSession(page);
    await input.send('Input.imeSetComposition', { text: 'jieshu', selectionStart: 6, selectionEnd: 6 });
    // What Chromium sends while an input method holds the key.
    await input.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', windowsVirtualKeyCode: 229, key: 'Enter', code: 'Enter' });
    await expect(page.locator('.turn')).toHaveCount(0);
    await input.send('Input.insertText', { text: '最多可以借几本书？' });
    await expect(question).toHaveValue('最多可以借几本书？');
    await page.keyboard.press('Enter');
    await expect(page.locator('.turn')).toHaveCount(1);
  });
});
