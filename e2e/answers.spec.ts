import { dropFiles, expect, LANGUAGES, picture, sample, settled, test, troubles } from './start.ts';
import { Writer } from './writer.ts';

/** What is asked in each language, what the language model writes about it, and which of that stands nowhere. */
const STORIES = {
  en: {
    file: 'Kestrel 40 grinder guide.html',
    question: 'How often should I clean the burrs of the grinder?',
    supported: 'Take the grinder apart and clean the burrs thoroughly every four weeks [1].',
    unsupported: 'The village of Elmstead has three churches and a windmill.',
    begun: 'The village of Elm',
    nowhere: 'What is the boiling point of tungsten on Jupiter?',
    other: 'How many watts does the grinder use?',
    pointAt: 'It is guaranteed for three years',
    app: 'open the settings',
  },
  zh: {
    file: '社区图书馆借阅须知.txt',
    question: '每位读者一次最多可以借几本书？',
    supported: '每位读者一次最多可以借八本书，借期为三十天 [1]。',
    unsupported: '榆树村有三座教堂和一架风车。',
    begun: '榆树村有三座',
    nowhere: '木星上钨的沸点是多少？',
    other: '逾期还书要罚款吗？',
    pointAt: '没有被其他读者预约的图书可以续借一次',
    app: '打开设置',
  },
};

/** Names differ by language, contrast by theme; two tests see all of both. */
const THEMES = { en: 'light', zh: 'dark' } as const;

