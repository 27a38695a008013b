/**
 * `POST /v1/messages/count_tokens`: how many input tokens a message would have (Anthropic API reference, "Count
 * Message tokens").
 *
 * Where the model's first target speaks Anthropic's protocol, its vendor counts. Where it does not, or cannot be
 * reached, the tokens are counted here, by another vocabulary: `x-sluice-usage-source` says which it was. Nothing
 * is generated, so that it is no call and has no record.
 */
import { CallError } from '../errors.ts';
import { anthropicMessages } from '../protocols/anthropic-messages/index.ts';
import { isJsonObject, parseJson, parseObject } from '../protocols/json-parse.ts';
import { type ScanResult, scanObject } from '../protocols/json-scan.ts';
import { splice } from '../protocols/json-splice.ts';
import type { JsonObject } from '../protocols/protocol.ts';
import { resolveModel } from '../tenancy/models.ts';
import type { ResolvedTarget } from '../tenancy/routes.ts';
import { addressed } from '../upstream/address.ts';
import { Attempt, type AttemptResult, type Lane } from '../upstream/attempt.ts';
import { choose } from '../upstream/plan.ts';
import { carriedHeaders } from './invocation.ts';
import type { HttpPorts } from './listener.ts';
import { reply, replyError } from './reply.ts';
import { type Asking, identified, withJson } from './tasks.ts';

const PATH = '/count_tokens';
/** The vendor's answer is one number. */
const ANSWER_BYTES_MAX = 64 * 1024;

interface CountRequest {
  readonly bytes: Buffer;
  readonly scan: ScanResult;
  readonly json: JsonObject;
  readonly model: string;
}

export const countTokensEndpoint = identified((ports, asking) => {
  withJson(ports, asking, (bytes) => {
    const asked = read(ports, bytes);
    if (asked instanceof CallError) refuse(asking, asked);
    else answer(ports, asking, asked);
  });
});

function read(ports: HttpPorts, bytes: Buffer): CountRequest | CallError {
  const scan = scanObject(bytes, ports.call.limits);
  if (scan instanceof CallError) return scan;
  const json = parseObject(bytes);
  if (json instanceof CallError) return json;
  const { model } = json;
  if (typeof model === 'string' && model !== '') return { bytes, scan, json, model };
  return new CallError('invalid_request', { param: 'model', message: '"model" must be a non-empty string.' });
}

function answer(ports: HttpPorts, asking: Asking, asked: CountRequest): void {
  const model = resolveModel(asking.snapshot, asking.identity, asked.model);
  if (model instanceof CallError) return refuse(asking, model);
  const [target] = choose(model, ports.call.planPorts).targets;
  // Requests to Amazon's clouds are signed for other paths.
  const counts = target?.connection.protocol === 'anthropic-messages' && target.connection.auth !== 'sigv4';
  if (target === undefined || !counts) return void countHere(ports, asking, asked);
  askVendor(ports, asking, asked, target);
}

/** The request is read as a message that may have an answer of any length: this endpoint has no `max_tokens`. */
async function countHere(ports: HttpPorts, asking: Asking, { json, model }: CountRequest): Promise<void> {
  const message = { ...json, max_tokens: 1 };
  const request = anthropicMessages.readRequest(message, { model, stream: false });
  if (request instanceof CallError) return refuse(asking, request);
  const tokens = await ports.call.tokens.countRequest(request);
  send(asking, Buffer.from(JSON.stringify({ input_tokens: tokens })), 'estimated');
}

function askVendor(ports: HttpPorts, asking: Asking, asked: CountRequest, target: ResolvedTarget): void {
  const { pools, limits } = ports.call;
  const { connection, model } = target;
  const endpoint = pools.endpoint(connection);
  const pool = pools.acquire(endpoint);
  if (pool === null) return void countHere(ports, asking, asked);
  const lane = new CountLane();
  const path = anthropicMessages.path(model, false, endpoint.pathPrefix) + PATH;
  const request = {
    method: 'POST' as const,
    path: addressed(connection, endpoint.pathPrefix, path, model),
    headers: [...endpoint.headers, ...carriedHeaders(asking.exchange.request, anthropicMessages)],
    body: splice(asked.bytes, asked.scan, [{ key: 'model', json: JSON.stringify(model) }]),
    protocol: anthropicMessages,
    secret: connection.secret,
    lane,
    headTimeoutMs: limits.firstByteTimeoutMs,
    idleTimeoutMs: limits.idleTimeoutMs,
  };
  const done = (result: AttemptResult): void => {
    if (result.kind === 'complete') send(asking, lane.body, 'provider');
    else if (result.kind === 'failed') failed(ports, asking, asked, result);
  };
  const attempt = new Attempt(ports.call, request, pool, done, () => pools.release(endpoint));
  asking.exchange.answer = { left: () => attempt.cancel() };
  attempt.start();
}

/** What the vendor says is wrong with the request is told; in all other cases there is a count of our own. */
function failed(
  ports: HttpPorts,
  asking: Asking,
  asked: CountRequest,
  { error, raw }: Extract<AttemptResult, { kind: 'failed' }>,
): void {
  if (error.code !== 'upstream_invalid_request') return void countHere(ports, asking, asked);
  const { request, response, callId } = asking.exchange;
  if (raw === null) return refuse(asking, error);
  reply(request, response, callId, raw.status, { 'content-type': raw.contentType }, raw.body);
}

function send({ exchange }: Asking, body: Buffer, source: 'provider' | 'estimated'): void {
  const { request, response, callId } = exchange;
  const headers = { 'content-type': 'application/json', 'x-sluice-usage-source': source };
  reply(request, response, callId, 200, headers, body);
}

function refuse({ exchange }: Asking, error: CallError): void {
  replyError(exchange.request, exchange.response, exchange.callId, error, anthropicMessages);
}

/** The vendor's answer, whole or not at all. */
class CountLane implements Lane {
  readonly isCommitted = false;
  readonly isTerminated = false;
  failure: CallError | null = null;
  body: Buffer = Buffer.alloc(0);
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  data(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    if (this.#bytes > ANSWER_BYTES_MAX) this.failure = new CallError('upstream_response_too_large');
    else this.#chunks.push(chunk);
    return true;
  }

  finish(): CallError | null {
    this.body = Buffer.concat(this.#chunks);
    const json = parseJson(this.body.toString());
    const isCount = isJsonObject(json) && Number.isInteger(json['input_tokens']);
    return isCount ? null : new CallError('upstream_malformed');
  }
}
