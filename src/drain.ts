/**
 * Going away without breaking anything: readiness fails first, then no new connections, then running calls
 * may finish until the time is up; what still runs gets an error in its own protocol, and its record.
 */
import type { Server } from 'node:http';
import type { Bag } from './bag.ts';
import type { Call } from './call.ts';
import { CallError } from './errors.ts';
import type { Limits } from './limits.ts';
import type { Log } from './ports.ts';
import { stopListening, waitUntil } from './shutdown.ts';

/** After the drain's time is up: for the error and the record of each call that was ended. */
const FORCED_GRACE_MS = 1_000;

export interface DrainPorts {
  readonly limits: Limits;
  readonly log: Log;
  readonly server: Server;
  readonly inFlight: Bag<Call>;
  /** Tells the graph's sockets to go. */
  readonly drainGraphql: () => void;
}

export class Drain {
  readonly #ports: DrainPorts;
  #isForced = false;
  #isDraining = false;

  constructor(ports: DrainPorts) {
    this.#ports = ports;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Cuts the waiting short (a second signal). */
  force(): void {
    this.#isForced = true;
  }

  async run(): Promise<void> {
    const { limits, log, server, inFlight, drainGraphql } = this.#ports;
    this.#isDraining = true;
    drainGraphql();
    await waitUntil(() => this.#isForced, limits.drainReadinessMs);
    stopListening(server);
    const isQuiet = () => inFlight.size === 0;
    const idleSince = performance.now();
    await waitUntil(
      () => this.#isForced || (isQuiet() && performance.now() - idleSince >= limits.drainIdleMs),
      limits.drainTimeoutMs,
    );
    if (!isQuiet()) {
      log.warn({ calls: inFlight.size }, 'drain timeout: ending the calls that still run');
      for (const call of inFlight.snapshot()) call.cancel(new CallError('draining'));
      await waitUntil(isQuiet, FORCED_GRACE_MS);
    }
    server.closeIdleConnections();
  }
}
