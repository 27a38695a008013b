/**
 * From the spool into Postgres, for as long as the process lives.
 *
 * The boot that is being written and the oldest that an earlier process left give a batch in turn; the begins
 * without an end of the latter become interrupted calls when all the rest of it is in. Whatever goes wrong between here and Postgres, everything in
 * memory is forgotten and reading starts again from the position in Postgres: after a lost connection nobody
 * else knows what was committed. It never gives up and never skips; waits between tries stay under two seconds.
 * After a failure batches are smaller for a while, in case the server is only too slow for large ones.
 */
import { mkdirSync } from 'node:fs';
import { ownIdentity } from '../db/process-identity.ts';
import { BootDrain, type Damage } from './boot-drain.ts';
import { DrainBatch, type Place } from './drain-batch.ts';
import type { DrainData, DrainReport, DrainStats } from './drain-messages.ts';
import { DrainStore } from './drain-store.ts';
import { listSegments, type Segment } from './segment-file.ts';
import { adoptSiblings } from './spool-folders.ts';
import { liveBoots } from './spool-lock.ts';

/** Rows of a batch after repeated failures. */
const BATCH_RECORDS_MIN = 50;
const ERROR_CHARS_MAX = 300;

interface KnownBoot {
  readonly drain: BootDrain;
  isLive: boolean;
  /** Damage of it that is counted already. */
  counted: Damage;
}

interface Settle {
  readonly token: number;
  /** The boots have been looked for since it was asked for. */
  isScanned: boolean;
  /** What was in the spool when it was asked for: the last segment of each boot and its size. */
  readonly targets: ReadonlyMap<string, Place>;
}

export class DrainLoop {
  readonly #data: DrainData;
  readonly #report: (report: DrainReport) => void;
  readonly #own = ownIdentity();
  readonly #batch: DrainBatch;
  /** In the order in which they are drained. */
  readonly #boots = new Map<string, KnownBoot>();
  readonly #settles: Settle[] = [];
  #store: DrainStore | null = null;
  #recordsMax: number;
  #scannedAtMs = Number.NEGATIVE_INFINITY;
  #adoptedAtMs = Number.NEGATIVE_INFINITY;
  #stats: DrainStats = { drained: 0, quarantined: 0, corrupt: 0, torn: 0, backlogBytes: 0, lastError: null };
  #reported: DrainStats | null = null;
  #isStopping = false;
  #wake: () => void = () => {};

  constructor(data: DrainData, report: (report: DrainReport) => void) {
    this.#data = data;
    this.#report = report;
    this.#recordsMax = data.limits.drainBatchRecords;
    this.#batch = new DrainBatch(data.limits, data.limits.recordBytesMax * 2);
    mkdirSync(data.dir, { recursive: true, mode: 0o700 });
  }

