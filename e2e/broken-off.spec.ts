import { dropFiles, expect, LANGUAGES, picture, sample, settled, test } from './start.ts';

const { words } = LANGUAGES[0]!;
const QUESTION = 'How often should I clean the burrs of the grinder?';
test.use({ locale: 'en-GB' });
test.skip(process.platform === 'win32', 'a process cannot be frozen here');

test.beforeEach(async ({ page }) => {
  await dropFiles(page, [sample('en', 'Kestrel 40 grinder guide.html')]);
  await settled(page, words, 1);
});

test('an answer that takes long can be stopped; a question not begun goes back to where it was written', async ({ page, lodestone }) => {
  lodestone.freeze();
  await page.getByLabel(words.ask.label).fill(QUESTION);
  await page.keyboard.press('Enter');
  await expect(page.getByText(words.ask.thinking)).toBeVisible();
  await picture(page, 'broken-off-1-thinking');
  await page.getByRole('button', { name: words.ask.stop }).click();
  await expect(page.getByLabel(words.ask.label)).toHaveValue(QUESTION);
  await expect(page.getByLabel(words.ask.label)).toBeFocused();
  lodestone.thaw();
  await expect(page.getByText(words.ask.thinking)).toHaveCount(0);
  await page.getByLabel(words.ask.label).press('Enter');
  await expect(page.locator('.turn').last()).toContainText('every four weeks');
});

test('an answer that is lost says so, and can be asked for again when the engine is back', async ({ page, lodestone }) => {
  lodestone.freeze();
  await page.getByLabel(words.ask.label).fill(QUESTION);
  await page.keyboard.press('Enter');
  await expect(page.getByText(words.ask.thinking)).toBeVisible();
  await lodestone.kill();
  await expect(page.getByText(words.ask.lost)).toBeVisible();
  await expect(page.getByText(words.general.reconnecting)).toBeVisible();
  await picture(page, 'broken-off-2-lost');
  await lodestone.start();
  await expect(page.getByText(words.general.reconnecting)).toBeHidden();
  await page.getByRole('button', { name: words.ask.askAgain }).click();
  await expect(page.locator('.turn').last()).toContainText('every four weeks');
});

test('a window that is loaded anew shows the conversation it showed', async ({ page }) => {
  await page.getByLabel(words.ask.label).fill(QUESTION);
  await page.getByRole('button', { name: words.ask.send, exact: true }).click();
  await expect(page.locator('.turn').last()).toContainText('every four weeks');
  await expect(page.getByLabel(words.ask.label)).toBeFocused();
  await page.reload();
  await expect(page.locator('.turn').last()).toContainText('every four weeks');
  await page.getByRole('button', { name: words.ask.newConversation }).click();
  await page.reload();
  await expect(page.getByText(words.ask.emptyTitle)).toBeVisible();
});

test('what a button does and the engine cannot is told', async ({ page, lodestone }) => {
  await lodestone.kill();
  await page.getByRole('checkbox', { name: words.library.include('Kestrel 40 grinder guide.html') }).click();
  await expect(page.getByRole('alert').filter({ hasText: words.errors.closed })).toBeAttached();
  await expect(page.getByRole('checkbox', { name: words.library.include('Kestrel 40 grinder guide.html') })).toBeChecked();
});
