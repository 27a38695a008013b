import type { Bag } from '../bag.ts';
import type { Call } from '../call.ts';
import type { Pricing } from '../calls/pricing.ts';
import type { CallRecord, Spool } from '../calls/record.ts';
import type { CallError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Operation } from '../operations/operation.ts';
import type { Task } from '../operations/task.ts';
import type { Clock, Log } from '../ports.ts';
import type { CallerProtocol, ChatRequest } from '../protocols/blocks.ts';
import type { ScanResult } from '../protocols/json-scan.ts';
import type { Framing, JsonObject, Protocol } from '../protocols/protocol.ts';
import type { Identity, Snapshot } from '../tenancy/snapshot.ts';
import type { Tallies } from '../tokens/tallies.ts';
import type { TokenCounter } from '../tokens/token-counter.ts';
import type { LearnedRepairs } from '../upstream/learned.ts';
import type { TargetLoads } from '../upstream/load.ts';
import type { PlanPorts } from '../upstream/plan.ts';
import type { UpstreamPools } from '../upstream/pools.ts';
import type { Watch } from '../upstream/watch.ts';

/** What calls need of the process; one for all calls. */
export interface CallPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: Limits;
  readonly spool: Spool & { readonly isWritable: boolean };
  readonly pools: UpstreamPools;
  readonly watch: Watch;
  readonly loads: TargetLoads;
  readonly planPorts: PlanPorts;
  readonly pricing: Pricing;
  /** What targets were found to refuse. */
  readonly learned: LearnedRepairs;
  readonly tokens: TokenCounter;
  /** Count for the targets that do not. */
  readonly tallies: Tallies;
  /** Every running call; bounded by `callsInFlightMax`. */
  readonly inFlight: Bag<Call>;
  /** Metrics. */
  readonly ended: (record: CallRecord) => void;
}

/** A caller's request body as it came, for the byte lane. */
export interface CallerBody {
  readonly protocol: Protocol;
  readonly bytes: Buffer;
  readonly scan: ScanResult;
  readonly json: JsonObject;
  /** How a streamed answer is to be framed. */
  readonly framing: Framing;
  /** Headers of the caller's protocol that belong to the request (flat name, value list). */
  readonly headers: readonly string[];
}

/** What an endpoint hands to the call path. */
export interface CallInput {
  /** UUIDv7. */
  readonly id: string;
  /** Monotonic ms of the request's arrival. */
  readonly arrivedMs: number;
  /** Milliseconds since the epoch of the same instant. */
  readonly startedAt: number;
  readonly snapshot: Snapshot;
  readonly identity: Identity;
  readonly caller: CallerProtocol;
  readonly operation: Operation;
  /** The model's name as the caller wrote it. */
  readonly model: string;
  readonly isStream: boolean;
  readonly isStrict: boolean;
  readonly idempotencyKey: string | null;
  /** What is wrong with the request already; it is still recorded. */
  readonly refusal: CallError | null;
  /** The request in the caller's protocol; null where it came as content blocks. */
  readonly body: CallerBody | null;
  /** The request as content blocks, where it came so. */
  readonly request: ChatRequest | null;
  /** What is asked, for every operation but chat; null where `refusal` says why there is none. */
  readonly task: Task | null;
}
