import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { createCipher, credentialContext } from '../../../src/configuration/credential-cipher.ts';
import { loadMasterKey } from '../../../src/configuration/master-key.ts';
import { SetupError } from '../../../src/errors.ts';

describe('the credential cipher', () => {
  const masterKey = randomBytes(32);
  const cipher = createCipher(masterKey, 'credentials');

  it('opens what it sealed, in the same context only', () => {
    const sealed = cipher.seal('sk-canary-ü', 'a');
    expect(cipher.open(sealed, 'a')).toBe('sk-canary-ü');
    expect(cipher.open(sealed, 'b')).toBeNull();
  });

  it('seals the same text differently each time and shows nothing of it', () => {
    expect(cipher.seal('sk-canary', 'a')).not.toBe(cipher.seal('sk-canary', 'a'));
    expect(Buffer.from(cipher.seal('sk-canary', 'a'), 'base64url').includes('canary')).toBe(false);
  });

  it('opens nothing with another key, for another purpose, or after any change of one bit', () => {
    const sealed = cipher.seal('x', 'a');
    const other = createCipher(randomBytes(32), 'credentials');
    expect(other.open(sealed, 'a')).toBeNull();
    expect(other.keyId).not.toBe(cipher.keyId);
    expect(createCipher(masterKey, 'snapshot').open(sealed, 'a')).toBeNull();
    const bytes = Buffer.from(sealed, 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(cipher.open(flipped.toString('base64url'), 'a')).toBeNull();
    }
  });

  it.each(['', 'x', 'not base64 at all', 'A'.repeat(37)])(
    'gives null for %j, which it never made',
    (text) => {
      expect(cipher.open(text, 'a')).toBeNull();
    },
  );

  it('S01 binds a credential to its tenant and to the origin it was registered for', () => {
    const owner = { id: 'c1', tenantId: null, baseUrl: 'https://api.openai.com/v1' };
    const same = credentialContext(owner);
    expect(credentialContext({ ...owner, baseUrl: 'https://api.openai.com/v2' })).toBe(same);
    expect(credentialContext({ ...owner, baseUrl: 'https://evil.example/v1' })).not.toBe(same);
    expect(credentialContext({ ...owner, baseUrl: 'http://api.openai.com/v1' })).not.toBe(same);
    expect(credentialContext({ ...owner, tenantId: 't1' })).not.toBe(same);
    expect(credentialContext({ ...owner, id: 'c2' })).not.toBe(same);
  });
});

describe('the master key', () => {
  const root = mkdtempSync(join(tmpdir(), 'sluice-key-'));
  afterAll(() => rmSync(root, { recursive: true }));
  const folder = (name: string) => join(root, name);
  const withFile = (name: string, content: string) => {
    mkdirSync(folder(name));
    writeFileSync(join(folder(name), 'master.key'), content);
    return folder(name);
  };

  it('is made once, readable by its owner alone, and found again', () => {
    const dataDir = folder('fresh/deep');
    const made = loadMasterKey(null, dataDir);
    expect(made).toHaveLength(32);
    expect(statSync(join(dataDir, 'master.key')).mode & 0o777).toBe(0o600);
    expect(loadMasterKey(null, dataDir).equals(made)).toBe(true);
    expect(readFileSync(join(dataDir, 'master.key'), 'utf8').trim()).toBe(made.toString('hex'));
  });

  it('takes 32 bytes in hex and in base64 as they are, and derives one from a passphrase', () => {
    const key = randomBytes(32);
    for (const text of [key.toString('hex'), key.toString('base64'), key.toString('base64url')]) {
      expect(loadMasterKey(text, root).equals(key)).toBe(true);
    }
    const derived = loadMasterKey('correct horse battery', root);
    expect(derived).toHaveLength(32);
    expect(loadMasterKey('correct horse battery', root).equals(derived)).toBe(true);
    expect(loadMasterKey('correct horse batterz', root).equals(derived)).toBe(false);
  });

  it.each([
    ['empty', ''],
    ['blank', '\n'],
    ['short', 'abcd'],
  ])('P12 an %s key file stops the start with one line and is not replaced', (name, content) => {
    const dataDir = withFile(name, content);
    expect(() => loadMasterKey(null, dataDir)).toThrow(SetupError);
    expect(() => loadMasterKey(null, dataDir)).toThrow(/^[^\n]*master\.key: expected 32 bytes in hex[^\n]*$/);
    expect(readFileSync(join(dataDir, 'master.key'), 'utf8')).toBe(content);
  });

  it('P12 an unreadable key file stops the start with one line', () => {
    mkdirSync(join(folder('folder'), 'master.key'), { recursive: true });
    expect(() => loadMasterKey(null, folder('folder'))).toThrow(
      /^[^\n]*expected a readable file[^\n]*EISDIR[^\n]*$/,
    );
  });

  it('cannot be made where the data dir cannot be', () => {
    writeFileSync(folder('plain-file'), '');
    expect(() => loadMasterKey(null, join(folder('plain-file'), 'data'))).toThrow(SetupError);
  });
});
