import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { watchFiles } from './folders.ts';

test('a folder in which something is written all the time is looked at all the same', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lodestone-folders-'));
  const looked = Promise.withResolvers<void>();
  const end = watchFiles({ folders: [folder], files: [] }, () => looked.resolve(), 500);
  const writing = setInterval(() => appendFileSync(join(folder, 'sync.log'), 'on and on\n'), 20);
  t.after(() => {
    clearInterval(writing);
    end();
    rmSync(folder, { recursive: true, force: true });
  });
  await looked.promise;
});
