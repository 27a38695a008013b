import type { CallError } from '../errors.ts';
import type {
  BlockEvent,
  ChatRequest,
  ChatResponse,
  ProtocolName,
  Receipt,
  Usage,
} from '../protocols/blocks.ts';
import type { Identity } from '../tenancy/snapshot.ts';

/** A call made from inside (GraphQL): content blocks go in, events come back. */
export interface Invocation {
  readonly identity: Identity;
  readonly request: ChatRequest;
  /** Refuse a lossy hop before anything is sent. */
  readonly isStrict: boolean;
  readonly idempotencyKey: string | null;
}

/** Who served a call. */
export interface ServedBy {
  readonly connection: string;
  readonly provider: string;
  readonly model: string;
  readonly protocol: ProtocolName;
  readonly attempts: number;
}

export interface InvocationResult {
  readonly callId: string;
  readonly model: string;
  readonly servedBy: ServedBy | null;
  /** Complete answer, also after a stream; null when there is none. */
  readonly response: ChatResponse | null;
  readonly usage: Usage;
  readonly costPico: bigint | null;
  /** The day from which its price holds, ms since the epoch, and whose price it is. */
  readonly priceFrom?: number | null | undefined;
  readonly priceSource?: string | null | undefined;
  readonly receipt: Receipt | null;
  /** Null after success. */
  readonly error: CallError | null;
}

/** Takes what a call produces. Methods are called in the order start, event…, end; end exactly once. */
export interface EventSink {
  start(callId: string): void;
  /** Only for streamed requests. False asks for no more until `resume` is called on the handle. */
  event(event: BlockEvent): boolean;
  /** The end record has been appended. */
  end(result: InvocationResult): void;
}

export interface InvocationHandle {
  readonly callId: string;
  /** The caller has left: the upstream is cancelled before this returns. */
  cancel(): void;
  resume(): void;
}

export type Invoke = (invocation: Invocation, sink: EventSink) => InvocationHandle;
