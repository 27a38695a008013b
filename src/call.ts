/**
 * The life of a call: identify (done by the endpoint) → admit → choose → begin → send → relay → end.
 *
 * `live` below is the whole journey; every phase is one small function that returns a value or an error
 * value. Nothing goes upstream before the begin record is in the spool, and the terminal byte goes to the
 * caller only after the end record is.
 */

import type { BagMember } from './bag.ts';
import type { CallInput, CallPorts } from './call/ports.ts';
import { prepare } from './call/prepare.ts';
import { recordOf } from './call/record-of.ts';
import { learnFrom } from './call/repair.ts';
import { tallyOf } from './call/tally-of.ts';
import { withTargets } from './call/with-targets.ts';
import type { Attempt as AttemptRecord, BeginRecord, Begun } from './calls/record.ts';
import { CallError } from './errors.ts';
import { POLICIES } from './policies/policy.ts';
import type { Receipt } from './protocols/blocks.ts';
import type { Answer, AnswerHead, Ending } from './relay/answer.ts';
import type { CallLane } from './relay/lane.ts';
import { resolveModel } from './tenancy/models.ts';
import type { ResolvedModel, ResolvedTarget } from './tenancy/routes.ts';
import type { CallTally } from './tokens/tally.ts';
import { Attempt, type AttemptResult } from './upstream/attempt.ts';
import { choose, type Exclusion } from './upstream/plan.ts';
import { scrub } from './upstream/scrub.ts';

/** A running call. Fields are assigned by the phase that their comment names, and then stay. */
export class Call implements BagMember {
  bagSlot = -1;
  readonly ports: CallPorts;
  readonly input: CallInput;
  readonly answer: Answer;
  /** begin: its begin record is in the spool. */
  hasBegun = false;
  begun: Begun | null = null;
  /** send: every try so far. */
  readonly attempts: AttemptRecord[] = [];
  /** send: the target, lane, receipt and tally of the newest try. */
  target: ResolvedTarget | null = null;
  lane: CallLane | null = null;
  receipt: Receipt | null = null;
  attempt: Attempt | null = null;
  tally: CallTally | null = null;
  /** send: the newest failure, and what happened at every target that failed. */
  failed: Ending | null = null;
  readonly failures: Exclusion[] = [];
  /** send: one request was repaired after its target had refused a parameter; there is no second repair. */
  isRepaired = false;
  /** send: from arrival to the first dispatch. */
  queueMs: number | null = null;
  /** end: the end record is on its way. */
  hasEnded = false;
  /** Why the call was ended from outside: the caller left or stalled, or the gateway is closing. */
  stopped: CallError | null = null;

  constructor(ports: CallPorts, input: CallInput, answer: Answer) {
    this.ports = ports;
    this.input = input;
    this.answer = answer;
  }

  /** The caller has left: the upstream's socket is destroyed before this returns. */
  cancel(reason: CallError = new CallError('client_closed_request')): void {
    if (this.stopped !== null) return;
    this.stopped = reason;
    this.attempt?.cancel();
  }

  /** The caller can take more. */
  resume(): void {
    this.attempt?.resume();
  }

  get head(): AnswerHead {
    return { attempts: this.attempts.length + (this.attempt === null ? 0 : 1), receipt: this.receipt };
  }

  elapsedMs(): number {
    return this.ports.clock.monotonicMs() - this.input.arrivedMs;
  }
}

/** Starts a call; the answer takes everything that follows. */
export function startCall(ports: CallPorts, input: CallInput, answer: Answer): Call {
  const call = new Call(ports, input, answer);
  ports.inFlight.add(call);
  step(call, () => live(call));
  return call;
}

/** Without promises: four of them cost a call as much as its request's parsing. */
function live(call: Call): void {
  const model = admit(call);
  if (model instanceof CallError) return end(call, failure(model));

  const plan = choose(model, call.ports.planPorts);
  if (plan.targets.length === 0) return end(call, failure(noHealthyUpstream(model, plan.excluded)));

  begin(call, (unrecorded) => {
    if (unrecorded !== null) end(call, failure(unrecorded));
    else sendNext(call, plan.targets, 0);
  });
}

