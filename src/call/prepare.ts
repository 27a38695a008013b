import type { Call } from '../call.ts';
import { CallError } from '../errors.ts';
import type { Origin, Receipt } from '../protocols/blocks.ts';
import type { Protocol } from '../protocols/protocol.ts';
import { protocolOf } from '../protocols/registry.ts';
import { BlockBodyLane, BlockStreamLane } from '../relay/block-lane.ts';
import { ByteBodyLane, ByteStreamLane } from '../relay/byte-lane.ts';
import type { CallLane, LaneContext } from '../relay/lane.ts';
import type { ResolvedTarget } from '../tenancy/models.ts';

/** One try, ready to be sent. */
export interface PreparedRequest {
  readonly protocol: Protocol;
  readonly path: string;
  readonly headers: readonly string[];
  readonly body: Buffer;
  readonly secret: string | null;
  readonly lane: CallLane;
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
  const endpoint = call.ports.pools.endpoint(connection);
  const context: LaneContext = {
    head: () => call.head,
    nowMs: () => call.ports.clock.monotonicMs(),
    secret: connection.secret,
  };
  const base = {
    protocol,
    path: endpoint.pathPrefix + protocol.path(model, call.input.isStream),
    secret: connection.secret,
  };
  if (call.input.body?.protocol === protocol)
    return { ...base, ...byteRequest(call, target, protocol, context) };
  const written = blockRequest(call, target, protocol, context);
  return written instanceof CallError ? written : { ...base, ...written };
}

type LaneRequest = Pick<PreparedRequest, 'headers' | 'body' | 'lane' | 'receipt'>;

function byteRequest(
  call: Call,
  target: ResolvedTarget,
  protocol: Protocol,
  context: LaneContext,
): LaneRequest {
  const { input, ports, answer } = call;
  if (input.body === null) throw new Error('the byte lane needs the body');
  const { bytes, scan, json, headers } = input.body;
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
  const request = input.read();
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
