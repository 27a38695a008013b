import { v7 } from 'uuid';
import { type Drain, type DrainOptions, startDrain } from '../../src/calls/drain-control.ts';
import { type FileSpool, openSpool } from '../../src/calls/spool.ts';
import type { DatabaseAddress } from '../../src/db/address.ts';
import { LIMITS, type Limits } from '../../src/limits.ts';
import { drainBundle } from './drain-bundle.ts';
import { spoolFolder } from './sample-records.ts';
import { silentLog } from './silent-log.ts';

/** Spools and drains of one test, which are closed and removed together. */
export interface SpoolWorld {
  readonly workerUrl: URL;
  /** The folder of a process. */
  dir(slot: number): string;
  spool(slot: number, limits?: Partial<Limits>): FileSpool;
  drain(
    slot: number,
    address: DatabaseAddress,
    options?: Partial<DrainOptions>,
    limits?: Partial<Limits>,
  ): Drain;
  close(): Promise<void>;
}

/** Waits are short, so that tests are; the reserve is small, so that the disk is not written full. */
const QUICK: Partial<Limits> = {
  spoolReserveBytes: 64 * 1024,
  drainPollMs: 10,
  drainScanMs: 50,
  drainRetryMinMs: 10,
  drainRetryMaxMs: 200,
};

export async function spoolWorld(): Promise<SpoolWorld> {
  const bundle = await drainBundle();
  const folder = spoolFolder();
  const spools: FileSpool[] = [];
  const drains: Drain[] = [];
  const bounds = (changes: Partial<Limits> = {}): Limits => ({ ...LIMITS, ...QUICK, ...changes });
  return {
    workerUrl: bundle.url,
    dir: (slot) => folder.slot(slot),
    spool(slot, limits) {
      const spool = openSpool({ dir: folder.slot(slot), limits: bounds(limits), log: silentLog, boot: v7() });
      spools.push(spool);
      return spool;
    },
    drain(slot, address, options = {}, limits = {}) {
      const drain = startDrain({
        dir: folder.slot(slot),
        address,
        limits: bounds(limits),
        log: silentLog,
        workerUrl: bundle.url,
        ...options,
      });
      drains.push(drain);
      return drain;
    },
    async close() {
      await Promise.all(drains.map((drain) => drain.stop()));
      for (const spool of spools) spool.close();
      folder.remove();
      bundle.remove();
    },
  };
}