/** What throws inside ends its own call, not the process. */
function step(call: Call, run: () => void): void {
  try {
    run();
  } catch (error) {
    logInternal(call, error);
    call.attempt?.cancel();
    end(call, failure(new CallError('internal', { cause: error })));
  }
}

/** Model, then the policies in order. The first refusal wins; nothing has been spent. */
function admit(call: Call): ResolvedModel | CallError {
  const { input, ports } = call;
  if (input.refusal !== null) return input.refusal;
  const { snapshot, identity, task } = input;
  const model =
    task === null ? resolveModel(snapshot, identity, input.model) : task.route(snapshot, identity);
  if (model instanceof CallError) return model;
  const question = {
    identity: input.identity,
    model: input.model,
    limits: ports.limits,
    inFlight: ports.inFlight.size - 1,
    isSpoolWritable: ports.spool.isWritable,
  };
  for (const policy of POLICIES) {
    const refusal = policy(question);
    if (refusal !== null) return refusal;
  }
  return model;
}

/** Goes on with `next` once the begin record is in the spool. */
function begin(call: Call, next: (unrecorded: CallError | null) => void): void {
  const { input } = call;
  const record: BeginRecord = {
    id: input.id,
    tenantId: input.identity.tenantId,
    applicationId: input.identity.applicationId,
    keyId: input.identity.keyId,
    callerProtocol: input.caller,
    operation: input.operation,
    modelAsked: input.model,
    isStream: input.isStream,
    startedAt: input.startedAt,
    snapshotVersion: input.snapshot.version,
  };
  call.begun = call.ports.spool.begin(record, (error) => {
    call.hasBegun = error === null;
    const unrecorded = error === null ? null : new CallError('records_unavailable', { cause: error });
    step(call, () => next(unrecorded));
  });
}

/** Tries the targets in order until one answers, the caller has got a byte, or the failure forbids another try. */
function sendNext(call: Call, targets: readonly ResolvedTarget[], from: number): void {
  for (let index = from; index < targets.length && call.stopped === null; index += 1) {
    const target = targets[index] as ResolvedTarget; // index is within
    const unsent = send(call, target, (result) => settled(call, targets, index, result));
    if (unsent === null) return;
    call.failed ??= failure(unsent);
  }
  end(call, lastWord(call));
}

function settled(call: Call, targets: readonly ResolvedTarget[], index: number, result: AttemptResult): void {
  const { lane, target } = call;
  if (result.kind === 'complete' && lane !== null) return end(call, lane.ending());
  if (result.kind === 'failed' && target !== null) {
    if (learnFrom(call, target, result.error)) return sendNext(call, targets, index);
    call.failed = { kind: 'error', error: result.error, raw: lane?.name === 'byte' ? result.raw : null };
    call.failures.push({ target: target.name, reason: result.error.code });
    if (mayRetry(call, result.error)) return sendNext(call, targets, index + 1);
  }
  end(call, lastWord(call));
}

/** How a call ends that no target has answered. */
function lastWord(call: Call): Ending {
  if (call.stopped !== null) return failure(call.stopped);
  if (call.failed === null) return failure(new CallError('internal'));
  return call.failures.length > 1 ? withTargets(call.failed, call.failures) : call.failed;
}

function mayRetry(call: Call, error: CallError): boolean {
  if (call.lane?.isCommitted === true || call.stopped !== null) return false;
  return error.retry === 'target' || (error.retry === 'idempotent' && call.input.idempotencyKey !== null);
}

