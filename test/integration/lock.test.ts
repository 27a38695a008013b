import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lockDataDir } from '../../src/db/data-dir-lock.ts';
import { SetupError } from '../../src/errors.ts';
import { isRunning, startHolder } from '../support/data-dir-holding.ts';
import { until } from '../support/wait.ts';

let parent: string;
let dataDir: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'sluice-lock-'));
  dataDir = join(parent, 'data');
});
afterEach(() => rmSync(parent, { recursive: true }));

/** The pid namespace is what of a container matters here; some systems let nobody make one. */
const container = ['unshare', '--user', '--map-root-user', '--pid', '--fork', '--kill-child', '--mount-proc'];
const canMakeContainer = spawnSync('unshare', [...container.slice(1), 'true']).status === 0;

const refusal = (pid: number | string): SetupError =>
  new SetupError(
    `The data dir ${dataDir} is in use by another Sluice (process ${pid}). Stop that one, or set SLUICE_DATA_DIR to another folder.`,
  );

/** The lock file that counts now. */
const lockFile = (): string =>
  join(
    dataDir,
    'lock',
    String(Math.max(...readdirSync(join(dataDir, 'lock')).map(Number).filter(Number.isInteger))),
  );

describe('the lock on the data dir', () => {
  it('creates the data dir for its owner alone', async () => {
    const lock = await lockDataDir(dataDir);
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    lock.release();
  });

  it('refuses a second process with one line that names the dir and the holder, who goes on', async () => {
    const holder = await startHolder(dataDir, { what: 'lock' });
    await expect(lockDataDir(dataDir)).rejects.toThrow(refusal(holder.child.pid ?? 0));
    expect(isRunning(holder.child.pid ?? 0)).toBe(true);
    await holder.end();
  });

  it('can be taken again after it was released, any number of times', async () => {
    for (let round = 0; round < 3; round += 1) {
      const lock = await lockDataDir(dataDir);
      await expect(lockDataDir(dataDir)).rejects.toThrow(refusal(process.pid));
      lock.release();
      lock.release();
    }
    expect(readdirSync(join(dataDir, 'lock'))).toHaveLength(1);
  });

  it('can be taken after its holder was killed', async () => {
    const holder = await startHolder(dataDir, { what: 'lock' });
    await holder.end('SIGKILL');
    const lock = await lockDataDir(dataDir);
    lock.release();
  });

  it('is not mistaken for held when the process id has come back for another process', async () => {
    const holder = await startHolder(dataDir, { what: 'lock' });
    const held: { pid: number } = JSON.parse(readFileSync(lockFile(), 'utf8'));
    await holder.end('SIGKILL');
    writeFileSync(lockFile(), JSON.stringify({ ...held, pid: process.pid }));
    const lock = await lockDataDir(dataDir);
    lock.release();
  });

  it('goes to one of many that find the same stale lock at once', async () => {
    const holder = await startHolder(dataDir, { what: 'lock' });
    await holder.end('SIGKILL');
    const tries = await Promise.allSettled(Array.from({ length: 50 }, () => lockDataDir(dataDir)));
    const taken = tries.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(taken).toHaveLength(1);
    for (const lock of taken) lock.release();
  });

  it('goes to one of several processes that find the same stale lock at once', async () => {
    const holder = await startHolder(dataDir, { what: 'lock' });
    await holder.end('SIGKILL');
    const starters = await Promise.all(
      Array.from({ length: 4 }, () => startHolder(dataDir, { what: 'lock' })),
    );
    const taken = starters.filter((starter) => 'pid' in starter.answer);
    expect(taken).toHaveLength(1);
    await Promise.all(taken.map((starter) => starter.end()));
  });

  it.runIf(canMakeContainer)(
    'sees a holder in another container, whose process id means nothing here, until that dies',
    async () => {
      const holder = await startHolder(dataDir, { what: 'lock', wrapper: container });
      const inside = 'pid' in holder.answer ? holder.answer.pid : 0;
      await expect(lockDataDir(dataDir)).rejects.toThrow(refusal(`${inside} in another container`));
      await holder.end('SIGKILL');
      const lock = await until(() => lockDataDir(dataDir), { what: 'the lock of the dead container' });
      lock.release();
    },
  );

  it('refuses a data dir that cannot be made, naming it', async () => {
    writeFileSync(dataDir, 'a file');
    await expect(lockDataDir(dataDir)).rejects.toThrow(`The data dir ${dataDir} cannot be used: `);
  });
});
