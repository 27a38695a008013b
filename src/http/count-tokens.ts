/**
 * How many input tokens a message would have: `POST /v1/messages/count_tokens` (Anthropic API reference, "Count
 * Message tokens") and `POST /v1beta/models/{model}:countTokens` (Gemini API reference, "models.countTokens").
 *
 * Where the model's first target speaks the caller's protocol, its vendor counts. Where it does not, or cannot be
 * reached, the tokens are counted here, by another vocabulary: `x-sluice-usage-source` says which it was. Nothing
 * is generated, so that it is no call and has no record.
 */
import { CallError } from '../errors.ts';
import { anthropicMessages } from '../protocols/anthropic-messages/index.ts';
import { gemini } from '../protocols/gemini/index.ts';
import { isJsonObject, parseJson, parseObject } from '../protocols/json-parse.ts';
import { type ScanResult, scanObject } from '../protocols/json-scan.ts';
import { splice } from '../protocols/json-splice.ts';
import type { JsonObject, Protocol } from '../protocols/protocol.ts';
import { resolveModel } from '../tenancy/models.ts';
import type { ResolvedTarget } from '../tenancy/routes.ts';
import { addressed } from '../upstream/address.ts';
import { Attempt, type AttemptResult, type Lane } from '../upstream/attempt.ts';
import { choose } from '../upstream/plan.ts';
import { carriedHeaders } from './invocation.ts';
import type { HttpPorts } from './listener.ts';
import { reply, replyError } from './reply.ts';
import type { Endpoint } from './route-table.ts';
import { type Asking, identified, withJson } from './tasks.ts';

/** The vendor's answer is one number. */
const ANSWER_BYTES_MAX = 64 * 1024;

interface CountRequest {
  readonly bytes: Buffer;
  readonly scan: ScanResult;
  readonly json: JsonObject;
  readonly model: string;
}

/** How one protocol counts. */
interface Counting {
  readonly protocol: Protocol;
  /** The model is the path's first place. */
  readonly hasModelInPath: boolean;
  /** The vendor's path, from that of its answers. */
  readonly path: (answersPath: string) => string;
  /** The vendor's request. */
  readonly body: (asked: CountRequest, model: string) => Buffer;
  /** The request as one that may have an answer of any length: counting asks for none. */
  readonly message: (json: JsonObject) => JsonObject;
  /** The member of the answer that is the count. */
  readonly member: string;
}

const ANTHROPIC: Counting = {
  protocol: anthropicMessages,
  hasModelInPath: false,
  path: (answersPath) => `${answersPath}/count_tokens`,
  body: ({ bytes, scan }, model) => splice(bytes, scan, [{ key: 'model', json: JSON.stringify(model) }]),
  message: (json) => ({ ...json, max_tokens: 1 }),
  member: 'input_tokens',
};

/** A request is contents alone, or a whole one with the model in it once more. */
const GEMINI: Counting = {
  protocol: gemini,
  hasModelInPath: true,
  path: (answersPath) => answersPath.replace(/:generateContent$/, ':countTokens'),
  body({ bytes, json }, model) {
    const whole = json['generateContentRequest'];
    if (!isJsonObject(whole)) return bytes;
    const request = { ...whole, model: `models/${model}` };
    return Buffer.from(JSON.stringify({ ...json, generateContentRequest: request }));
  },
  message(json) {
    const { model: _, ...whole } = isJsonObject(json['generateContentRequest'])
      ? json['generateContentRequest']
      : json;
    return whole;
  },
  member: 'totalTokens',
};

export const countTokensEndpoint = countingEndpoint(ANTHROPIC);
export const geminiCountTokensEndpoint = countingEndpoint(GEMINI);

interface Question {
  readonly ports: HttpPorts;
  readonly asking: Asking;
  readonly counting: Counting;
}

function countingEndpoint(counting: Counting): Endpoint {
  return identified((ports, asking) => {
    withJson(ports, asking, (bytes) => {
      const question = { ports, asking, counting };
      const asked = read(question, bytes);
      if (asked instanceof CallError) refuse(question, asked);
      else answer(question, asked);
    });
  });
}

function read({ ports, asking, counting }: Question, bytes: Buffer): CountRequest | CallError {
  const scan = scanObject(bytes, ports.call.limits);
  if (scan instanceof CallError) return scan;
  const json = parseObject(bytes);
  if (json instanceof CallError) return json;
  const model = counting.hasModelInPath ? asking.exchange.params[0] : json['model'];
  if (typeof model === 'string' && model !== '') return { bytes, scan, json, model };
  return new CallError('invalid_request', { param: 'model', message: '"model" must be a non-empty string.' });
}

