import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigWatch } from '../../../src/configuration/config-watch.ts';
import { SetupError } from '../../../src/errors.ts';
import { LIMITS } from '../../../src/limits.ts';
import { FakeClock } from '../../support/clock.ts';
import { until } from '../../support/wait.ts';

let folder: string;
let path: string;
let clock: FakeClock;
let texts: string[];
let refused: SetupError[];
let open: ConfigWatch | null;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-watch-'));
  path = join(folder, 'sluice.yaml');
  clock = new FakeClock();
  texts = [];
  refused = [];
  open = null;
});
afterEach(() => {
  open?.close();
  rmSync(folder, { recursive: true, force: true });
});

function start(knownText: string | null): ConfigWatch {
  open = new ConfigWatch({
    path,
    knownText,
    clock,
    limits: LIMITS,
    onText(text) {
      texts.push(text);
      if (text === 'bad') throw new SetupError('bad');
    },
    onRefused: (error) => refused.push(error),
  });
  return open;
}

/** What is seen without any event of the file system: the poll, and then the time to settle. */
const poll = () => clock.advance(LIMITS.configPollMs + LIMITS.configSettleMs);

describe('the watch on sluice.yaml', () => {
  it('sees what was written between the reading at the start and the watch', () => {
    writeFileSync(path, 'new');
    start('old');
    clock.advance(LIMITS.configSettleMs);
    expect(texts).toEqual(['new']);
  });

  it('tells of a content once, whatever happens to the file', () => {
    writeFileSync(path, 'a');
    start('a');
    poll();
    writeFileSync(path, 'a');
    poll();
    expect(texts).toEqual([]);
    writeFileSync(path, 'b');
    poll();
    poll();
    expect(texts).toEqual(['b']);
  });

  it('says nothing when the file disappears, and sees it come back with other content', () => {
    writeFileSync(path, 'a');
    start('a');
    poll();
    rmSync(path);
    poll();
    writeFileSync(path, 'a');
    poll();
    rmSync(path);
    poll();
    expect([texts, refused]).toEqual([[], []]);
    writeFileSync(path, 'b');
    poll();
    expect(texts).toEqual(['b']);
  });

  it('waits until an editor that truncates before it writes has finished', async () => {
    writeFileSync(path, 'a');
    start('a');
    clock.advance(LIMITS.configSettleMs);
    const before = clock.timerCount;
    writeFileSync(path, '');
    await until(() => clock.timerCount > before, { what: 'the event of the truncation' });
    clock.advance(LIMITS.configSettleMs - 1);
    writeFileSync(path, 'b');
    clock.advance(LIMITS.configSettleMs);
    expect(texts).toEqual(['b']);
  });

  it('follows a link that is swapped, as Kubernetes does with mounted files', () => {
    for (const version of ['one', 'two']) {
      mkdirSync(join(folder, version));
      writeFileSync(join(folder, version, 'sluice.yaml'), version);
    }
    symlinkSync('one', join(folder, '..data'));
    symlinkSync(join('..data', 'sluice.yaml'), path);
    start('one');
    poll();
    symlinkSync('two', join(folder, '..next'));
    renameSync(join(folder, '..next'), join(folder, '..data'));
    poll();
    expect(texts).toEqual(['two']);
  });

  it('reports a content that is refused once, and takes the next', () => {
    start(null);
    writeFileSync(path, 'bad');
    poll();
    poll();
    expect(refused.map((error) => error.message)).toEqual(['bad']);
    writeFileSync(path, 'good');
    poll();
    expect(texts).toEqual(['bad', 'good']);
  });

  it('reports a file that cannot be read', () => {
    start(null);
    mkdirSync(path);
    poll();
    expect(refused[0]?.message).toMatch(/expected a readable file \(EISDIR\)/);
  });

  it('lives with a folder that is not there yet', () => {
    path = join(folder, 'later', 'sluice.yaml');
    start(null);
    poll();
    mkdirSync(join(folder, 'later'));
    writeFileSync(path, 'a');
    poll();
    expect(texts).toEqual(['a']);
  });

  it('leaves no timer behind', () => {
    start(null).close();
    expect(clock.timerCount).toBe(0);
  });
});
