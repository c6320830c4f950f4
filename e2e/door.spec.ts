import { expect, test } from './start.ts';

test('the token does not stay in the address, and comes along when the page is loaded again', async ({ lodestone, page }) => {
  await expect(page.getByRole('button', { name: 'Add files' })).toBeVisible();
  expect(page.url()).toBe(new URL('/', lodestone.url).href);
  await page.reload();
  await expect(page.getByRole('button', { name: 'Add files' })).toBeVisible();
});

test('a page with another token is not let in', async ({ lodestone, browser }) => {
  const stranger = await browser.newPage();
  const refused = stranger.waitForEvent('console', (message) => message.text().includes('403'));
  await stranger.goto(lodestone.url.slice(0, -1));
  await refused;
  await expect(stranger.getByRole('button', { name: 'Add files' })).toHaveCount(0);
  await stranger.close();
});

test('a foreign page gets no socket, even if it knows the token', async ({ lodestone, browser }) => {
  const stranger = await browser.newPage();
  await stranger.route('http://evil.example/', (route) => route.fulfill({ contentType: 'text/html', body: '<title>evil</title>' }));
  await stranger.goto('http://evil.example/');
  const { host, hash } = new URL(lodestone.url);
  const answer = await stranger.evaluate(([address, token]) => new Promise((resolve) => {
    const socket = new WebSocket(address!, ['lodestone', token!]);
    socket.addEventListener('open', () => resolve('open'));
    socket.addEventListener('error', () => resolve('refused'));
  }), [`ws://${host}/engine`, hash.replace('#token=', '')]);
  expect(answer).toBe('refused');
  await stranger.close();
});

test('the page finds the engine again after it crashed', async ({ lodestone, page }) => {
  await expect(page.getByRole('button', { name: 'Add files' })).toBeVisible();
  await lodestone.kill();
  await lodestone.start();
  // A click in the moment without an engine is lost, as it is for a person, who clicks again.
  await expect(async () => {
    await page.getByText('中文').click();
    await expect(page.getByRole('button', { name: '添加文件', exact: true })).toBeVisible({ timeout: 2_000 });
  }).toPass({ timeout: 30_000 });
});
