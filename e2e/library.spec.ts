import { readFile } from 'node:fs/promises';
import { drop, dropFiles, expect, LANGUAGES, sample, settled, test } from './start.ts';

const { words } = LANGUAGES[0]!;
test.use({ locale: 'en-GB' });

const text = (content: string): Uint8Array => new TextEncoder().encode(content);

test('a file that cannot be read becomes a row that says why and what to do; the others go on', async ({ page }) => {
  await drop(page, [
    { name: 'nothing.txt', bytes: new Uint8Array() },
    { name: 'torn.pdf', bytes: text('%PDF-1.7\nthis is no PDF') },
    { name: 'whole.md', bytes: text('# The ferry\n\nThe ferry to Kalvø leaves at ten past seven.\n') },
  ]);
  const row = (name: string) => page.getByRole('listitem').filter({ hasText: name });
  await expect(row('nothing.txt')).toContainText(words.failures.empty.what);
  await expect(row('nothing.txt')).toContainText(words.failures.empty.remedy);
  await expect(row('torn.pdf')).toContainText(words.failures.damaged.what);
  await expect(row('torn.pdf').getByRole('button', { name: words.general.retry })).toBeVisible();

  await page.getByText(words.library.states.failed, { exact: false }).first().click();
  await expect(row('whole.md')).toHaveCount(0);
  await page.getByText(words.library.states.ready, { exact: false }).first().click();
  await expect(row('whole.md')).toBeVisible();
  await expect(row('torn.pdf')).toHaveCount(0);
});

test('what is left out is not used in answers, and the same file twice is there once', async ({ page }) => {
  await dropFiles(page, [sample('en', 'Kestrel 40 grinder guide.html'), sample('en', 'Workshop lease.docx')]);
  await settled(page, words, 2);
  const turn = page.locator('.turn').last();
  const ask = async (question: string): Promise<void> => {
    const before = await page.locator('.turn').count();
    await page.getByLabel(words.ask.label).fill(question);
    await page.keyboard.press('Enter');
    await expect(page.locator('.turn')).toHaveCount(before + 1);
    await expect(turn.getByRole('button', { name: words.ask.answerHelped })).toBeVisible();
  };
  await ask('How often should I clean the burrs of the grinder?');
  await expect(turn).toContainText('every four weeks');

  await page.getByRole('checkbox', { name: words.library.include('Kestrel 40 grinder guide.html') }).uncheck();
  await expect(page.getByText(words.document.excluded)).toBeVisible();
  await ask('How often must the burrs of the grinder be cleaned?');
  await expect(turn).not.toContainText('every four weeks');

  const all = page.getByRole('checkbox', { name: words.library.includeAll });
  await expect(all).toBeChecked({ indeterminate: true });
  await all.click();
  await expect(page.getByText(words.document.excluded)).toHaveCount(0);
  await ask('How often do the burrs of the grinder want to be cleaned?');
  await expect(turn).toContainText('every four weeks');

  await dropFiles(page, [sample('en', 'Workshop lease.docx')]);
  await expect(page.getByRole('status').filter({ hasText: words.library.nothingAdded })).toBeAttached();
  await expect(page.getByRole('list', { name: words.library.documents(2) })).toBeVisible();
});

test('what is chosen for all is so for all, in view or not', async ({ page, lodestone }) => {
  const engine = await lodestone.door();
  const library = await engine.createLibrary('Ferries');
  for (let i = 0; i < 130; i++) await engine.addFile(library, `ferry ${String(i).padStart(3, '0')}.md`, text(`# Ferry ${i}\n\nIt leaves from quay ${i}.\n`));
  await expect(page.getByRole('list', { name: words.library.documents(130), exact: true })).toBeVisible();
  const all = page.getByRole('checkbox', { name: words.library.includeAll });
  await page.getByRole('button', { name: 'ferry 000.md', exact: true }).focus();
  await page.keyboard.press('End');
  await expect(page.getByRole('button', { name: 'ferry 129.md', exact: true })).toBeFocused();
  await all.uncheck();
  await expect(page.getByRole('checkbox', { name: words.library.include('ferry 129.md') })).not.toBeChecked();
  await expect(all).not.toBeChecked();
  await expect(all).not.toBeChecked({ indeterminate: true });
  await all.check();
  await expect(page.getByRole('checkbox', { name: words.library.include('ferry 129.md') })).toBeChecked();
});

