import type { ErrorCode } from '../errors.ts';
import type { Operation } from '../operations/operation.ts';
import type { CallerProtocol, FinishReason, ProtocolName, Receipt, Usage } from '../protocols/blocks.ts';

/** How a call ended. `interrupted`: the answer broke off, or the process died during the call. */
export const OUTCOMES = ['running', 'succeeded', 'failed', 'cancelled', 'interrupted'] as const;
export type Outcome = (typeof OUTCOMES)[number];

export type Lane = 'byte' | 'block';

/** One try at one target. */
export interface Attempt {
  /** `connection/model`. */
  readonly target: string;
  readonly provider: string;
  /** Milliseconds after the call's start. */
  readonly startedMs: number;
  readonly durationMs: number;
  /** HTTP status of the upstream, if it answered. */
  readonly status: number | null;
  readonly errorCode: ErrorCode | null;
  /** The upstream's own message, scrubbed and shortened. */
  readonly message: string | null;
  /** The upstream's own id of a request that it refused. */
  readonly requestId?: string | undefined;
}

/** The beginning of a request's or an answer's body. */
export interface KeptBody {
  /** At most recordBodyBytesMax. */
  readonly bytes: Buffer;
  /** Of the whole body. */
  readonly size: number;
}

/** What went over the caller's connection, in the caller's protocol; null where there was none. */
export interface KeptBodies {
  readonly request: KeptBody | null;
  readonly response: KeptBody | null;
}

/** Where the token counts are from: the provider, or counted from what was relayed. */
export type UsageSource = 'provider' | 'estimated' | 'none';

/** What is known when a call begins; written to the spool before the first byte goes upstream. */
export interface BeginRecord {
  /** UUIDv7. */
  readonly id: string;
  readonly tenantId: string;
  readonly applicationId: string | null;
  readonly keyId: string | null;
  readonly callerProtocol: CallerProtocol;
  readonly operation: Operation;
  readonly modelAsked: string;
  readonly isStream: boolean;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Version of the snapshot that the call saw. */
  readonly snapshotVersion: number;
}

/** The whole record of a call; written to the spool before its terminal byte goes to the caller. */
export interface CallRecord extends BeginRecord {
  readonly modelServed: string | null;
  /** `connection/model` of the last attempt. */
  readonly target: string | null;
  readonly provider: string | null;
  readonly targetProtocol: ProtocolName | null;
  readonly lane: Lane | null;
  readonly outcome: Outcome;
  readonly errorCode: ErrorCode | null;
  /** HTTP status sent to the caller. */
  readonly status: number;
  readonly finishReason: FinishReason | null;
  /** From the request's arrival to the first dispatch. */
  readonly queueMs: number | null;
  /** Of the last attempt: from dispatch until a connection took it. */
  readonly connectMs: number | null;
  /** From arrival to the first content. */
  readonly firstTokenMs: number | null;
  readonly totalMs: number;
  readonly usage: Usage;
  readonly usageSource: UsageSource;
  /** Integer pico-dollars; null when tokens or price are not known. */
  readonly costPico: bigint | null;
  /** The day from which that price holds, ms since the epoch; null where the price has none. */
  readonly priceFrom: number | null;
  /** Whose price: the operator's, or a catalogue with its version. */
  readonly priceSource: string | null;
  readonly attempts: readonly Attempt[];
  /** Only for cross-protocol hops. */
  readonly receipt: Receipt | null;
  /** Null unless the operator has bodies kept. */
  readonly bodies: KeptBodies | null;
}

/** What the spool knows of a call that has begun. */
export interface Begun {
  /** Counts the calls of one boot, from 1. */
  readonly number: number;
  /** The first columns of its row. */
  readonly head: string;
}

/**
 * The append-only file that records go to first.
 *
 * Appends of one event-loop turn are written together by one system call; each callback runs right after
 * that write, in the order of the appends.
 */
export interface Spool {
  /** Calls back with null once the record is in the file, with the error if it could not be written. */
  begin(record: BeginRecord, done: (error: Error | null) => void): Begun;
  /** @param begun what `begin` gave for this call; null for one that was refused before. */
  end(record: CallRecord, begun: Begun | null, done: (error: Error | null) => void): void;
}
