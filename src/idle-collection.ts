/**
 * Gives memory back after load. V8 collects its old space when that has grown enough, however long nothing
 * happens: what calls left there (some hundred bytes each) stayed resident, and an idle gateway looked like one
 * that leaks. So the first quiet moment after enough calls is used for a full collection; it takes some 20 ms.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Limits } from './limits.ts';
import type { Clock } from './ports.ts';

export interface IdleCollectionPorts {
  readonly clock: Clock;
  readonly limits: Pick<Limits, 'idleCollectionMs' | 'idleCollectionCalls'>;
  readonly callsInFlight: () => number;
  /** Collects everything that can be, at once. */
  readonly collect: () => void;
}

export class IdleCollection {
  readonly #ports: IdleCollectionPorts;
  readonly #stop: () => void;
  /** Since the last collection, and of these since the last look. */
  #ended = 0;
  #endedSinceLook = 0;

  constructor(ports: IdleCollectionPorts) {
    this.#ports = ports;
    this.#stop = ports.clock.every(ports.limits.idleCollectionMs, () => this.#look());
  }

  /** A call has ended. */
  note(): void {
    this.#endedSinceLook++;
  }

  close(): void {
    this.#stop();
  }

  #look(): void {
    const isQuiet = this.#endedSinceLook === 0 && this.#ports.callsInFlight() === 0;
    this.#ended += this.#endedSinceLook;
    this.#endedSinceLook = 0;
    if (!isQuiet || this.#ended < this.#ports.limits.idleCollectionCalls) return;
    this.#ended = 0;
    this.#ports.collect();
  }
}

/** V8's own full collection. Node gives it only to programs started with a flag, or that ask for it as here. */
export function fullCollection(): () => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void; // what the flag puts there
  setFlagsFromString('--no-expose-gc');
  return collect;
}
