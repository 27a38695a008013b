/**
 * The gateway's side of the drain: a thread of its own, so that neither Postgres nor disk reads hold a call. A
 * thread that dies is started again and goes on from the position in Postgres.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { DatabaseAddress } from '../db/address.ts';
import type { Limits } from '../limits.ts';
import { packageRoot } from '../package-root.ts';
import type { Log } from '../ports.ts';
import type { DrainData, DrainReport, DrainRequest, DrainStats } from './drain-messages.ts';

export type { DrainStats } from './drain-messages.ts';

export interface DrainOptions {
  /** The spool's folder. */
  readonly dir: string;
  readonly address: DatabaseAddress;
  readonly limits: Limits;
  readonly log: Log;
  /** The thread's program; the bundle in `dist/` if not given. */
  readonly workerUrl?: URL | undefined;
}

export interface Drain {
  stats(): DrainStats;
  /**
   * Resolves when every record that is in the spool's files now is in Postgres (begins of running calls are
   * not records yet). Waits for as long as Postgres is away; rejects when the drain is stopped.
   */
  settled(): Promise<void>;
  /** Ends the thread, at the latest after two seconds; what is not drained stays in the spool. */
  stop(): Promise<void>;
}

interface Waiting {
  resolve(): void;
  reject(error: Error): void;
}

const RESTART_MS = 1_000;
const STOP_MS = 2_000;
/** It keeps a batch, a chunk of a segment, and the places of running calls. */
const HEAP_MB_MAX = 256;
const NO_STATS: DrainStats = {
  drained: 0,
  quarantined: 0,
  corrupt: 0,
  torn: 0,
  backlogBytes: 0,
  lastError: null,
};

class WorkerDrain implements Drain {
  readonly #options: DrainOptions;
  readonly #settles = new Map<number, Waiting>();
  #worker: Worker;
  #token = 0;
  #restart: NodeJS.Timeout | null = null;
  #isStopping = false;
  /** Of the threads before this one, and of this one. */
  #before = NO_STATS;
  #stats = NO_STATS;

  constructor(options: DrainOptions) {
    this.#options = options;
    this.#worker = this.#start();
  }

  stats(): DrainStats {
    const { drained, quarantined, corrupt, torn } = this.#before;
    return {
      ...this.#stats,
      drained: this.#stats.drained + drained,
      quarantined: this.#stats.quarantined + quarantined,
      corrupt: this.#stats.corrupt + corrupt,
      torn: this.#stats.torn + torn,
    };
  }

  settled(): Promise<void> {
    if (this.#isStopping) return Promise.reject(new Error('the drain is stopped'));
    return new Promise((resolve, reject) => {
      this.#token += 1;
      this.#settles.set(this.#token, { resolve, reject });
      this.#send({ kind: 'settle', token: this.#token });
    });
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    if (this.#restart !== null) clearTimeout(this.#restart);
    for (const waiting of this.#settles.values()) waiting.reject(new Error('the drain is stopped'));
    this.#settles.clear();
    const worker = this.#worker;
    if (worker.threadId === -1) return;
    const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    this.#send({ kind: 'stop' });
    const timer = setTimeout(() => void worker.terminate(), STOP_MS);
    await exited;
    clearTimeout(timer);
  }

  #start(): Worker {
    const { dir, address, limits, log, workerUrl } = this.#options;
    const workerData: DrainData = { dir, address, limits };
    const worker = new Worker(workerUrl ?? pathToFileURL(join(packageRoot(), 'dist', 'drain.js')), {
      name: 'drain',
      workerData,
      // Without the loaders of a development run: the thread's program is plain JavaScript.
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB_MAX },
    });
    worker.on('message', (report: DrainReport) => this.#take(report));
    worker.on('error', (error) =>
      log.error({ error: error.message }, 'The drain failed; it is started again.'),
    );
    worker.once('exit', () => this.#exited());
    return worker;
  }

  #exited(): void {
    if (this.#isStopping) return;
    this.#before = this.stats();
    this.#stats = NO_STATS;
    this.#restart = setTimeout(() => {
      this.#worker = this.#start();
      for (const token of this.#settles.keys()) this.#send({ kind: 'settle', token });
    }, RESTART_MS);
  }

  #send(request: DrainRequest): void {
    this.#worker.postMessage(request);
  }

  #take(report: DrainReport): void {
    if (report.kind === 'stats') this.#stats = report.stats;
    else if (report.kind === 'log') this.#options.log[report.level](report.fields, report.message);
    else {
      this.#settles.get(report.token)?.resolve();
      this.#settles.delete(report.token);
    }
  }
}

/** Starts draining this spool into this Postgres; everything that it holds already is drained first. */
export function startDrain(options: DrainOptions): Drain {
  return new WorkerDrain(options);
}
