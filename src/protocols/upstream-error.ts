import { LIMITS } from '../limits.ts';
import type { FailureClass, UpstreamFailure } from './blocks.ts';
import { isJsonObject, parseJson } from './json-parse.ts';
import { type ResponseHeaders, readRetryAfter } from './retry-after.ts';

interface ErrorText {
  readonly message: string | null;
  readonly type: string | null;
  readonly code: string | null;
  readonly param: string | null;
  /** Some servers put an HTTP status into `code`. */
  readonly status: number | null;
}

/** An upstream's answer with an error status. Knows the envelopes of OpenAI, Anthropic, Mistral and their kin. */
export function readErrorAnswer(status: number, headers: ResponseHeaders, body: string): UpstreamFailure {
  const text = readErrorBody(body);
  return toFailure(text, status, readRetryAfter(headers));
}

/** An error object inside a stream or inside an answer with status 200. */
export function readErrorObject(value: unknown): UpstreamFailure {
  return toFailure(readErrorValue(value), null, null);
}

/** A stream or answer that is not what its protocol says. */
export function malformedAnswer(message: string): UpstreamFailure {
  return {
    class: 'transient',
    status: null,
    message,
    code: 'upstream_malformed',
    param: null,
    retryAfterMs: null,
  };
}

function toFailure(text: ErrorText, status: number | null, retryAfterMs: number | null): UpstreamFailure {
  return {
    class: classify(text, status ?? text.status),
    status,
    message: text.message,
    code: text.code ?? text.type,
    param: text.param,
    retryAfterMs,
  };
}

const QUOTA =
  /insufficient_quota|billing|credit balance|exceeded your current quota|spend limit|insufficient balance/i;
const CREDENTIAL = /invalid.api.key|api.key not valid|authentication|unauthorized|incorrect api key/i;
const REGION =
  /unsupported_country|not (supported|available) in your (country|region)|location is not supported/i;
const MODEL =
  /model_not_found|unknown_model|invalid model|model.{0,80}(does not exist|not found|not exist|no access)|access to (the )?model/i;
const OVERLOADED = /overloaded|engine is currently|at capacity|no capacity/i;
const RATE = /rate.?limit|too many requests|resource_exhausted/i;
const SERVER = /server_error|api_error|internal|timeout|unavailable/i;
const CALLER =
  /invalid_request|invalid_argument|bad_request|context_length|content_filter|request_too_large/i;

function classify(text: ErrorText, status: number | null): FailureClass {
  const words = `${text.type ?? ''} ${text.code ?? ''} ${text.message ?? ''}`;
  if (REGION.test(words)) return 'region';
  if (status === 402) return 'quota';
  if (status === null) return classifyWords(words);
  if (status === 429) return QUOTA.test(words) ? 'quota' : 'rateLimited';
  if (status === 408 || status === 409 || status === 425) return 'transient';
  if (status === 401) return 'credential';
  if (status === 403)
    return MODEL.test(words) ? 'modelUnavailable' : QUOTA.test(words) ? 'quota' : 'credential';
  if (status === 404) return 'modelUnavailable';
  if (status === 529) return 'overloaded';
  if (status >= 500) return OVERLOADED.test(words) ? 'overloaded' : 'transient';
  return status >= 400 ? classifyRefusal(words) : 'unknown';
}

/** Some vendors answer 400 where others have a status of its own. */
function classifyRefusal(words: string): FailureClass {
  if (QUOTA.test(words)) return 'quota';
  if (CREDENTIAL.test(words)) return 'credential';
  return MODEL.test(words) ? 'modelUnavailable' : 'callerFault';
}

function classifyWords(words: string): FailureClass {
  if (QUOTA.test(words)) return 'quota';
  if (OVERLOADED.test(words)) return 'overloaded';
  if (RATE.test(words)) return 'rateLimited';
  if (CREDENTIAL.test(words) || /permission_error/.test(words)) return 'credential';
  if (MODEL.test(words) || /not_found_error/.test(words)) return 'modelUnavailable';
  if (CALLER.test(words)) return 'callerFault';
  return SERVER.test(words) ? 'transient' : 'unknown';
}

function readErrorBody(body: string): ErrorText {
  const parsed = parseJson(body);
  const value: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
  if (isJsonObject(value)) return readErrorValue(value['error'] ?? value);
  const isText = body !== '' && !body.trimStart().startsWith('<');
  return { ...NOTHING, message: isText ? shorten(body) : null };
}

const NOTHING: ErrorText = { message: null, type: null, code: null, param: null, status: null };

function readErrorValue(value: unknown): ErrorText {
  if (typeof value === 'string') return { ...NOTHING, message: shorten(value) };
  if (!isJsonObject(value)) return NOTHING;
  const code = value['code'];
  const detail = value['detail'];
  const message = value['message'] ?? (typeof detail === 'string' ? detail : JSON.stringify(detail));
  return {
    message: typeof message === 'string' ? shorten(message) : null,
    type: readWord(value['type']),
    code: readWord(code),
    param: readWord(value['param']),
    status: typeof code === 'number' && code >= 400 && code < 600 ? code : null,
  };
}

const readWord = (value: unknown) => (typeof value === 'string' && value !== '' ? shorten(value) : null);
const shorten = (text: string) => text.slice(0, LIMITS.errorTextCharsMax);
