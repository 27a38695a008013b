import { randomBytes } from 'node:crypto';
import { v7 } from 'uuid';

/** Time as the call path sees it. Durations are measured with `monotonicMs`, instants with `nowMs`. */
export interface Clock {
  /** Milliseconds since the epoch. */
  nowMs(): number;
  /** Milliseconds since an arbitrary start; never goes back. */
  monotonicMs(): number;
  /** Calls `run` every `periodMs` until the returned function is called. Never keeps the process alive. */
  every(periodMs: number, run: () => void): () => void;
  /** Calls `run` once after `delayMs` unless the returned function is called first. */
  after(delayMs: number, run: () => void): () => void;
}

export interface Random {
  /** A number in [0, 1). */
  fraction(): number;
  bytes(count: number): Buffer;
}

/** UUIDv7 (RFC 9562): unique, and sorted by the time of making. */
export interface Ids {
  next(): string;
}

export type LogFields = Readonly<Record<string, unknown>>;

/** Structured log. Fields must hold no secret and no prompt. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  every(periodMs, run) {
    const timer = setInterval(run, periodMs);
    timer.unref();
    return () => clearInterval(timer);
  },
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

export const systemRandom: Random = { fraction: () => Math.random(), bytes: (count) => randomBytes(count) };

export const systemIds: Ids = { next: () => v7() };
