import type { Log } from '../ports.ts';

export interface Leaving {
  /** The first signal: finish what runs, then resolve. */
  drain(): Promise<void>;
  /** A further signal: stop waiting. */
  force(): void;
  /** SIGHUP: renew what can be renewed without an interruption. Without it, SIGHUP is a signal to leave. */
  reload?(): void;
}

/**
 * SIGTERM and SIGINT drain, and the process exits with 0 when that is done; a second one cuts it short. A
 * failure outside of any call drains too, and exits with 1: the state is not to be trusted any more.
 */
export function handleSignals(log: Log, leaving: Leaving): void {
  let isLeaving = false;
  const leave = (exitCode: number): void => {
    if (isLeaving) {
      leaving.force();
      return;
    }
    isLeaving = true;
    leaving.drain().then(
      () => process.exit(exitCode),
      (error: unknown) => {
        log.error({ error: String((error as Error)?.stack ?? error) }, 'closing failed');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => leave(0));
  process.on('SIGINT', () => leave(0));
  // Left alone, it would kill: a closed terminal sends it.
  process.on('SIGHUP', () => (leaving.reload === undefined ? leave(0) : leaving.reload()));
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      log.error({ error: String((error as Error)?.stack ?? error) }, 'failure outside of a call: leaving');
      leave(1);
    });
  }
}
