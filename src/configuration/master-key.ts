import { randomBytes, scryptSync } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { SetupError } from '../errors.ts';

const KEY_BYTES = 32;

/**
 * The 32 bytes that all stored secrets are encrypted under: SLUICE_MASTER_KEY, else the file `master.key`
 * in the data dir, which is made (mode 0600) when there is none. Takes some 60 ms for a passphrase.
 * Throws a SetupError when the file is there but cannot be used.
 */
export function loadMasterKey(configured: string | null, dataDir: string): Buffer {
  if (configured !== null) return decodeKey(configured) ?? derivedKey(configured);
  const path = join(dataDir, 'master.key');
  try {
    const existing = readKeyFile(path);
    if (existing !== null) return existing;
    return createKeyFile(path, dataDir);
  } catch (error) {
    if (error instanceof SetupError) throw error;
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new SetupError(`${path}: expected a readable file, or to be able to create it (${code})`, {
      cause: error,
    });
  }
}

function decodeKey(text: string): Buffer | null {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  if (/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return Buffer.from(text, 'base64');
  return null;
}

/** The salt is fixed because nothing may be stored before the key exists; the passphrase alone must be strong. */
function derivedKey(passphrase: string): Buffer {
  return scryptSync(passphrase.normalize('NFC'), 'sluice master key', KEY_BYTES, {
    N: 2 ** 15,
    maxmem: 2 ** 26,
  });
}

function readKeyFile(path: string): Buffer | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  const key = decodeKey(text);
  if (key !== null) return key;
  const found = text === '' ? 'an empty file' : 'something else';
  throw new SetupError(
    `${path}: expected 32 bytes in hex, got ${found}; restore it, as stored credentials cannot be read without it`,
  );
}

/** Written aside and linked into place: another process sees all of the file or none, and the first one wins. */
function createKeyFile(path: string, dataDir: string): Buffer {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const key = randomBytes(KEY_BYTES);
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const file = openSync(draft, 'wx', 0o600);
  try {
    writeSync(file, `${key.toString('hex')}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    linkSync(draft, path);
    return key;
  } catch (error) {
    const winner = readKeyFile(path);
    if (winner === null) throw error;
    return winner;
  } finally {
    rmSync(draft, { force: true });
  }
}