/** One try; `next` gets its result. An error value means that nothing was sent. */
function send(call: Call, target: ResolvedTarget, next: (result: AttemptResult) => void): CallError | null {
  const { ports } = call;
  call.tally = tallyOf(call, target);
  const prepared = prepare(call, target);
  if (prepared instanceof CallError) return prepared;
  const { endpoint, lane } = prepared;
  const pool = ports.pools.acquire(endpoint);
  if (pool === null) return new CallError('overloaded', { retryAfterMs: 1_000 });

  const startedMs = call.elapsedMs();
  call.queueMs ??= startedMs;
  call.target = target;
  call.lane = lane;
  call.receipt = prepared.receipt;
  ports.loads.begin(target.name);
  const done = (result: AttemptResult): void => {
    const contentMs = call.lane?.firstContentMs ?? null;
    const isMeasured = result.kind === 'complete' && contentMs !== null;
    const firstContentMs = (contentMs ?? 0) - call.input.arrivedMs - startedMs;
    ports.loads.end(target.name, isMeasured ? firstContentMs : null);
    noteAttempt(call, target, result, startedMs);
    step(call, () => next(result));
  };
  call.attempt = new Attempt(ports, prepared, pool, done, () => ports.pools.release(endpoint));
  call.attempt.start();
  return null;
}

function noteAttempt(call: Call, target: ResolvedTarget, result: AttemptResult, startedMs: number): void {
  const error = result.kind === 'failed' ? result.error : null;
  const isInternal = error?.code === 'internal';
  if (isInternal) logInternal(call, error.cause);
  const cause = isInternal ? null : error?.cause;
  const said = typeof cause === 'object' && cause !== null && 'message' in cause ? cause.message : null;
  call.attempts.push({
    target: target.name,
    provider: target.connection.provider,
    startedMs,
    durationMs: call.elapsedMs() - startedMs,
    status: call.attempt?.status ?? null,
    errorCode:
      result.kind === 'cancelled' ? (call.stopped?.code ?? 'client_closed_request') : (error?.code ?? null),
    message: typeof said === 'string' ? scrub(said, target.connection.secret) : null,
    requestId: call.attempt?.requestId ?? undefined,
  });
}

/** The end record goes to the spool; right after that, and not before, the caller gets its last byte. */
function end(call: Call, given: Ending): void {
  const { ports, answer } = call;
  if (call.hasEnded) return;
  call.hasEnded = true;
  const ending = prepared(call, given);
  const record = recordOf(call, ending);
  const finish = (error: Error | null): void => {
    const summary = { attempts: call.attempts.length, receipt: call.receipt, record };
    const unrecorded = error === null ? null : new CallError('records_unavailable', { cause: error });
    try {
      answer.end(unrecorded === null ? ending : failure(unrecorded), summary);
    } catch (thrown) {
      logInternal(call, thrown);
    }
    // Not before: who waits for running calls to go may close what their last bytes need.
    ports.inFlight.delete(call);
    ports.ended(record);
    call.tally?.close();
  };
  // What room a full disk has left is for the ends of calls that have begun.
  if (call.hasBegun || ports.spool.isWritable) ports.spool.end(record, call.begun, finish);
  else finish(new Error('refused'));
}

function prepared(call: Call, ending: Ending): Ending {
  try {
    call.answer.prepare(ending);
    return ending;
  } catch (error) {
    logInternal(call, error);
    return failure(error instanceof CallError ? error : new CallError('internal', { cause: error }));
  }
}

/** What the caller is not told. */
function logInternal(call: Call, error: unknown): void {
  const { ports, input } = call;
  ports.log.error(
    { callId: input.id, error: String((error as Error)?.stack ?? error) },
    'call failed inside',
  );
}

function failure(error: CallError): Ending {
  return { kind: 'error', error, raw: null };
}

function noHealthyUpstream(model: ResolvedModel, excluded: readonly Exclusion[]): CallError {
  return new CallError('no_healthy_upstream', {
    message: `No healthy upstream can serve the model "${model.name}".`,
    retryAfterMs: 5_000,
    targets: excluded,
  });
}
