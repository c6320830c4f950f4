import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { app, safeStorage } from 'electron';

const BYTES = 32;

/**
 * The secret that the engine encrypts stored keys with. It lies in the shell's folder, encrypted by the system's keychain, and
 * is handed to the engine's process by message. Undefined where the system has none: the engine then keeps its own in a file.
 */
export function keptSecret(): Uint8Array | undefined {
  if (!safeStorage.isEncryptionAvailable()) return undefined;
  const file = path.join(app.getPath('userData'), 'secret.bin');
  try {
    const secret = existsSync(file) ? new Uint8Array(Buffer.from(safeStorage.decryptString(readFileSync(file)), 'base64')) : undefined;
    if (secret?.length === BYTES) return secret;
  } catch {
    // Another keychain than the one it was encrypted by: keys that were stored have to be entered again.
  }
  const made = new Uint8Array(randomBytes(BYTES));
  writeFileSync(file, safeStorage.encryptString(Buffer.from(made).toString('base64')), { mode: 0o600 });
  return made;
}
