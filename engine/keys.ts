import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { EngineError } from './api.ts';

const IV = 12;
const TAG = 16;
export const SECRET_BYTES = 32;

/**
 * Encrypts a key with AES-256-GCM: 12 bytes of randomness, 16 of authentication, then the text. It opens only with the same
 * secret, for the same owner: a stored key cannot be sent to another address by changing the row it stands in.
 */
export function sealKey(secret: Uint8Array, owner: string, key: string): Uint8Array {
  const iv = randomBytes(IV);
  const cipher = createCipheriv('aes-256-gcm', secret, iv, { authTagLength: TAG }).setAAD(Buffer.from(owner));
  const sealed = Buffer.concat([cipher.update(key, 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]);
}

/** @throws EngineError 'invalid' where it was sealed with another secret, for another owner, or was changed */
export function openKey(secret: Uint8Array, owner: string, sealed: Uint8Array): string {
  try {
    const decipher = createDecipheriv('aes-256-gcm', secret, sealed.subarray(0, IV), { authTagLength: TAG }).setAAD(Buffer.from(owner)).setAuthTag(sealed.subarray(IV, IV + TAG));
    return Buffer.concat([decipher.update(sealed.subarray(IV + TAG)), decipher.final()]).toString('utf8');
  } catch {
    throw new EngineError('invalid', 'The key of this server cannot be read on this machine any more. Add the server again with its key.');
  }
}

/** The secret that lies in a file which its owner alone may read; made if it is not there. For doors without a keychain. */
export function fileSecret(file: string): Uint8Array {
  if (existsSync(file)) {
    const secret = new Uint8Array(readFileSync(file));
    if (secret.length === SECRET_BYTES) return secret;
  }
  mkdirSync(dirname(file), { recursive: true });
  const secret = new Uint8Array(randomBytes(SECRET_BYTES));
  writeFileSync(file, secret, { mode: 0o600 });
  // A file that was there keeps the rights it had.
  chmodSync(file, 0o600);
  return secret;
}
