import { loadMasterKey } from '../configuration/master-key.ts';
import { type DatabaseAddress, parseDatabaseUrl } from '../db/address.ts';
import { lockDataDir } from '../db/data-dir-lock.ts';
import { startEmbeddedPostgres } from '../db/embedded/start-embedded-postgres.ts';
import { startDemoProvider } from '../demo/demo-provider.ts';
import type { Log } from '../ports.ts';
import type { Settings } from '../settings.ts';
import type { ProcessPlan } from './plan.ts';

/** What one machine's gateway processes share: the data dir, its Postgres and the demo provider. */
export interface Installation {
  readonly plan: ProcessPlan;
  /** Call after every gateway process has ended. */
  close(): Promise<void>;
}

/** Locks the data dir and starts what the gateway needs around it. SetupError when it cannot. */
export async function openInstallation(settings: Settings, log: Log): Promise<Installation> {
  const lock = await lockDataDir(settings.dataDir);
  const closers: (() => Promise<void> | void)[] = [() => lock.release()];
  const close = async (): Promise<void> => {
    for (const run of closers.reverse()) await run();
  };
  try {
    const masterKey = loadMasterKey(settings.masterKey, settings.dataDir).toString('hex');
    const address = await databaseOf(settings, log, closers);
    const demo = await startDemoProvider({ log });
    closers.push(() => demo.close());
    const plan: ProcessPlan = { settings, address, masterKey, runtimeBaseUrls: { demo: demo.baseUrl } };
    return { plan, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function databaseOf(
  settings: Settings,
  log: Log,
  closers: (() => Promise<void> | void)[],
): Promise<DatabaseAddress> {
  if (settings.databaseUrl !== null) return parseDatabaseUrl(settings.databaseUrl);
  const postgres = await startEmbeddedPostgres({ dataDir: settings.dataDir, log });
  closers.push(() => postgres.stop());
  return postgres.address;
}