  /** Reports `settled` once everything that is in the spool now is in Postgres. */
  settle(token: number): void {
    const targets = new Map<string, Place>();
    for (const { boot, number, bytes } of listSegments(this.#data.dir))
      targets.set(boot, { number, offset: bytes });
    this.#settles.push({ token, targets, isScanned: false });
    // The process may have closed its spool just now, and its calls must not wait for the next look.
    this.#scannedAtMs = Number.NEGATIVE_INFINITY;
    this.#wake();
  }

  stop(): void {
    this.#isStopping = true;
    this.#wake();
  }

  /** Resolves after `stop`, when the batch under way is committed or has failed. */
  async run(): Promise<void> {
    const { drainPollMs, drainRetryMinMs, drainRetryMaxMs } = this.#data.limits;
    let retryMs: number = drainRetryMinMs;
    while (!this.#isStopping) {
      try {
        const isIdle = await this.#round();
        this.#recovered();
        retryMs = drainRetryMinMs;
        if (isIdle) await this.#pause(drainPollMs);
      } catch (error) {
        this.#failed(error);
        await this.#pause(retryMs);
        retryMs = Math.min(retryMs * 2, drainRetryMaxMs);
      }
    }
    this.#forget();
  }

  /** One look at every boot. True when nothing is left to do for now. */
  async #round(): Promise<boolean> {
    if (this.#store?.isClosed === true) this.#forget();
    this.#store ??= await DrainStore.open(this.#data.address, this.#data.limits.drainStatementTimeoutMs);
    const store = this.#store;
    if (performance.now() - this.#scannedAtMs >= this.#data.limits.drainScanMs) await this.#scan(store);
    let isIdle = true;
    for (const known of this.#nextBoots()) {
      if (this.#isStopping) return false;
      const hasMore = await this.#step(store, known);
      if (!known.isLive && !hasMore) await this.#finish(store, known.drain);
      if (!known.isLive || hasMore) isIdle = false;
    }
    this.#reportSettled();
    return isIdle;
  }

  /** Those that are written, and one of the others: a process that keeps dying may leave thousands. */
  #nextBoots(): KnownBoot[] {
    const boots = [...this.#boots.values()];
    const dead = boots.find(({ isLive }) => !isLive);
    return boots.filter((known) => known.isLive || known === dead);
  }

  async #scan(store: DrainStore): Promise<void> {
    const { dir, limits } = this.#data;
    const nowMs = performance.now();
    if (nowMs - this.#adoptedAtMs >= limits.drainAdoptMs) {
      const segments = adoptSiblings(dir);
      if (segments > 0) this.#log('info', { segments }, 'Took over the spool of a process that is gone.');
      this.#adoptedAtMs = nowMs;
    }
    // In this order: a writer takes its lock before it makes its first segment.
    const firstSegments = new Map<string, Segment>();
    for (const segment of listSegments(dir).reverse()) firstSegments.set(segment.boot, segment);
    const live = liveBoots(dir, this.#own);
    for (const [boot, known] of this.#boots) known.isLive = live.has(boot);
    for (const [boot, first] of [...firstSegments].reverse()) {
      if (this.#boots.has(boot)) continue;
      const start = (await store.position(boot)) ?? { number: first.number, offset: 0 };
      const drain = new BootDrain(dir, boot, start, limits);
      this.#boots.set(boot, { drain, isLive: live.has(boot), counted: { corrupt: 0, torn: 0 } });
    }
    for (const settle of this.#settles) settle.isScanned = true;
    this.#scannedAtMs = nowMs;
    this.#reportStats();
  }

  /** Reads one batch and commits it. True when there is more. */
  async #step(store: DrainStore, known: KnownBoot): Promise<boolean> {
    const { drain, isLive } = known;
    const batch = this.#batch;
    batch.clear();
    const { hasMore, ends } = drain.fill(batch, isLive, this.#recordsMax, performance.now());
    if (batch.length > 0) {
      const quarantined = await store.commit(batch, drain.boot, drain.checkpoint);
      this.#count(known, ends, quarantined);
      if (quarantined > 0) {
        this.#log('error', { quarantined }, 'Postgres refused records; they are in quarantined_records.');
      }
    }
    drain.deleteDrained();
    return hasMore;
  }

  async #finish(store: DrainStore, drain: BootDrain): Promise<void> {
    await store.finishBoot(drain.boot);
    drain.deleteAll();
    const known = this.#boots.get(drain.boot);
    if (known !== undefined) this.#count(known, 0, 0);
    this.#boots.delete(drain.boot);
    this.#log(
      'info',
      { boot: drain.boot, ...drain.damage },
      'All records of a process that ended are in Postgres.',
    );
  }

  #count(known: KnownBoot, ends: number, quarantined: number): void {
    const { damage } = known.drain;
    if (ends === 0 && quarantined === 0 && isSame(damage, known.counted)) return;
    this.#stats = {
      ...this.#stats,
      drained: this.#stats.drained + ends - quarantined,
      quarantined: this.#stats.quarantined + quarantined,
      corrupt: this.#stats.corrupt + damage.corrupt - known.counted.corrupt,
      torn: this.#stats.torn + damage.torn - known.counted.torn,
    };
    known.counted = damage;
  }

  #reportStats(): void {
    let backlogBytes = 0;
    for (const { drain } of this.#boots.values()) backlogBytes += drain.backlogBytes;
    // While Postgres is away nobody knows how much of it was committed: at most all that is there.
    if (this.#boots.size === 0) for (const { bytes } of listSegments(this.#data.dir)) backlogBytes += bytes;
    if (backlogBytes !== this.#stats.backlogBytes) this.#stats = { ...this.#stats, backlogBytes };
    // An idle drain must not wake the gateway.
    if (this.#stats === this.#reported) return;
    this.#reported = this.#stats;
    this.#report({ kind: 'stats', stats: this.#stats });
  }

  #reportSettled(): void {
    for (let index = this.#settles.length - 1; index >= 0; index -= 1) {
      const settle = this.#settles[index];
      if (settle === undefined || !settle.isScanned || !this.#hasReached(settle)) continue;
      this.#settles.splice(index, 1);
      this.#reportStats();
      this.#report({ kind: 'settled', token: settle.token });
    }
  }

  #hasReached({ targets }: Settle): boolean {
    for (const [boot, target] of targets) {
      const drain = this.#boots.get(boot)?.drain;
      if (drain === undefined) continue;
      const { number, offset } = drain.place;
      if (number < target.number || (number === target.number && offset < target.offset)) return false;
    }
    return true;
  }

  #recovered(): void {
    const { drainBatchRecords } = this.#data.limits;
    this.#recordsMax = Math.min(this.#recordsMax * 2, drainBatchRecords);
    if (this.#stats.lastError === null) return;
    this.#stats = { ...this.#stats, lastError: null };
    this.#log('info', {}, 'Records reach Postgres again.');
    this.#reportStats();
  }

  #failed(error: unknown): void {
    const lastError = (error instanceof Error ? error.message : String(error)).slice(0, ERROR_CHARS_MAX);
    this.#recordsMax = Math.max(Math.floor(this.#recordsMax / 2), BATCH_RECORDS_MIN);
    if (this.#stats.lastError === null) {
      this.#log('warn', { error: lastError }, 'Records do not reach Postgres; they are kept in the spool.');
    }
    this.#stats = { ...this.#stats, lastError };
    this.#reportStats();
    this.#forget();
  }

  /** Lets go of all that was read: only Postgres knows how far it came. */
  #forget(): void {
    this.#store?.close();
    this.#store = null;
    for (const { drain } of this.#boots.values()) drain.close();
    this.#boots.clear();
    this.#scannedAtMs = Number.NEGATIVE_INFINITY;
  }

  #log(level: 'info' | 'warn' | 'error', fields: Record<string, unknown>, message: string): void {
    this.#report({ kind: 'log', level, fields, message });
  }

  async #pause(ms: number): Promise<void> {
    if (this.#isStopping) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function isSame(left: Damage, right: Damage): boolean {
  return left.corrupt === right.corrupt && left.torn === right.torn;
}
