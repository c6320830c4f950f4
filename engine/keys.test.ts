import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileSecret, openKey, SECRET_BYTES, sealKey } from './keys.ts';

const secret = new Uint8Array(SECRET_BYTES).fill(7);

test('a key opens with its secret, for its owner, and not otherwise', () => {
  const sealed = sealKey(secret, 'https://example.com', 'sk-密钥');
  assert.equal(openKey(secret, 'https://example.com', sealed), 'sk-密钥');
  assert.doesNotMatch(Buffer.from(sealed).toString('latin1'), /sk-/);
  assert.notDeepEqual(sealKey(secret, 'https://example.com', 'sk-密钥'), sealed, 'twice the same looks different');
  const changed = Uint8Array.from(sealed, (byte, i) => (i === sealed.length - 1 ? byte ^ 1 : byte));
  for (const [key, owner, bytes] of [[new Uint8Array(SECRET_BYTES), 'https://example.com', sealed], [secret, 'https://evil.example', sealed], [secret, 'https://example.com', changed], [secret, 'https://example.com', new Uint8Array(3)]] as const) {
    assert.throws(() => openKey(key, owner, bytes), { code: 'invalid' });
  }
});

test('the secret in a file is made once, and only its owner may read it', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'lodestone-keys-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'data', 'secret');
  const made = fileSecret(file);
  assert.equal(made.length, SECRET_BYTES);
  assert.deepEqual(fileSecret(file), made);
  if (process.platform !== 'win32') assert.equal(statSync(file).mode & 0o777, 0o600);
  writeFileSync(file, 'spoiled');
  assert.equal(fileSecret(file).length, SECRET_BYTES);
});
