/** Process entry: arguments, settings, signals. */
import cluster from 'node:cluster';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SetupError } from './errors.ts';
import { packageRoot } from './package-root.ts';
import { runSingle } from './process/single.ts';
import { runSupervisor } from './process/supervisor.ts';
import { runWorker } from './process/worker.ts';
import { readSettings } from './settings.ts';

const HELP = `Sluice: a GraphQL-first AI gateway.

Usage: sluice [--help] [--version]

Serves http://HOST:PORT with an embedded Postgres unless DATABASE_URL is set.

Environment:
  HOST, PORT           address to listen on            (127.0.0.1, 4000)
  SLUICE_DATA_DIR      embedded Postgres, spool, keys  (.sluice)
  DATABASE_URL         your own Postgres, 15 or newer  (embedded)
  SLUICE_CONFIG        path of sluice.yaml             (./sluice.yaml, if it is there)
  SLUICE_ADMIN_KEY     admin key                       (generated, printed once)
  SLUICE_MASTER_KEY    encrypts stored credentials     (generated into the data dir)
  SLUICE_WORKERS       processes                       (1)
  REDIS_URL            checked, and not used yet       (none)
  LOG_LEVEL            fatal … trace, silent           (info)
  NODE_ENV             production turns GraphiQL off   (development on loopback)

Signals: SIGTERM and SIGINT drain and exit, a second one exits at once; SIGHUP replaces the workers one by one,
         or drains and exits when there is only one.
`;

/** Runs the program. `argv` is without the interpreter and the script. */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    const { values } = parseArgs({
      args: [...argv],
      options: { help: { type: 'boolean', short: 'h' }, version: { type: 'boolean', short: 'v' } },
    });
    if (values.help === true) process.stdout.write(HELP);
    else if (values.version === true) process.stdout.write(`${version()}\n`);
    else await run();
  } catch (error) {
    const isExpected =
      error instanceof SetupError || String((error as { code?: unknown }).code).startsWith('ERR_PARSE_ARGS');
    process.stderr.write(`${isExpected ? (error as Error).message : ((error as Error).stack ?? error)}\n`);
    process.exit(1);
  }
}

async function run(): Promise<void> {
  if (cluster.isWorker) return runWorker();
  const settings = readSettings(process.env, process.cwd());
  await (settings.workers > 1 ? runSupervisor(settings) : runSingle(settings));
}

function version(): string {
  const manifest: { version: string } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8'));
  return manifest.version;
}
