import { randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { createCipher } from '../../../src/configuration/credential-cipher.ts';
import { LiveConfiguration } from '../../../src/configuration/live-configuration.ts';
import type { ConfigurationRows } from '../../../src/db/queries/configuration-read.ts';
import { LIMITS } from '../../../src/limits.ts';
import { FakeClock } from '../../support/clock.ts';
import { captureLog } from '../../support/ports.ts';
import { gate, turn } from '../../support/wait.ts';

const rows = (version: number): ConfigurationRows => ({
  version,
  tenants: [],
  applications: [],
  keys: [],
  connections: [],
  models: [],
  prices: [],
  allowPrivate: [],
  keepsBodies: false,
  environmentTaken: [],
});

let clock: FakeClock;
let log: ReturnType<typeof captureLog>;
/** Answers of the database, in order; a function is called. */
let answers: (ConfigurationRows | Error | (() => Promise<ConfigurationRows>))[];
let reads: (number | null)[];
let kept: number[];
let keeping: () => Promise<void>;

beforeEach(() => {
  clock = new FakeClock();
  log = captureLog();
  answers = [];
  reads = [];
  kept = [];
  keeping = async () => {};
});

const start = (first = rows(1), isCurrent = true) =>
  new LiveConfiguration(
    {
      inputs: {
        cipher: createCipher(randomBytes(32), 'credentials'),
        runtimeBaseUrls: {},
        knownModels: () => [],
      },
      clock,
      limits: LIMITS,
      log,
      async read(known) {
        reads.push(known);
        const answer = answers.shift();
        if (answer instanceof Error) throw answer;
        return typeof answer === 'function' ? answer() : (answer ?? null);
      },
      async keep(row) {
        await keeping();
        kept.push(row.version);
      },
    },
    first,
    isCurrent,
  );

const pause = async () => {
  clock.advance(LIMITS.configurationPauseMs);
  await turn();
};

describe('the live configuration', () => {
  it('reads once for any number of wakes, and once more for those that came while it read', async () => {
    const live = start();
    const reading = gate();
    answers = [
      async () => {
        await reading;
        return rows(2);
      },
      rows(3),
    ];
    for (let i = 0; i < 10; i += 1) live.wake();
    await turn();
    for (let i = 0; i < 10; i += 1) live.wake();
    reading.open();
    await turn();
    expect([live.snapshot.version, reads]).toEqual([2, [1]]);
    await pause();
    expect([live.snapshot.version, reads]).toEqual([3, [1, 2]]);
    await pause();
    expect(reads).toHaveLength(2);
    expect(clock.timerCount).toBe(0);
  });

  it('tries again by itself when reading fails, and complains once', async () => {
    const live = start();
    answers = [new Error('gone'), new Error('gone'), rows(2)];
    live.wake();
    await turn();
    for (let i = 0; i < 2; i += 1) {
      clock.advance(LIMITS.configPollMs);
      await turn();
    }
    expect(live.snapshot.version).toBe(2);
    expect(log.entries.filter((entry) => entry.level === 'warn')).toHaveLength(1);
  });

  it('keeps what the database gave, and of a burst only the latest', async () => {
    const writing = gate();
    keeping = async () => writing;
    const live = start();
    for (const version of [2, 3, 4]) {
      answers = [rows(version)];
      live.wake();
      await turn();
      await pause();
    }
    writing.open();
    await live.close();
    expect(kept).toEqual([1, 4]);
  });

  it('does not keep again what it has from disk', async () => {
    const live = start(rows(1), false);
    expect(live.version).toBeNull();
    await live.close();
    expect(kept).toEqual([]);
  });

  it('lives with a disk that takes nothing', async () => {
    keeping = async () => {
      throw new Error('ENOSPC');
    };
    const live = start();
    await live.close();
    expect(log.entries[0]?.fields).toEqual({ error: 'ENOSPC' });
  });

  it('ends a pause when it closes, and reads no more', async () => {
    const live = start();
    answers = [new Error('gone')];
    live.wake();
    await turn();
    await live.close();
    live.wake();
    await turn();
    expect(reads).toHaveLength(1);
    expect(clock.timerCount).toBe(0);
  });

  it('complains of a broken row once, not with every change', async () => {
    const broken = (version: number): ConfigurationRows => ({
      ...rows(version),
      models: [{ id: 'm', tenant_id: null, name: 'fast', strategy: 'odd', source: 'graph', targets: [] }],
    });
    const live = start(broken(1));
    answers = [broken(2)];
    live.wake();
    await turn();
    expect(log.entries.filter((entry) => entry.level === 'warn').map((entry) => entry.fields)).toEqual([
      { what: 'model fast', reason: 'its strategy odd is not known' },
    ]);
    await live.close();
  });
});
