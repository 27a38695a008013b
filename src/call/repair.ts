/** One repair of a request whose parameter the model refuses, and its memory; see `upstream/learned.ts`. */
import type { Call } from '../call.ts';
import type { CallError } from '../errors.ts';
import type { Receipt, UpstreamFailure } from '../protocols/blocks.ts';
import { refusedParam } from '../protocols/refused-param.ts';
import { carriedReceipt, type Repair, repairBody, repairReceipt } from '../protocols/repair.ts';
import type { ResolvedTarget } from '../tenancy/routes.ts';
import { strictRefusal } from './strict.ts';

interface Repairable {
  readonly body: Buffer;
  /** Null in the byte lane. */
  readonly receipt: Receipt | null;
}

/**
 * A request with what was learnt of its target. Errors: `lossy_translation` where strict mode forbids to leave a
 * field out.
 */
export function repaired<T extends Repairable>(
  call: Call,
  request: T,
  repairs: readonly Repair[],
): T | CallError {
  const { body, done } = repairBody(request.body, repairs);
  if (done.length === 0) return request;
  const carried = request.receipt ?? carriedReceipt(call.input.body?.scan.members.keys() ?? []);
  const receipt = repairReceipt(carried, done);
  const refusal = call.input.isStrict ? strictRefusal(receipt) : null;
  return refusal ?? { ...request, body, receipt };
}

/**
 * Learns from an upstream's refusal. True when the same target is worth one more try: the request can be repaired,
 * it is the call's first repair, and the caller has got nothing and is still there.
 */
export function learnFrom(call: Call, { connection, model }: ResolvedTarget, error: CallError): boolean {
  const failure = failureOf(error);
  const body = call.input.task === null ? (call.attempt?.body ?? null) : null;
  if (failure === null || body === null) return false;
  const repair = refusedParam(connection.protocol, failure, body);
  if (repair === null) return false;
  call.ports.learned.learn(connection, model, repair);
  if (call.isRepaired || call.stopped !== null || call.lane?.isCommitted === true) return false;
  call.isRepaired = true;
  return true;
}

/** What the upstream said, where the error is its word. */
function failureOf({ code, cause }: CallError): UpstreamFailure | null {
  if (code !== 'upstream_invalid_request' || typeof cause !== 'object' || cause === null) return null;
  return 'class' in cause && 'status' in cause ? (cause as UpstreamFailure) : null; // made by classifyFailure
}
