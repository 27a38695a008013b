import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseDatabaseUrl } from '../../../src/db/address.ts';
import { SetupError } from '../../../src/errors.ts';

describe('DATABASE_URL', () => {
  it.each([
    [
      'postgres://u:p@db.example.com:6432/app',
      { host: 'db.example.com', port: 6432, user: 'u', password: 'p', database: 'app' },
    ],
    [
      'postgresql://u@localhost/app?sslmode=disable',
      { host: 'localhost', port: 5432, user: 'u', database: 'app' },
    ],
    [
      'postgres://u%40x:p%2F%3A@[::1]/a%20b',
      { host: '::1', port: 5432, user: 'u@x', password: 'p/:', database: 'a b' },
    ],
    [
      'postgres://u:p@%2Fvar%2Frun/app',
      { host: '/var/run', port: 5432, user: 'u', password: 'p', database: 'app' },
    ],
    [
      'postgres://u:p@/app?host=/var/run/pg',
      { host: '/var/run/pg', port: 5432, user: 'u', password: 'p', database: 'app' },
    ],
    [
      'postgres://u:p@h/app?sslmode=require&channel_binding=require',
      {
        host: 'h',
        port: 5432,
        user: 'u',
        password: 'p',
        database: 'app',
        ssl: { rejectUnauthorized: false },
      },
    ],
    [
      'postgres://u:p@h/app?sslmode=verify-full&sslrootcert=system',
      { host: 'h', port: 5432, user: 'u', password: 'p', database: 'app', ssl: { rejectUnauthorized: true } },
    ],
  ])('%s is read as libpq reads it', (url, address) => {
    expect(parseDatabaseUrl(url)).toEqual(address);
  });

  it('takes certificates from files', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sluice-address-'));
    writeFileSync(join(folder, 'ca.pem'), 'the authority');
    const { ssl } = parseDatabaseUrl(`postgres://u:p@h/app?sslmode=verify-ca&sslrootcert=${folder}/ca.pem`);
    expect(ssl).toEqual({ rejectUnauthorized: true, ca: 'the authority' });
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['', 'not the address of a Postgres'],
    ['localhost:5432/app', 'not the address of a Postgres'],
    ['mysql://u:canary@h/app', 'not the address of a Postgres'],
    ['postgres://u:canary@h:99999/app', 'not the address of a Postgres'],
    ['postgres://u:canary@h', 'names no database'],
    ['postgres://h/app', 'names no user'],
    ['postgres://u:canary@/app', 'names no host'],
    ['postgres://u:canary@h1,h2/app', 'names several hosts'],
    ['postgres://u:canary%@h/app', 'broken percent encoding in its password'],
    ['postgres://u:canary@h/app?sslmode=on', 'sslmode=on; expected disable'],
    ['postgres://u:canary@h/app?sslmod=require', 'unknown parameter sslmod'],
    [
      'postgres://u:canary@h/app?sslmode=verify-ca&sslrootcert=/no/such/file',
      'sslrootcert=/no/such/file, which cannot be read',
    ],
  ])('%s is refused with what is wrong, without the password', (url, reason) => {
    let failure: unknown;
    try {
      parseDatabaseUrl(url);
    } catch (error) {
      failure = error;
    }
    expect(failure).toBeInstanceOf(SetupError);
    expect(String(failure)).toContain(reason);
    expect(String(failure)).not.toContain('canary');
  });
});
