import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { SetupError } from '../../errors.ts';
import { LIMITS } from '../../limits.ts';
import type { Clock, Log } from '../../ports.ts';

const READY = 'database system is ready to accept connections';
/** After a killed postmaster its backends need a moment to notice and end; until then a new one refuses. */
const STILL_IN_USE = /pre-existing shared memory block|lock file .* already exists/;
const RESTART_DELAY_MIN_MS = 50;
const LINES_KEPT = 10;

interface Exit {
  readonly isReady: false;
  readonly lines: readonly string[];
}

/** The system refused to make a process, for want of memory or descriptors, say. */
const failedLaunch = (error: unknown): Exit => ({ isReady: false, lines: [String(error)] });

export interface PostgresServerOptions {
  /** Starts the postmaster; its stderr must be a pipe. */
  readonly spawn: () => ChildProcess;
  readonly log: Log;
  readonly clock: Clock;
}

/** One postmaster, started again whenever it ends without having been told to. */
export class PostgresServer {
  readonly #options: PostgresServerOptions;
  #child: ChildProcess | null = null;
  #isStopping = false;
  #restartDelayMs = RESTART_DELAY_MIN_MS;
  #wakeUp: (() => void) | null = null;
  #supervision: Promise<void> | null = null;

  constructor(options: PostgresServerOptions) {
    this.#options = options;
  }

  /** Of the postmaster; null while there is none. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Resolves once connections are accepted. Throws a {@link SetupError} with Postgres' own words when it cannot start. */
  async start(): Promise<void> {
    const deadlineMs = performance.now() + LIMITS.postgresStartRetryMs;
    for (;;) {
      const result = await this.#launch();
      if (result.isReady) return;
      const mayPass = result.lines.some((line) => STILL_IN_USE.test(line));
      if (!mayPass || performance.now() > deadlineMs) {
        throw new SetupError(
          `The embedded Postgres did not start: ${result.lines.join(' ') || 'no reason given'}`,
        );
      }
      await sleep(RESTART_DELAY_MIN_MS);
    }
  }

  /** Fast shutdown: sessions are cut, what was committed is on disk. Escalates when that takes too long. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#wakeUp?.();
    const child = this.#child;
    if (child !== null) {
      const escalation = new AbortController();
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      const escalating = this.#escalate(child, escalation.signal);
      await ended;
      escalation.abort();
      await escalating;
    }
    await this.#supervision;
  }

  async #escalate(child: ChildProcess, signal: AbortSignal): Promise<void> {
    try {
      child.kill('SIGINT');
      await sleep(LIMITS.postgresStopTimeoutMs, undefined, { signal });
      child.kill('SIGQUIT');
      await sleep(LIMITS.postgresQuitTimeoutMs, undefined, { signal });
      child.kill('SIGKILL');
    } catch {
      // Aborted: it ended.
    }
  }

  /** One try: resolves when ready, or with the last lines that Postgres wrote when it ended instead. */
  async #launch(): Promise<{ readonly isReady: true } | Exit> {
    const { log, clock } = this.#options;
    const child = this.#options.spawn();
    this.#child = child;
    const lines: string[] = [];
    return new Promise((resolve) => {
      let readyAtMs: number | null = null;
      const onLine = (line: string): void => {
        lines.push(line);
        if (lines.length > LINES_KEPT) lines.shift();
        log.debug({ line }, 'postgres');
        if (readyAtMs !== null || !line.includes(READY)) return;
        readyAtMs = clock.monotonicMs();
        resolve({ isReady: true });
      };
      const onEnd = (reason: string): void => {
        if (this.#child === child) this.#child = null;
        lines.push(reason);
        if (readyAtMs === null || this.#isStopping) return;
        this.#supervision = this.#restart(reason, clock.monotonicMs() - readyAtMs);
      };
      const giveUp = (): void => resolve({ isReady: false, lines });
      // There is no pipe when the process could not be made at all.
      if (child.stderr) createInterface({ input: child.stderr }).on('line', onLine);
      child.once('exit', (code, signal) => onEnd(`exit ${code ?? signal}`));
      // Unlike 'exit', after the last line was read.
      child.once('close', giveUp);
      child.once('error', (error) => {
        onEnd(error.message);
        giveUp();
      });
    });
  }

  /** Never rejects and gives up only when stopped: without its database the gateway still serves calls. */
  async #restart(reason: string, upMs: number): Promise<void> {
    const { log } = this.#options;
    if (upMs > LIMITS.postgresRestartDelayMaxMs) this.#restartDelayMs = RESTART_DELAY_MIN_MS;
    log.error({ reason, upMs: Math.round(upMs) }, 'Postgres ended unexpectedly; starting it again');
    while (!this.#isStopping) {
      await this.#pause(this.#restartDelayMs);
      this.#restartDelayMs = Math.min(this.#restartDelayMs * 2, LIMITS.postgresRestartDelayMaxMs);
      if (this.#isStopping) return;
      const result = await this.#launch().catch(failedLaunch);
      if (result.isReady) {
        log.info({ pid: this.pid }, 'Postgres runs again');
        return;
      }
      log.warn({ lines: result.lines }, 'Postgres did not start; trying again');
    }
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(delayMs, resolve);
      this.#wakeUp = () => {
        cancel();
        resolve();
      };
    });
  }
}
