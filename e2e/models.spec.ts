import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Hub } from './hub.ts';
import { dropFiles, expect, LANGUAGES, picture, sample, settled, test, troubles } from './start.ts';
import { Writer } from './writer.ts';

const root = path.resolve(import.meta.dirname, '..');
const FILES = { en: 'Kestrel 40 grinder guide.html', zh: '社区图书馆借阅须知.txt' };

/** Names differ by language, contrast by theme; two tests see all of both. */
const THEMES = { en: 'light', zh: 'dark' } as const;

/** A model of one's own: the bundled one under another name, in a folder elsewhere. */
async function ownModel(folder: string): Promise<string> {
  const bundled = path.join(root, 'resources/models/lodestone-embed-static-v1');
  const own = path.join(folder, 'my-embedder');
  await cp(bundled, own, { recursive: true });
  const manifest = JSON.parse(await readFile(path.join(own, 'manifest.json'), 'utf8')) as { id: string; name: string };
  await writeFile(path.join(own, 'manifest.json'), JSON.stringify({ ...manifest, id: 'my-embedder', name: 'My embedder' }));
  return own;
}

for (const { code, locale, words } of LANGUAGES) {
  const colorScheme = THEMES[code];
  const { models } = words;

  test.describe(`in ${locale}, ${colorScheme}`, () => {
    test.use({ locale, colorScheme });
    const writer = new Writer();
    const hub = new Hub();
    let folder: string;
    test.beforeAll(async () => {
      folder = await mkdtemp(path.join(tmpdir(), 'lodestone-models-'));
      await writer.start();
      await hub.start();
    });
    test.afterAll(async () => {
      await writer.stop();
      await rm(folder, { recursive: true, force: true });
    });

    test('nobody is asked about models; after some answers it is said what a language model would add', async ({ page }) => {
      const question = { en: 'How often should I clean the burrs of the grinder?', zh: '每位读者一次最多可以借几本书？' }[code];
      const offer = page.getByRole('complementary', { name: words.answers.offerTitle });
      await dropFiles(page, [sample(code, FILES[code])]);
      await settled(page, words, 1);
      for (const asked of [1, 2, 3]) {
        await expect(offer).toHaveCount(0);
        await page.getByLabel(words.ask.label).fill(question);
        await page.keyboard.press('Enter');
        await expect(page.locator('.turn .answer-actions')).toHaveCount(asked);
      }
      await expect(offer).toBeVisible();
      await offer.scrollIntoViewIfNeeded();
      await picture(page, `models-${code}-${colorScheme}-offer`);
      expect(await troubles(page)).toEqual([]);
      await offer.getByRole('button', { name: words.answers.offerDo }).click();
      await expect(page.getByRole('dialog', { name: models.title, exact: true })).toBeVisible();
      await page.keyboard.press('Escape');
      await offer.getByRole('button', { name: words.answers.offerNo }).click();
      await expect(offer).toHaveCount(0);
      await page.reload();
      await page.getByRole('button', { name: words.ask.conversations }).click();
      await page.getByRole('dialog').getByRole('button', { name: question }).first().click();
      await expect(page.locator('.turn')).toHaveCount(3);
      await expect(offer).toHaveCount(0);
    });

    test('models are seen, looked at, added, used, and taken away again', async ({ page, lodestone }) => {
      test.setTimeout(240_000);
      const dialog = page.getByRole('dialog', { name: models.title, exact: true });
      const tab = (section: keyof typeof models.sections) => dialog.getByRole('tab', { name: models.sections[section], exact: true }).click();
      const role = (name: keyof typeof models.roles) => dialog.getByRole('region', { name: models.roles[name].name, exact: true });
      const model = (name: string) => dialog.locator('.model').filter({ hasText: name });
      const check = async (name: string): Promise<void> => {
        await picture(page, `models-${code}-${colorScheme}-${name}`);
        expect(await troubles(page), name).toEqual([]);
      };

      await dropFiles(page, [sample(code, FILES[code])]);
      await settled(page, words, 1);
      const engine = await lodestone.door();
      const bundled = (await engine.models()).find((each) => each.role === 'embedder' && each.active)!;

      await test.step('nothing has to be chosen: what works is said, and that answers are made without a language model', async () => {
        await page.getByRole('button', { name: models.title, exact: true }).click();
        await expect(role('embedder')).toContainText(bundled.name);
        await expect(role('llm')).toContainText(models.extractive);
        await expect(role('llm').locator('.model[data-active]')).toContainText(models.extractive);
        await check('use');
      });

      await test.step('a folder that is no model is refused with what is missing', async () => {
        await tab('add');
        const empty = path.join(folder, 'empty');
        await mkdir(empty);
        await dialog.getByLabel(models.path).fill(empty);
        await dialog.getByRole('button', { name: models.inspect }).click();
        await expect(dialog.locator('.refusal')).toContainText(models.refused);
        await check('refused');
      });

      await test.step('a model is looked at before it is added', async () => {
        await dialog.getByLabel(models.path).fill(await ownModel(folder));
        await dialog.getByRole('button', { name: models.inspect }).click();
        const found = dialog.getByRole('group', { name: models.found('My embedder') });
        await expect(found).toContainText(models.roles.embedder.name);
        await expect(found).toContainText(models.fits.well);
        await check('found');
        await found.getByRole('button', { name: models.add }).click();
        await expect(model('My embedder')).toBeVisible();
      });

      await test.step('changing to it says how long it takes, and the present one answers meanwhile', async () => {
        await model('My embedder').getByRole('button', { name: `${models.use}: My embedder` }).click();
        const asked = page.getByRole('dialog', { name: models.switchTitle('My embedder') });
        await expect(asked).toBeVisible();
        await check('switch');
        await asked.getByRole('button', { name: models.switchNow }).click();
        await expect(model('My embedder')).toContainText(models.active, { timeout: 30_000 });
        expect((await engine.models()).find((each) => each.role === 'embedder' && each.active)!.name).toBe('My embedder');
      });

      await test.step('and back without work, since what was read is kept; then it goes', async () => {
        await model(bundled.name).getByRole('button', { name: `${models.use}: ${bundled.name}` }).click();
        await expect(model(bundled.name)).toContainText(models.active);
        await model('My embedder').getByRole('button', { name: models.actions('My embedder') }).click();
        await page.getByRole('menuitem', { name: models.remove, exact: true }).click();
        await page.getByRole('dialog', { name: models.removeTitle('My embedder') }).getByRole('button', { name: models.remove, exact: true }).click();
        await expect(model('My embedder')).toHaveCount(0);
      });

      await test.step('a server is added by its address, which says whether text leaves this machine', async () => {
        await tab('add');
        await dialog.getByText(models.byAddress).click();
        await dialog.getByLabel(models.address).fill('https://models.example.com/v1');
        await expect(dialog.getByText(models.leavesText('models.example.com'))).toBeVisible();
        await check('away');
        await dialog.getByLabel(models.address).fill(writer.address);
        await expect(dialog.getByText(models.localText)).toBeVisible();
        await dialog.getByRole('textbox', { name: models.model, exact: true }).fill('not-there');
        await dialog.getByRole('button', { name: models.addServer }).click();
        await expect(page.getByRole('alert').filter({ hasText: words.errors.invalid })).toBeAttached();
        await dialog.getByRole('textbox', { name: models.model, exact: true }).fill(writer.model);
        await dialog.getByRole('button', { name: models.addServer }).click();
        await model(writer.model).getByRole('button', { name: `${models.use}: ${writer.model}` }).click();
        await expect(role('llm').locator('.model[data-active]')).toContainText(writer.model);
        await check('server');
        await role('llm').getByRole('button', { name: models.useNone }).click();
        await expect(role('llm').locator('.model[data-active]')).toContainText(models.extractive);
      });

      await test.step('the catalogue says what a model costs and whether it fits, and fetches nothing by itself', async () => {
        await tab('download');
        const entries = (await engine.catalog()).filter((entry) => entry.role === 'embedder');
        expect(entries.length).toBeGreaterThan(0);
        await expect(dialog.locator('.catalog-entry')).toHaveCount(entries.length);
        await expect(dialog.locator('.catalog-entry').first()).toContainText(/GB|MB/);
        expect(await engine.downloads()).toEqual([]);
        await check('download');
      });

      await test.step('a download from another hub can be held, gone on with and cancelled; what fails says why', async () => {
        const [first] = (await engine.catalog()).filter((entry) => entry.role === 'embedder');
        const entry = dialog.locator('.catalog-entry').first();
        const button = (name: string) => entry.getByRole('button', { name: `${name}: ${first!.name}` });
        const setHub = async (address: string): Promise<void> => {
          await dialog.getByLabel(models.hubAddress).fill(address);
          await dialog.getByRole('button', { name: words.general.save }).click();
          await expect(dialog.locator('.hub summary')).toContainText(address);
        };
        await dialog.locator('.hub summary').click();
        await setHub(hub.address);
        await button(models.download).click();
        await expect(entry.locator('.download')).toContainText(models.downloadStates.running);
        await expect(entry.locator('.download')).toContainText(models.speed('').trim());
        await check('downloading');
        await button(models.pause).click();
        await expect(entry.locator('.download')).toContainText(models.downloadStates.paused);
        await button(models.resume).click();
        await expect(entry.locator('.download')).toContainText(models.downloadStates.running);
        await expect.poll(() => hub.from.at(-1)).toBeGreaterThan(0);
        await button(models.cancel).click();
        await expect(button(models.download)).toBeVisible();

        await setHub(`${hub.address}/nothing-here`);
        await hub.stop();
        await button(models.download).click();
        await expect(entry.locator('.download-reason')).toBeVisible({ timeout: 30_000 });
        await check('failed');
        await button(models.cancel).click();
      });
    });
  });
}
