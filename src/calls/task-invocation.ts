import type { CallError } from '../errors.ts';
import type { AskedTask } from '../operations/model-task.ts';
import type { Receipt, Usage } from '../protocols/blocks.ts';
import type { Identity } from '../tenancy/snapshot.ts';
import type { InvocationHandle, ServedBy } from './invocation.ts';

/** A call other than a chat, made from inside (GraphQL). */
export interface TaskInvocation {
  readonly identity: Identity;
  readonly asked: AskedTask;
  /** Refuse a lossy hop before anything is sent. */
  readonly isStrict: boolean;
  readonly idempotencyKey: string | null;
}

export interface TaskResult {
  readonly callId: string;
  readonly model: string;
  readonly servedBy: ServedBy | null;
  /** The whole answer in OpenAI's form; empty after an error. */
  readonly body: Buffer;
  /** Media type of the body. */
  readonly contentType: string;
  readonly usage: Usage;
  readonly costPico: bigint | null;
  /** The day from which its price holds, ms since the epoch, and whose price it is. */
  readonly priceFrom: number | null;
  readonly priceSource: string | null;
  readonly receipt: Receipt | null;
  /** Null after success. */
  readonly error: CallError | null;
}

/** `done` is called exactly once, after the end record was appended. */
export type Operate = (invocation: TaskInvocation, done: (result: TaskResult) => void) => InvocationHandle;