test('libraries are made, named, filled apart and removed', async ({ page }) => {
  await page.getByRole('button', { name: words.welcome.samples }).click();
  await expect(page.getByRole('button', { name: words.ask.sampleQuestions[0] })).toBeVisible();

  const choose = page.getByRole('button', { name: new RegExp(`^${words.library.switch}`) });
  await choose.click();
  await choose.click();
  await expect(page.getByRole('menu', { name: words.library.switch })).toBeHidden();
  await choose.click();
  await page.getByRole('menuitem', { name: words.library.create }).click();
  await page.getByRole('textbox', { name: words.library.nameLabel }).fill('Boats');
  await page.keyboard.press('Enter');
  await expect(choose).toContainText('Boats');
  await expect(page.getByText(words.library.emptyTitle)).toBeVisible();

  await drop(page, [{ name: 'ferry.md', bytes: text('# The ferry\n\nThe ferry to Kalvø leaves at ten past seven.\n') }]);
  await expect(page.getByRole('button', { name: 'ferry.md', exact: true })).toBeVisible();

  await choose.click();
  await page.getByRole('menuitem', { name: words.general.rename }).click();
  await page.getByRole('textbox', { name: words.library.nameLabel }).fill('Ships');
  await page.keyboard.press('Enter');
  await expect(choose).toContainText('Ships');

  await choose.click();
  await page.getByRole('menuitem', { name: words.general.remove }).click();
  await page.getByRole('dialog', { name: words.library.removeTitle('Ships') }).getByRole('button', { name: words.general.remove }).click();
  await expect(choose).not.toContainText('Ships');
  await expect(page.getByRole('button', { name: 'ferry.md', exact: true })).toHaveCount(0);
});

test('language and appearance change at once and are still so after a restart', async ({ page, lodestone }) => {
  await page.getByText('中文').click();
  await expect(page.getByText('把文件或文件夹拖到这里')).toBeVisible();
  await expect(page.locator('html')).toHaveAttribute('lang', 'zh-CN');
  // The window changes with the click; what is killed before the engine has heard of it is lost.
  const engine = await lodestone.door();
  await expect.poll(async () => (await engine.settings()).language).toBe('zh');
  await lodestone.kill();
  await lodestone.start();
  await page.reload();
  await expect(page.getByText('把文件或文件夹拖到这里')).toBeVisible();
});

test('a finished feedback list can be exported and deleted', async ({ page }) => {
  await drop(page, [{ name: 'ferry.md', bytes: text('# The ferry\n\nThe ferry to Kalvø leaves at ten past seven in the morning.\n') }]);
  await settled(page, words, 1);
  await page.getByLabel(words.ask.label).fill('When does the ferry to Kalvø leave?');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: words.ask.answerHelped }).click();
  await expect(page.getByRole('button', { name: words.ask.answerHelped })).toHaveAttribute('aria-pressed', 'true');

  await page.getByRole('button', { name: words.settings.title }).click();
  await page.getByRole('tab', { name: words.settings.sections.feedback }).click();
  const saving = page.waitForEvent('download');
  await page.getByRole('button', { name: words.feedback.export }).click();
  const saved = await readFile(await (await saving).path(), 'utf8');
  const lines = saved.trim().split('\n').map((line) => JSON.parse(line) as { signal: unknown });
  expect(lines).toHaveLength(1);
  expect(lines[0]!.signal).toMatchObject({ kind: 'answer-thumb', thumb: 'up' });

  await page.getByRole('button', { name: words.feedback.removeAll }).click();
  await page.getByRole('dialog', { name: words.feedback.removeAllTitle }).getByRole('button', { name: words.feedback.removeAll }).click();
  await expect(page.getByText(words.feedback.none)).toBeVisible();
});
