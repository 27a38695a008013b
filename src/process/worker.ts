import cluster from 'node:cluster';
import type { Gateway } from '../gateway.ts';
import { createGateway } from '../gateway.ts';
import { createLog } from '../log.ts';
import type { Log } from '../ports.ts';
import { openProcessConfiguration } from './open-configuration.ts';
import type { FromWorker, ProcessPlan, ToWorker } from './plan.ts';

/** One of several gateway processes; the supervisor tells it everything. */
export function runWorker(): void {
  let gateway: Gateway | null = null;
  let isLeaving = false;
  const leave = (log: Log | null, exitCode: number): void => {
    if (isLeaving) {
      gateway?.force();
      return;
    }
    isLeaving = true;
    const drained = gateway?.drain() ?? Promise.resolve();
    drained.then(
      () => process.exit(exitCode),
      (error: unknown) => {
        log?.error({ error: String(error) }, 'closing failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => {});
  process.on('SIGINT', () => {});
  process.on('SIGHUP', () => {});
  // The supervisor has died: without this Node would end the process in the middle of its calls.
  if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true;
  process.on('disconnect', () => leave(null, 1));
  process.on('message', (message: ToWorker) => {
    if (message.type === 'drain') return leave(null, 0);
    start(message.plan, message.slot, leave).then(
      (started) => {
        gateway = started;
      },
      (error: Error) => {
        tell({ type: 'failed', message: error.message });
        process.exit(1);
      },
    );
  });
  tell({ type: 'waiting' });
}

async function start(
  plan: ProcessPlan,
  slot: number,
  leave: (log: Log, code: number) => void,
): Promise<Gateway> {
  const { settings } = plan;
  const log = createLog(settings.logLevel);
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      log.error({ error: String((error as Error)?.stack ?? error) }, 'failure outside of a call: leaving');
      leave(log, 1);
    });
  }
  const configuration = await openProcessConfiguration(plan, log, false);
  const { host, port, isDevelopment, dataDir } = settings;
  const gateway = createGateway({
    host,
    port,
    isDevelopment,
    dataDir,
    slot,
    address: plan.address,
    configuration,
    log,
  });
  const bound = await gateway.listen();
  tell({ type: 'listening', ...bound });
  return gateway;
}

function tell(message: FromWorker): void {
  process.send?.(message);
}