for (const { code, locale, words, reader } of LANGUAGES) {
  const colorScheme = THEMES[code];
  const story = STORIES[code];
  const { answers } = words;

  test.describe(`in ${locale}, ${colorScheme}`, () => {
    test.use({ locale, colorScheme });
    const writer = new Writer();
    test.beforeAll(() => writer.start());
    test.afterAll(() => writer.stop());

    test('a language model writes, every sentence is checked, and how it came about can be read', async ({ page, lodestone }) => {
      test.setTimeout(180_000);
      const last = page.locator('.turn').last();
      const check = async (name: string): Promise<void> => {
        await picture(page, `answers-${code}-${colorScheme}-${name}`);
        expect(await troubles(page), name).toEqual([]);
      };
      const ask = async (text: string): Promise<void> => {
        await page.getByLabel(words.ask.label).fill(text);
        await page.keyboard.press('Enter');
        await expect(page.getByRole('heading', { name: text }).last()).toBeVisible();
      };

      await dropFiles(page, [sample(code, story.file)]);
      await settled(page, words, 1);
      const engine = await lodestone.door();
      await engine.useModel('llm', await engine.addServer({ kind: 'openai', address: writer.address, model: writer.model }));

      await test.step('the sentence that is being written is seen as it grows', async () => {
        const go = Promise.withResolvers<void>();
        writer.answer = () => [`${story.supported} `, story.begun, go.promise, story.unsupported.slice(story.begun.length)];
        await ask(story.question);
        await expect(last.locator('.answer-writing')).toHaveText(story.begun);
        await expect(last.locator('.citation-mark').first()).toBeVisible();
        await check('writing');
        go.resolve();
      });

      await test.step('what no passage says is marked, in words and for every ear and eye', async () => {
        await expect(last.locator('.unsupported').first()).toBeVisible();
        const mark = last.getByRole('img', { name: answers.unsupported });
        await expect(mark).toHaveCount(1);
        await expect(last.getByText(answers.unsupportedLegend(1))).toBeVisible();
        await mark.focus();
        await expect(page.locator('.tooltip:popover-open')).toHaveText(answers.unsupported);
        await expect(last.locator('.answer-took')).toContainText(writer.model);
        await check('answer');
      });

      await test.step('its details say who, how long, how many tokens, and why each passage', async () => {
        await last.locator('.how > summary').click();
        const how = last.locator('.how');
        const [turn] = (await engine.turns((await engine.conversations())[0]!.id)).slice(-1);
        const { written, found } = turn!.details!;
        await expect(how).toContainText(answers.tokens(written!.promptTokens, written!.answerTokens));
        await expect(how).toContainText(answers.local);
        expect(written!.remote).toBe(false);
        expect(found.probability).toBeGreaterThanOrEqual(found.threshold);
        await expect(how.getByRole('list').locator('> li')).toHaveCount(turn!.hits.length);
        await how.locator('.why summary').first().click();
        await expect(how.locator('.why').first()).toContainText(words.citation.overall(1, '').slice(0, 6));
        await check('details');
      });

      await test.step('any place can be asked why it was not cited', async () => {
        await last.locator('.citation-mark').first().click();
        const text = page.getByRole('region', { name: reader.reader(story.file) });
        await text.locator('mark').first().waitFor();
        // The reader may still be on its way to the cited place.
        await expect(async () => {
          await select(page, story.pointAt);
          await page.getByRole('button', { name: reader.whyNot }).click({ timeout: 2_000 });
        }).toPass({ timeout: 30_000 });
        const dialog = page.getByRole('dialog', { name: answers.whyNotTitle });
        await expect(dialog.getByText(answers.whyNotAsked(story.question))).toBeVisible();
        await expect(dialog.locator('.explain-reason')).toHaveText(new RegExp(Object.values(answers.reasons).map(escaped).join('|')));
        await check('why-not');
        await page.keyboard.press('Escape');
        await page.getByRole('button', { name: reader.close }).click();
      });

      await test.step('what stands nowhere is said without asking the model, with how likely it was', async () => {
        const before = writer.asked.length;
        writer.answer = (_user, system) => (/conversation|对话/.test(system.slice(0, 60)) ? [story.nowhere] : undefined);
        await page.getByRole('button', { name: words.ask.newConversation }).click();
        await ask(story.nowhere);
        await expect(last.getByText(words.ask.notFound)).toBeVisible();
        await expect(last.locator('.nearest-found')).toContainText('%');
        expect(writer.asked).toHaveLength(before);
        await check('not-found');
      });

      await test.step('when the model fails the answer is made without it, and says so', async () => {
        writer.answer = () => undefined;
        await page.getByRole('button', { name: words.ask.newConversation }).click();
        await ask(story.other);
        await expect(last.locator('.citation-mark').first()).toBeVisible();
        await expect(last.locator('.turn-fallback')).toContainText(answers.fallback);
        await expect(last.locator('.turn-fallback')).toContainText('The model is not loaded.');
        await last.locator('.how > summary').click();
        await check('fallback');
      });

      await test.step('what the app can do itself is a button, unless that is switched off', async () => {
        await ask(story.app);
        await last.getByRole('button', { name: answers.actions['open-settings'], exact: true }).click();
        const settings = page.getByRole('dialog', { name: words.settings.title });
        await check('settings');
        await settings.getByLabel(answers.switches.actions.name).click();
        await page.keyboard.press('Escape');
        await expect.poll(async () => (await engine.settings()).actions).toBe(false);
        await ask(story.app);
        await expect(page.locator('.turn')).toHaveCount(3);
        await expect(last.locator('.how')).toBeVisible();
        await expect(last.locator('.offered')).toHaveCount(0);
      });
    });
  });
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** Selects a text of the open document as a drag with the mouse would. */
async function select(page: import('@playwright/test').Page, text: string): Promise<void> {
  await page.evaluate((sought) => {
    const walker = document.createTreeWalker(document.querySelector('.reader')!, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const at = node.textContent!.indexOf(sought);
      if (at < 0) continue;
      node.parentElement!.scrollIntoView({ block: 'center' });
      const range = document.createRange();
      range.setStart(node, at);
      range.setEnd(node, at + sought.length);
      getSelection()!.removeAllRanges();
      getSelection()!.addRange(range);
      return;
    }
    throw new Error(`“${sought}” stands nowhere in the reader.`);
  }, text);
}