function answer(question: Question, asked: CountRequest): void {
  const { ports, asking, counting } = question;
  const model = resolveModel(asking.snapshot, asking.identity, asked.model);
  if (model instanceof CallError) return refuse(question, model);
  const [target] = choose(model, ports.call.planPorts).targets;
  // Requests to Amazon's clouds are signed for other paths.
  const counts = target?.connection.protocol === counting.protocol.name && target.connection.auth !== 'sigv4';
  if (target === undefined || !counts) return countHere(question, asked);
  askVendor(question, asked, target);
}

function countHere(question: Question, asked: CountRequest): void {
  const { ports, asking } = question;
  counted(question, asked).catch((error: unknown) => {
    const { callId } = asking.exchange;
    ports.call.log.error({ callId, error: String((error as Error)?.stack ?? error) }, 'counting failed');
    refuse(question, new CallError('internal'));
  });
}

async function counted(question: Question, { json, model }: CountRequest): Promise<void> {
  const { ports, counting } = question;
  const request = counting.protocol.readRequest(counting.message(json), { model, stream: false });
  if (request instanceof CallError) return refuse(question, request);
  const tokens = await ports.call.tokens.countRequest(request);
  send(question, Buffer.from(JSON.stringify({ [counting.member]: tokens })), 'estimated');
}

function askVendor(question: Question, asked: CountRequest, target: ResolvedTarget): void {
  const { ports, asking, counting } = question;
  const { pools, limits } = ports.call;
  const { connection, model } = target;
  const endpoint = pools.endpoint(connection);
  const pool = pools.acquire(endpoint);
  if (pool === null) return countHere(question, asked);
  const lane = new CountLane(counting.member);
  const path = counting.path(counting.protocol.path(model, false, endpoint.pathPrefix));
  const request = {
    method: 'POST' as const,
    path: addressed(connection, endpoint.pathPrefix, path, model),
    headers: [...endpoint.headers, ...carriedHeaders(asking.exchange.request, counting.protocol)],
    body: counting.body(asked, model),
    protocol: counting.protocol,
    secret: connection.secret,
    lane,
    headTimeoutMs: limits.firstByteTimeoutMs,
    idleTimeoutMs: limits.idleTimeoutMs,
  };
  const done = (result: AttemptResult): void => {
    if (result.kind === 'complete') send(question, lane.body, 'provider');
    else if (result.kind === 'failed') failed(question, asked, result);
  };
  const attempt = new Attempt(ports.call, request, pool, done, () => pools.release(endpoint));
  asking.exchange.answer = { left: () => attempt.cancel() };
  attempt.start();
}

/** What the vendor says is wrong with the request is told; in all other cases there is a count of our own. */
function failed(
  question: Question,
  asked: CountRequest,
  { error, raw }: Extract<AttemptResult, { kind: 'failed' }>,
): void {
  if (error.code !== 'upstream_invalid_request') return countHere(question, asked);
  const { request, response, callId } = question.asking.exchange;
  if (raw === null) return refuse(question, error);
  reply(request, response, callId, raw.status, { 'content-type': raw.contentType }, raw.body);
}

function send({ asking }: Question, body: Buffer, source: 'provider' | 'estimated'): void {
  const { request, response, callId } = asking.exchange;
  const headers = { 'content-type': 'application/json', 'x-sluice-usage-source': source };
  reply(request, response, callId, 200, headers, body);
}

function refuse({ asking, counting }: Question, error: CallError): void {
  const { request, response, callId } = asking.exchange;
  replyError(request, response, callId, error, counting.protocol);
}

/** The vendor's answer, whole or not at all. */
class CountLane implements Lane {
  readonly isCommitted = false;
  readonly isTerminated = false;
  failure: CallError | null = null;
  body: Buffer = Buffer.alloc(0);
  readonly #chunks: Buffer[] = [];
  readonly #member: string;
  #bytes = 0;

  /** @param member of the answer, which must be a whole number. */
  constructor(member: string) {
    this.#member = member;
  }

  data(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    if (this.#bytes > ANSWER_BYTES_MAX) this.failure = new CallError('upstream_response_too_large');
    else this.#chunks.push(chunk);
    return true;
  }

  finish(): CallError | null {
    this.body = Buffer.concat(this.#chunks);
    const json = parseJson(this.body.toString());
    const isCount = isJsonObject(json) && Number.isInteger(json[this.#member]);
    return isCount ? null : new CallError('upstream_malformed');
  }
}
