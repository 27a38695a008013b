/**
 * The gateway's side of the thread that counts tokens.
 *
 * Starts with the first work, ends after a while without any, so that an idle gateway does not pay for the
 * vocabulary. At most so much work waits; more is refused, and so is everything for a while after a thread has
 * died or took too long: who asks has a rough estimate at hand.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Transferable, Worker } from 'node:worker_threads';
import type { Limits } from '../limits.ts';
import { packageRoot } from '../package-root.ts';
import type { Clock, Log } from '../ports.ts';
import type { OnCount, TokenThread } from './token-counter.ts';
import type { TokenReport, TokenRequest, TokenWork } from './worker-messages.ts';

export interface TokenWorkerOptions {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly log: Log;
  /** The thread's program; the bundle in `dist/` if not given. */
  readonly workerUrl?: URL | undefined;
}

interface Pending {
  readonly done: OnCount;
  readonly sinceMs: number;
}

/** The vocabulary, the tokenizer's cache, and the longest text twice. */
const HEAP_MB_MAX = 256;

export class TokenWorker implements TokenThread {
  readonly #options: TokenWorkerOptions;
  /** Oldest first. */
  readonly #pending = new Map<number, Pending>();
  readonly #streams = new Set<number>();
  #worker: Worker | null = null;
  #token = 0;
  #lastUsedMs = 0;
  #startsFromMs = 0;
  #stopWatch: (() => void) | null = null;
  #isClosed = false;
  /** Texts and pieces, since the process started. */
  counted = 0;

  constructor(options: TokenWorkerOptions) {
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#worker !== null;
  }

  /** Work that waits for its count. */
  get waiting(): number {
    return this.#pending.size;
  }

  submit(work: TokenWork, done: OnCount): boolean {
    const { clock, limits } = this.#options;
    const nowMs = clock.monotonicMs();
    if (this.#isClosed || this.#pending.size >= limits.tokenWorkMax || nowMs < this.#startsFromMs)
      return false;
    this.#worker ??= this.#start();
    this.#token += 1;
    this.#lastUsedMs = nowMs;
    this.#pending.set(this.#token, { done, sinceMs: nowMs });
    this.#send(
      { kind: 'count', token: this.#token, work },
      'bytes' in work ? [work.bytes.buffer as ArrayBuffer] : [],
    );
    this.#watch();
    return true;
  }

  openStream(): number | null {
    if (this.#isClosed || this.#streams.size >= this.#options.limits.tokenStreamsMax) return null;
    this.#token += 1;
    this.#streams.add(this.#token);
    return this.#token;
  }

  hasStream(stream: number): boolean {
    return this.#streams.has(stream);
  }

  closeStream(stream: number): void {
    if (this.#streams.delete(stream) && this.#worker !== null) this.#send({ kind: 'forget', stream });
  }

  /** Ends the thread; what waits gets no count. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#end();
  }

  #start(): Worker {
    const { log, workerUrl } = this.#options;
    const worker = new Worker(workerUrl ?? pathToFileURL(join(packageRoot(), 'dist', 'tokens.js')), {
      name: 'tokens',
      // Without the loaders of a development run: the thread's program is plain JavaScript.
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB_MAX },
    });
    worker.unref();
    worker.on('message', (report: TokenReport) => this.#take(report));
    worker.on('error', (error) => log.error({ error: error.message }, 'Counting tokens failed.'));
    worker.once('exit', () => this.#exited(worker));
    return worker;
  }

  #send(request: TokenRequest, transfer: readonly Transferable[] = []): void {
    this.#worker?.postMessage(request, transfer);
  }

  #take({ token, tokens }: TokenReport): void {
    const pending = this.#pending.get(token);
    this.#pending.delete(token);
    this.counted += 1;
    pending?.done(tokens);
  }

  /** Not expected: an ended thread was forgotten before. */
  #exited(worker: Worker): void {
    if (this.#worker !== worker) return;
    this.#worker = null;
    this.#startsFromMs = this.#options.clock.monotonicMs() + this.#options.limits.tokenRestartMs;
    this.#giveUp();
  }

  async #end(): Promise<void> {
    this.#stopWatch?.();
    this.#stopWatch = null;
    const worker = this.#worker;
    this.#worker = null;
    this.#giveUp();
    await worker?.terminate();
  }

  #giveUp(): void {
    this.#streams.clear();
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { done } of pending) done(null);
  }

  /** One look at a time: for work that takes too long, and for a thread without any. */
  #watch(): void {
    const { clock, limits } = this.#options;
    this.#stopWatch ??= clock.every(limits.tokenWatchMs, () => this.#look());
  }

  #look(): void {
    const { clock, limits, log } = this.#options;
    const nowMs = clock.monotonicMs();
    const [oldest] = this.#pending.values();
    if (oldest !== undefined && nowMs - oldest.sinceMs > limits.tokenWorkTimeoutMs) {
      log.warn({ waiting: this.#pending.size }, 'Counting tokens took too long; the thread is ended.');
      this.#startsFromMs = nowMs + limits.tokenRestartMs;
    } else if (
      oldest !== undefined ||
      this.#streams.size > 0 ||
      nowMs - this.#lastUsedMs < limits.tokenIdleMs
    ) {
      return;
    }
    this.#end().catch((error: unknown) => log.error({ error: String(error) }, 'The thread did not end.'));
  }
}
