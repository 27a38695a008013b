// Started as a process of its own by startHolder(): takes a data dir as the gateway does, says so, and waits.
import { lockDataDir } from '../../src/db/data-dir-lock.ts';
import { startEmbeddedPostgres } from '../../src/db/embedded/start-embedded-postgres.ts';
import { SetupError } from '../../src/errors.ts';
import { captureLog } from './ports.ts';

const [dataDir = '', what = 'lock'] = process.argv.slice(2);
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

try {
  const lock = await lockDataDir(dataDir);
  const log = captureLog();
  const postgres = what === 'postgres' ? await startEmbeddedPostgres({ dataDir, log }) : null;
  say({ pid: process.pid, postgresPid: postgres?.pid ?? null, address: postgres?.address ?? null });
  process.once('SIGTERM', async () => {
    await postgres?.stop();
    lock.release();
    process.exit(0);
  });
  setInterval(() => {}, 60_000);
} catch (error) {
  say({ refused: error instanceof SetupError ? error.message : String(error) });
  process.exitCode = 1;
}
