import { setTimeout as pause } from 'node:timers/promises';

export interface UntilOptions {
  /** What is waited for, for the failure's message. */
  readonly what: string;
  readonly deadlineMs?: number;
  readonly pollMs?: number;
}

/**
 * Polls `condition` until it gives something truthy and returns that; throws with `what` after the deadline.
 * An error thrown by the condition counts as "not yet" and is the cause of the final failure.
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  { what, deadlineMs = 5_000, pollMs = 2 }: UntilOptions,
): Promise<NonNullable<T>> {
  const deadlineAt = performance.now() + deadlineMs;
  let cause: unknown;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() >= deadlineAt) {
      const detail = cause instanceof Error ? `: ${cause.message}` : '';
      throw new Error(`${what}: not within ${deadlineMs} ms${detail}`, { cause });
    }
    await pause(pollMs);
  }
}

/** Settles as `promise` does, or rejects with `what` after the deadline. */
export async function within<T>(promise: Promise<T>, { what, deadlineMs = 5_000 }: UntilOptions): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${deadlineMs} ms`)), deadlineMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A promise that the test opens by hand: what waits at it goes on then. */
export interface Gate extends PromiseLike<void> {
  open(): void;
  readonly isOpen: boolean;
}

export function gate(): Gate {
  let release = () => {};
  let isOpen = false;
  const opened = new Promise<void>((resolve) => {
    release = resolve;
  });
  return {
    // biome-ignore lint/suspicious/noThenProperty: a gate is awaited like any promise
    then: (onOpen, onError) => opened.then(onOpen, onError),
    open() {
      isOpen = true;
      release();
    },
    get isOpen() {
      return isOpen;
    },
  };
}

const immediate = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** One whole turn of the event loop: whatever the sockets of this process had to read has been read. */
export async function turn(): Promise<void> {
  await immediate();
  await immediate();
}
