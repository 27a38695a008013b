import { createGateway } from '../gateway.ts';
import { createLog } from '../log.ts';
import type { Settings } from '../settings.ts';
import { announce, announceAdminKey } from './announce.ts';
import { freeSlot } from './free-slot.ts';
import { openInstallation } from './installation.ts';
import { openProcessConfiguration } from './open-configuration.ts';
import { handleSignals } from './signals.ts';

/** The whole product in one process. Resolves when it listens. */
export async function runSingle(settings: Settings): Promise<void> {
  const log = createLog(settings.logLevel);
  const installation = await openInstallation(settings, log);
  try {
    const { plan } = installation;
    const configuration = await openProcessConfiguration(plan, log, true);
    announceAdminKey(configuration);
    const { host, port, isDevelopment, dataDir } = settings;
    const gateway = createGateway({
      host,
      port,
      isDevelopment,
      dataDir,
      slot: freeSlot(dataDir),
      address: plan.address,
      configuration,
      log,
    });
    const bound = await gateway.listen();
    handleSignals(log, {
      async drain() {
        await gateway.drain();
        await installation.close();
      },
      force: () => gateway.force(),
    });
    announce(bound, configuration, plan);
  } catch (error) {
    await installation.close();
    throw error;
  }
}
