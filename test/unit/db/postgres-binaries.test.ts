import { chmodSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  copyBinaries,
  installedBinaries,
  linkLibraries,
  type PostgresBinaries,
} from '../../../src/db/embedded/postgres-binaries.ts';

let parent: string;
let binaries: PostgresBinaries;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'sluice-binaries-'));
  binaries = { folder: join(parent, 'package', 'native'), version: '18.4.0' };
  for (const folder of ['bin', 'lib'])
    mkdirSync(join(binaries.folder, folder), { recursive: true, mode: 0o700 });
  writeFileSync(join(binaries.folder, 'bin', 'postgres'), 'program', { mode: 0o700 });
  writeFileSync(join(binaries.folder, 'lib', 'libicu.so.60.2'), 'library', { mode: 0o600 });
  const links = ['libicu.so', 'libicu.so.60'].map((name) => ({
    source: 'native/lib/libicu.so.60.2',
    target: `native/lib/${name}`,
  }));
  writeFileSync(join(binaries.folder, 'pg-symlinks.json'), JSON.stringify(links));
});
afterEach(() => rmSync(parent, { recursive: true }));

describe('the binaries of the embedded Postgres', () => {
  it('are found where npm installed them', () => {
    const installed = installedBinaries();
    expect(installed.version).toMatch(/^18\./);
    expect(statSync(join(installed.folder, 'bin', 'postgres')).mode & 0o111).toBe(0o111);
  });

  it('get the links that the install script would have made, once', () => {
    expect(linkLibraries(binaries)).toBe(true);
    expect(linkLibraries(binaries)).toBe(true);
    expect(readlinkSync(join(binaries.folder, 'lib', 'libicu.so.60'))).toBe('libicu.so.60.2');
    expect(readlinkSync(join(binaries.folder, 'lib', 'libicu.so'))).toBe('libicu.so.60.2');
  });

  it('are copied whole, with links, readable for everyone, and only once a version', () => {
    const copy = copyBinaries(binaries, join(parent, 'data'));
    expect(statSync(join(copy.folder, 'bin', 'postgres')).mode & 0o777).toBe(0o755);
    expect(statSync(join(copy.folder, 'lib')).mode & 0o777).toBe(0o755);
    expect(statSync(join(copy.folder, 'lib', 'libicu.so')).mode & 0o777).toBe(0o644);
    const madeAtMs = statSync(copy.folder).ctimeMs;
    expect(copyBinaries(binaries, join(parent, 'data'))).toEqual(copy);
    expect(statSync(copy.folder).ctimeMs).toBe(madeAtMs);
    const next = copyBinaries({ ...binaries, version: '18.5.0' }, join(parent, 'data'));
    expect(statSync(next.folder).isDirectory()).toBe(true);
    expect(statSync(copy.folder, { throwIfNoEntry: false })).toBeUndefined();
  });

  it('say so when their folder cannot be written', () => {
    chmodSync(join(binaries.folder, 'lib'), 0o500);
    // Root may write everywhere.
    expect(linkLibraries(binaries)).toBe(process.getuid?.() === 0);
    chmodSync(join(binaries.folder, 'lib'), 0o700);
  });
});
