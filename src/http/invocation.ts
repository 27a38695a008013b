/** `POST` endpoints that invoke a model in a caller's protocol: from the request's bytes to a call. */
import type { IncomingMessage } from 'node:http';
import type { CallerBody, CallInput } from '../call/ports.ts';
import { startCall } from '../call.ts';
import { CallError } from '../errors.ts';
import { parseObject } from '../protocols/json-parse.ts';
import { scanObject } from '../protocols/json-scan.ts';
import type { Framing, JsonObject, Protocol } from '../protocols/protocol.ts';
import { identify, presentedKey } from '../tenancy/identify.ts';
import type { Identity, Snapshot } from '../tenancy/snapshot.ts';
import { readBody } from './body.ts';
import { HttpAnswer } from './http-answer.ts';
import type { Exchange, HttpPorts } from './listener.ts';
import { replyError } from './reply.ts';
import type { Endpoint } from './route-table.ts';
import { type ParsedBody, strictError, takeStrict } from './strict.ts';

/** Headers that belong to the request and go along to an upstream of the same protocol. */
const CARRIED_HEADERS: Readonly<Record<string, readonly string[]>> = {
  'anthropic-messages': ['anthropic-beta'],
};

/** For protocols that have the model and the way of answering in the path. */
export interface InPath {
  readonly stream: boolean;
  /** How a stream is framed, by the path's query. */
  readonly framing?: ((query: URLSearchParams) => Framing) | undefined;
  /** Where the query may hold the key, for requests without a header that does. */
  readonly keyParam?: string | undefined;
}

/**
 * @param inPath where the path's first place is the model and the path says whether to stream; else both are
 * in the body.
 */
export function invocationEndpoint(protocol: Protocol, inPath: InPath | null = null): Endpoint {
  return (ports, exchange) => {
    const { request, response, callId } = exchange;
    const snapshot = ports.snapshot();
    const identity = identify(snapshot, presentedKey(request.headers) ?? queryKey(inPath, request));
    if (identity instanceof CallError) return replyError(request, response, callId, identity, protocol);
    if (!isJson(request)) {
      return replyError(request, response, callId, new CallError('unsupported_media_type'), protocol);
    }
    readBody(request, ports.call.limits.bodyBytesMax, (body) => {
      if (body instanceof CallError) replyError(request, response, callId, body, protocol);
      else invoke(ports, { exchange, protocol, inPath, snapshot, identity }, body);
    });
  };
}

interface Asking {
  readonly exchange: Exchange;
  readonly protocol: Protocol;
  readonly inPath: InPath | null;
  readonly snapshot: Snapshot;
  readonly identity: Identity;
}

function invoke(ports: HttpPorts, asking: Asking, bytes: Buffer): void {
  const { exchange, protocol, inPath, snapshot, identity } = asking;
  const { request, response } = exchange;
  const parsed = parse(ports, bytes);
  const json: JsonObject = parsed instanceof CallError ? {} : parsed.json;
  const named = inPath === null ? json['model'] : exchange.params[0];
  const model = typeof named === 'string' ? named : '';
  const framing = framingOf(inPath, request);
  const body: CallerBody | null =
    parsed instanceof CallError
      ? null
      : {
          protocol,
          bytes: parsed.bytes,
          headers: carriedHeaders(request, protocol),
          scan: parsed.scan,
          json: parsed.json,
          framing,
        };
  const input: CallInput = {
    id: exchange.callId,
    arrivedMs: exchange.arrivedMs,
    startedAt: exchange.startedAt,
    snapshot,
    identity,
    caller: protocol.name,
    operation: 'chat',
    model,
    isStream: inPath?.stream ?? json['stream'] === true,
    isStrict:
      request.headers['x-sluice-strict'] === 'true' || (!(parsed instanceof CallError) && parsed.isStrict),
    idempotencyKey: idempotencyKey(request),
    refusal: parsed instanceof CallError ? parsed : shapeError(protocol, inPath, json, model),
    body,
    request: null,
    task: null,
  };
  const answer = new HttpAnswer(
    ports.call,
    response,
    protocol,
    {
      callId: exchange.callId,
      model,
      createdAt: Math.floor(exchange.startedAt / 1_000),
      streamUsage: asksForUsage(json),
      framing,
      request: json,
    },
    snapshot.keepsBodies,
  );
  exchange.answer = answer;
  answer.attach(startCall(ports.call, input, answer));
}

function framingOf(inPath: InPath | null, request: IncomingMessage): Framing {
  if (inPath?.stream !== true || inPath.framing === undefined) return 'sse';
  return inPath.framing(queryOf(request));
}

function queryKey(inPath: InPath | null, request: IncomingMessage): string | null {
  return inPath?.keyParam === undefined ? null : queryOf(request).get(inPath.keyParam);
}

function queryOf(request: IncomingMessage): URLSearchParams {
  const url = request.url ?? '';
  const query = url.indexOf('?');
  return new URLSearchParams(query === -1 ? '' : url.slice(query));
}

function parse({ call: { limits } }: HttpPorts, bytes: Buffer): ParsedBody | CallError {
  const scan = scanObject(bytes, limits);
  if (scan instanceof CallError) return scan;
  const json = parseObject(bytes);
  if (json instanceof CallError) return json;
  if (scan.members.has('strict')) return takeStrict({ bytes, scan, json }, limits);
  return { bytes, scan, json, isStrict: false };
}

function shapeError(
  protocol: Protocol,
  inPath: InPath | null,
  json: JsonObject,
  model: string,
): CallError | null {
  if (model === '') {
    return new CallError('invalid_request', {
      param: 'model',
      message: '"model" must be a non-empty string.',
    });
  }
  const { stream } = json;
  if (inPath === null && stream !== undefined && stream !== null && typeof stream !== 'boolean') {
    return new CallError('invalid_request', { param: 'stream', message: '"stream" must be true or false.' });
  }
  return strictError(json) ?? protocol.shapeError(json);
}

function asksForUsage(json: JsonObject): boolean {
  const options = json['stream_options'];
  return typeof options === 'object' && options !== null && (options as JsonObject)['include_usage'] === true;
}

export function isJson(request: IncomingMessage): boolean {
  const type = request.headers['content-type'];
  return type === undefined || /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(type);
}

export function idempotencyKey(request: IncomingMessage): string | null {
  const value = request.headers['idempotency-key'];
  return typeof value === 'string' && value !== '' ? value : null;
}

export function carriedHeaders(request: IncomingMessage, protocol: Protocol): readonly string[] {
  const carried: string[] = [];
  for (const name of CARRIED_HEADERS[protocol.name] ?? []) {
    const value = request.headers[name];
    if (typeof value === 'string') carried.push(name, value);
  }
  return carried;
}
