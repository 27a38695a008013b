import type { Call } from '../call.ts';
import { CallError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Operation } from '../operations/operation.ts';
import type { RequestBytes, Sending, Task } from '../operations/task.ts';
import { protocolOf } from '../protocols/registry.ts';
import { TaskLane } from '../relay/task-lane.ts';
import type { ResolvedTarget } from '../tenancy/routes.ts';
import { addressed } from '../upstream/address.ts';
import { CallLaneContext } from './lane-context.ts';
import type { PreparedRequest } from './prepare.ts';
import { strictRefusal } from './strict.ts';

/** Operations that make images: nothing comes for long, streamed or not. */
const SLOW: readonly Operation[] = ['imageGeneration', 'imageEdit'];

/**
 * Makes the upstream's request of a call that is no chat. Errors: what the task says of the target,
 * `lossy_translation`.
 */
export function prepareTask(call: Call, target: ResolvedTarget, task: Task): PreparedRequest | CallError {
  const { connection } = target;
  const { input, ports, answer } = call;
  const protocol = protocolOf(connection.protocol);
  if (protocol === undefined) {
    return new CallError('internal', { cause: `no reader and writer for ${connection.protocol}` });
  }
  const sending = task.send(target);
  if (sending instanceof CallError) return sending;
  const refusal = input.isStrict && sending.receipt !== null ? strictRefusal(sending.receipt) : null;
  if (refusal !== null) return refusal;
  const endpoint = ports.pools.endpoint(connection);
  const context = new CallLaneContext(call, connection.secret);
  return {
    endpoint,
    protocol,
    method: sending.method,
    path: addressed(connection, endpoint.pathPrefix, sending.path, target.model),
    secret: connection.secret,
    headers: headersOf(endpoint.headers, sending),
    body: sending.body,
    lane: new TaskLane(sending, answer, ports.limits, context),
    headTimeoutMs: headTimeoutMs(task.operation, input.isStream, ports.limits),
    idleTimeoutMs: SLOW.includes(task.operation)
      ? ports.limits.imageIdleTimeoutMs
      : ports.limits.idleTimeoutMs,
    receipt: sending.receipt,
  };
}

/** A stream of text begins soon; everything else may be made as a whole before its header comes. */
function headTimeoutMs(operation: Operation, isStream: boolean, limits: Limits): number {
  return operation === 'completions' && isStream ? limits.firstByteTimeoutMs : limits.answerTimeoutMs;
}

/** The connection's fixed headers with the body's own type, and its length where it is in pieces. */
function headersOf(fixed: readonly string[], { contentType, body }: Sending): readonly string[] {
  const headers: string[] = [];
  for (let at = 0; at < fixed.length; at += 2) {
    const name = fixed[at] ?? '';
    if (name.toLowerCase() !== 'content-type') headers.push(name, fixed[at + 1] ?? '');
  }
  if (contentType !== null) headers.push('content-type', contentType);
  if (!Buffer.isBuffer(body)) headers.push('content-length', String(lengthOf(body)));
  return headers;
}

function lengthOf(body: RequestBytes): number {
  if (Buffer.isBuffer(body)) return body.length;
  let length = 0;
  for (const piece of body) length += piece.length;
  return length;
}
