import type { Call } from '../call.ts';
import { CallError } from '../errors.ts';
import type { RequestBytes } from '../operations/task.ts';
import type { Receipt } from '../protocols/blocks.ts';
import { jsonToolReaders } from '../protocols/json-tool.ts';
import type { Protocol } from '../protocols/protocol.ts';
import { protocolOf } from '../protocols/registry.ts';
import { BlockBodyLane, BlockStreamLane } from '../relay/block-lane.ts';
import { ByteBodyLane, ByteStreamLane } from '../relay/byte-lane.ts';
import type { CallLane } from '../relay/lane.ts';
import type { ResolvedTarget } from '../tenancy/routes.ts';
import type { SnapshotConnection } from '../tenancy/snapshot.ts';
import { requestPath } from '../upstream/address.ts';
import type { AnswerForms } from '../upstream/attempt.ts';
import type { Endpoint } from '../upstream/pools.ts';
import { signedHeaders } from '../upstream/sigv4.ts';
import { ChatForms, originOf } from './answer-forms.ts';
import { oversized } from './body-size.ts';
import { CallLaneContext } from './lane-context.ts';
import type { CallerBody } from './ports.ts';
import { prepareTask } from './prepare-task.ts';
import { repaired } from './repair.ts';
import { checkSchema } from './schema-answer.ts';
import { strictRefusal } from './strict.ts';

/** One try, ready to be sent. */
export interface PreparedRequest {
  readonly endpoint: Endpoint;
  readonly protocol: Protocol;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly headers: readonly string[];
  readonly body: RequestBytes;
  readonly secret: string | null;
  readonly lane: CallLane;
  /** Absent where the lane takes every form of answer. */
  readonly forms?: AnswerForms | undefined;
  /** How long the response's header may take. */
  readonly headTimeoutMs: number;
  /** Between two reads. */
  readonly idleTimeoutMs: number;
  /** Null in the byte lane. */
  readonly receipt: Receipt | null;
}

/**
 * Makes the upstream's request: the caller's own bytes where both sides speak one protocol, else content
 * blocks written in the target's. Errors: what the caller's reader says, `lossy_translation`, `unknown_field`.
 */
export function prepare(call: Call, target: ResolvedTarget): PreparedRequest | CallError {
  if (call.input.task !== null) return prepareTask(call, target, call.input.task);
  const { connection, model } = target;
  const protocol = protocolOf(connection.protocol);
  if (protocol === undefined) {
    return new CallError('internal', { cause: `no reader and writer for ${connection.protocol}` });
  }
  const { limits } = call.ports;
  const context = new CallLaneContext(call, connection.secret);
  const written =
    call.input.body?.protocol === protocol
      ? byteRequest(call, target, call.input.body, context)
      : blockRequest(call, target, protocol, context);
  if (written instanceof CallError) return written;
  const repairs = call.ports.learned.of(connection, model);
  const laned = repairs === null ? written : repaired(call, written, repairs);
  if (laned instanceof CallError) return laned;
  const tooLarge = oversized(laned.body.length, target, limits);
  if (tooLarge !== null) return tooLarge;
  const endpoint = call.ports.pools.endpoint(connection);
  const path = requestPath(connection, endpoint, protocol, model, call.input.isStream);
  const headers = laned.headers.length === 0 ? endpoint.headers : [...endpoint.headers, ...laned.headers];
  return {
    endpoint,
    protocol,
    method: 'POST',
    path,
    secret: connection.secret,
    headers: connection.auth === 'sigv4' ? signed(call, connection, path, headers, laned.body) : headers,
    body: laned.body,
    lane: laned.lane,
    forms: laned.forms,
    headTimeoutMs: call.input.isStream ? limits.firstByteTimeoutMs : limits.answerTimeoutMs,
    idleTimeoutMs: limits.idleTimeoutMs,
    receipt: laned.receipt,
  };
}

/** Over what goes on the wire, and at the time of the try. */
function signed(
  { ports }: Call,
  connection: SnapshotConnection,
  path: string,
  headers: readonly string[],
  body: Buffer,
): readonly string[] {
  const { aws } = connection;
  if (aws === undefined || aws === null) return headers;
  const { origin } = ports.pools.endpoint(connection);
  return signedHeaders({ method: 'POST', origin, path, headers, body }, aws, ports.clock.nowMs());
}

type LaneRequest = Pick<PreparedRequest, 'headers' | 'lane' | 'forms' | 'receipt'> & {
  readonly body: Buffer;
};

function byteRequest(
  call: Call,
  target: ResolvedTarget,
  body: CallerBody,
  context: CallLaneContext,
): LaneRequest | CallError {
  const { input, ports, answer } = call;
  const { protocol, bytes, scan, json, headers, framing } = body;
  const { quirks, repairs } = target.facts;
  const rewritten = protocol.rewriteRequest(bytes, scan, json, target.model, quirks);
  const lane = input.isStream
    ? new ByteStreamLane(protocol, answer, ports.limits, context, rewritten.addsUsage, framing)
    : new ByteBodyLane(protocol, ports.limits, context);
  const forms = new ChatForms(call, context, protocol, target, null);
  const request = { headers, body: rewritten.body, lane, forms, receipt: null };
  const needed = repairs?.some((repair) => scan.members.has(repair.member)) === true;
  return needed ? repaired(call, request, repairs) : request;
}

function blockRequest(
  call: Call,
  target: ResolvedTarget,
  protocol: Protocol,
  context: CallLaneContext,
): LaneRequest | CallError {
  const { input, ports, answer } = call;
  const request =
    input.request ??
    input.body?.protocol.readRequest(input.body.json, { model: input.model, stream: input.isStream });
  if (request === undefined) return new CallError('internal', { cause: 'a call without a request' });
  if (request instanceof CallError) return request;
  const written = protocol.writeRequest(request, {
    provider: target.connection.provider,
    model: target.model,
    maxOutputTokens: target.facts.capabilities?.outputTokensMax ?? null,
    capabilities: target.facts.capabilities,
    quirks: target.facts.quirks,
  });
  if (written instanceof CallError) return written;
  const refusal = input.isStrict ? strictRefusal(written.receipt) : null;
  if (refusal !== null) return refusal;
  const origin = originOf(target);
  const { toolNames = null, jsonTool } = written;
  const readers = jsonTool === undefined ? protocol : jsonToolReaders(protocol, jsonTool);
  const lane = input.isStream
    ? new BlockStreamLane(readers.streamReader(origin), answer, ports.limits, context, toolNames)
    : new BlockBodyLane(readers, origin, ports.limits, context, toolNames);
  const forms = new ChatForms(call, context, readers, target, toolNames);
  const receipt = checkSchema(call, context, request, written.receipt);
  return { headers: [], body: written.body, lane, forms, receipt };
}
