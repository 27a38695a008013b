import type { Call } from '../call.ts';
import { CallError } from '../errors.ts';
import type { Origin, Receipt } from '../protocols/blocks.ts';
import type { Protocol } from '../protocols/protocol.ts';
import { protocolOf } from '../protocols/registry.ts';
import type { AnswerHead } from '../relay/answer.ts';
import { BlockBodyLane, BlockStreamLane } from '../relay/block-lane.ts';
import { ByteBodyLane, ByteStreamLane } from '../relay/byte-lane.ts';
import type { CallLane, LaneContext } from '../relay/lane.ts';
import type { ResolvedTarget } from '../tenancy/routes.ts';
import type { Endpoint } from '../upstream/pools.ts';
import type { CallerBody } from './ports.ts';

/** One try, ready to be sent. */
export interface PreparedRequest {
  readonly endpoint: Endpoint;
  readonly protocol: Protocol;
  readonly path: string;
  readonly headers: readonly string[];
  readonly body: Buffer;
  readonly secret: string | null;
  readonly lane: CallLane;
  /** How long the response's header may take. */
  readonly headTimeoutMs: number;
  /** Null in the byte lane. */
  readonly receipt: Receipt | null;
}

/**
 * Makes the upstream's request: the caller's own bytes where both sides speak one protocol, else content
 * blocks written in the target's. Errors: what the caller's reader says, `lossy_translation`, `unknown_field`.
 */
export function prepare(call: Call, target: ResolvedTarget): PreparedRequest | CallError {
  const { connection, model } = target;
  const protocol = protocolOf(connection.protocol);
  if (protocol === undefined) {
    return new CallError('internal', { cause: `no reader and writer for ${connection.protocol}` });
  }
  const { limits } = call.ports;
  const context = new CallLaneContext(call, connection.secret);
  const laned =
    call.input.body?.protocol === protocol && call.input.body.mayPass
      ? byteRequest(call, target, call.input.body, context)
      : blockRequest(call, target, protocol, context);
  if (laned instanceof CallError) return laned;
  const endpoint = call.ports.pools.endpoint(connection);
  return {
    endpoint,
    protocol,
    path: endpoint.pathPrefix + protocol.path(model, call.input.isStream),
    secret: connection.secret,
    headers: laned.headers.length === 0 ? endpoint.headers : [...endpoint.headers, ...laned.headers],
    body: laned.body,
    lane: laned.lane,
    headTimeoutMs: call.input.isStream ? limits.firstByteTimeoutMs : limits.answerTimeoutMs,
    receipt: laned.receipt,
  };
}

class CallLaneContext implements LaneContext {
  readonly secret: string | null;
  readonly #call: Call;

  constructor(call: Call, secret: string | null) {
    this.#call = call;
    this.secret = secret;
  }

  head(): AnswerHead {
    return this.#call.head;
  }

  nowMs(): number {
    return this.#call.ports.clock.monotonicMs();
  }
}

type LaneRequest = Pick<PreparedRequest, 'headers' | 'body' | 'lane' | 'receipt'>;

function byteRequest(
  call: Call,
  target: ResolvedTarget,
  body: CallerBody,
  context: LaneContext,
): LaneRequest {
  const { input, ports, answer } = call;
  const { protocol, bytes, scan, json, headers } = body;
  const rewritten = protocol.rewriteRequest(bytes, scan, json, target.model);
  const lane = input.isStream
    ? new ByteStreamLane(protocol, answer, ports.limits, context, rewritten.addsUsage)
    : new ByteBodyLane(protocol, ports.limits, context);
  return { headers, body: rewritten.body, lane, receipt: null };
}

function blockRequest(
  call: Call,
  target: ResolvedTarget,
  protocol: Protocol,
  context: LaneContext,
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
    maxOutputTokens: null,
  });
  if (written instanceof CallError) return written;
  const dropped = written.receipt.filter((entry) => entry.action === 'dropped');
  if (input.isStrict && dropped.length > 0) return lossy(dropped);
  const origin: Origin = {
    protocol: protocol.name,
    provider: target.connection.provider,
    model: target.model,
  };
  const lane = input.isStream
    ? new BlockStreamLane(protocol.streamReader(origin), answer, ports.limits, context)
    : new BlockBodyLane(protocol, origin, ports.limits, context);
  return { headers: [], body: written.body, lane, receipt: written.receipt };
}

function lossy(dropped: Receipt): CallError {
  const fields = dropped.map((entry) => entry.field);
  return new CallError('lossy_translation', {
    message: `Strict mode: the target cannot carry ${fields.map((field) => `"${field}"`).join(', ')}.`,
    param: fields[0],
  });
}
