/** Endpoints of everything but chat: from a request's bytes to a call. */
import type { IncomingMessage } from 'node:http';
import type { CallInput } from '../call/ports.ts';
import { startCall } from '../call.ts';
import { CallError } from '../errors.ts';
import { type AskedTask, formTask, formTypeError, jsonTask } from '../operations/model-task.ts';
import type { Operation } from '../operations/operation.ts';
import type { FormSpec, JsonSpec } from '../operations/spec.ts';
import { identify, presentedKey } from '../tenancy/identify.ts';
import type { Identity, Snapshot } from '../tenancy/snapshot.ts';
import { readBody } from './body.ts';
import { HttpAnswer } from './http-answer.ts';
import { idempotencyKey, isJson } from './invocation.ts';
import type { Exchange, HttpPorts } from './listener.ts';
import { protocolOfPath, replyError } from './reply.ts';
import type { Endpoint } from './route-table.ts';
import { readUpload } from './upload.ts';

/** A request whose key is known. */
export interface Asking {
  readonly exchange: Exchange;
  readonly snapshot: Snapshot;
  readonly identity: Identity;
}

/** An endpoint behind a key. */
export function identified(handle: (ports: HttpPorts, asking: Asking) => void): Endpoint {
  return (ports, exchange) => {
    const snapshot = ports.snapshot();
    const identity = identify(snapshot, presentedKey(exchange.request.headers));
    if (identity instanceof CallError) refuse(exchange, identity);
    else handle(ports, { exchange, snapshot, identity });
  };
}

/** An operation whose request is JSON. */
export function jsonEndpoint(spec: JsonSpec): Endpoint {
  return identified((ports, asking) => {
    withJson(ports, asking, (bytes) => {
      startTask(ports, asking, spec.operation, jsonTask(spec, bytes, ports.call.limits));
    });
  });
}

/** An operation whose request is a form with audio or images. */
export function formEndpoint(spec: FormSpec): Endpoint {
  return identified((ports, asking) => {
    const { limits } = ports.call;
    withForm(ports, asking, limits.mediaUploadBytesMax, (bytes, contentType) => {
      startTask(ports, asking, spec.operation, formTask(spec, bytes, contentType, limits));
    });
  });
}

/** Reads a JSON body. */
export function withJson(ports: HttpPorts, { exchange }: Asking, next: (bytes: Buffer) => void): void {
  const { request } = exchange;
  if (!isJson(request)) return refuse(exchange, new CallError('unsupported_media_type'));
  readBody(request, ports.call.limits.bodyBytesMax, (body) => {
    if (body instanceof CallError) refuse(exchange, body);
    else next(body);
  });
}

/** Reads a form's body. */
export function withForm(
  ports: HttpPorts,
  { exchange }: Asking,
  bytesMax: number,
  next: (bytes: Buffer, contentType: string) => void,
): void {
  const { request, response } = exchange;
  const contentType = request.headers['content-type'] ?? '';
  const fault = formTypeError(contentType);
  if (fault !== null) return refuse(exchange, fault);
  readUpload(request, response, bytesMax, ports.uploads, (body) => {
    if (body instanceof CallError) refuse(exchange, body);
    else next(body, contentType);
  });
}

/** Starts the call, also for a request that cannot be read: it is recorded with its fault. */
export function startTask(
  ports: HttpPorts,
  { exchange, snapshot, identity }: Asking,
  operation: Operation,
  asked: AskedTask | CallError,
): void {
  const { request, response, callId } = exchange;
  const isRefused = asked instanceof CallError;
  const protocol = protocolOfPath(request.url ?? '');
  const model = isRefused ? '' : asked.model;
  const input: CallInput = {
    id: callId,
    arrivedMs: exchange.arrivedMs,
    startedAt: exchange.startedAt,
    snapshot,
    identity,
    caller: protocol.name,
    operation,
    model,
    isStream: !isRefused && asked.isStream,
    isStrict: request.headers['x-sluice-strict'] === 'true',
    idempotencyKey: idempotencyKey(request),
    refusal: isRefused ? asked : null,
    body: null,
    request: null,
    task: isRefused ? null : asked.task,
  };
  const createdAt = Math.floor(exchange.startedAt / 1_000);
  const context = { callId, model, createdAt, streamUsage: false };
  const answer = new HttpAnswer(ports.call, response, protocol, context, snapshot.keepsBodies);
  exchange.answer = answer;
  answer.attach(startCall(ports.call, input, answer));
}

/** The query of a request's target. */
export function queryOf(request: IncomingMessage): URLSearchParams {
  const url = request.url ?? '';
  const query = url.indexOf('?');
  return new URLSearchParams(query === -1 ? '' : url.slice(query));
}

function refuse({ request, response, callId }: Exchange, error: CallError): void {
  replyError(request, response, callId, error);
}
