import { LIMITS } from '../../limits.ts';
import type { FailureClass, UpstreamFailure } from '../blocks.ts';
import { isJsonObject, parseJson } from '../json-parse.ts';
import { type ResponseHeaders, readRetryAfter } from '../retry-after.ts';

/** AWS, user guide, "Troubleshooting Amazon Bedrock API error codes", and common errors of all its services. */
const CLASSES: Readonly<Record<string, FailureClass>> = {
  throttling: 'rateLimited',
  toomanyrequests: 'rateLimited',
  servicequotaexceeded: 'quota',
  serviceunavailable: 'overloaded',
  modelnotready: 'overloaded',
  internalserver: 'transient',
  internalfailure: 'transient',
  modelerror: 'transient',
  modelstreamerror: 'transient',
  modeltimeout: 'transient',
  requesttimeout: 'transient',
  resourcenotfound: 'modelUnavailable',
  ftuformnotfilled: 'modelUnavailable',
  accessdenied: 'credential',
  notauthorized: 'credential',
  unrecognizedclient: 'credential',
  invalidclienttokenid: 'credential',
  missingauthenticationtoken: 'credential',
  incompletesignature: 'credential',
  invalidsignature: 'credential',
  signaturedoesnotmatch: 'credential',
  expiredtoken: 'credential',
  requestexpired: 'credential',
  optinrequired: 'credential',
  validation: 'callerFault',
  validationerror: 'callerFault',
};

const MODEL =
  /access to the model|model (?:identifier|id) is invalid|model.{0,80}(?:not found|does ?n.t exist|end of (?:its )?life|legacy)|on-demand throughput|doesn't support the (?:converse|model)/i;
const REGION =
  /not (?:available|supported|allowed) (?:in|from|for) (?:this|your|the|unsupported) (?:region|location|countr)|unsupported countries/i;

/** An upstream's answer with an error status. The exception's name stands in a header, else in the body. */
export function readErrorAnswer(status: number, headers: ResponseHeaders, body: string): UpstreamFailure {
  const value = parseJson(body);
  const named = isJsonObject(value) ? (value['__type'] ?? value['code']) : undefined;
  const type = shortName(headers['x-amzn-errortype'] ?? (typeof named === 'string' ? named : ''));
  const message = messageOf(value) ?? headers['x-amzn-errormessage'] ?? plainText(body);
  return failureOf(type, message, status, readRetryAfter(headers));
}

/** An exception inside of a stream. */
export function readException(type: string, payload: string): UpstreamFailure {
  return failureOf(type, messageOf(parseJson(payload)), null, null);
}

function failureOf(
  type: string,
  text: string | null,
  status: number | null,
  retryAfterMs: number | null,
): UpstreamFailure {
  const message = text === null ? null : withoutRequest(text).slice(0, LIMITS.errorTextCharsMax);
  return {
    class: classOf(type, message ?? '', status),
    status,
    message,
    code: type === '' ? null : type,
    param: /\bat '([^']{1,200})' failed/.exec(message ?? '')?.[1] ?? null,
    retryAfterMs,
  };
}

/** `ValidationException:http://…` in the header, `com.amazon.…#ValidationException` in the body. */
function shortName(name: string): string {
  const [before = ''] = name.split(':');
  return before.slice(before.lastIndexOf('#') + 1).trim();
}

function messageOf(value: unknown): string | null {
  if (!isJsonObject(value)) return null;
  const message = value['message'] ?? value['Message'];
  return typeof message === 'string' && message !== '' ? message : null;
}

const plainText = (body: string) => (body === '' || /^\s*[<{]/.test(body) ? null : body);

/** A refused signature is explained with the signed request, session token included. */
const withoutRequest = (message: string) => message.split(/\s*The Canonical String/i, 1)[0] ?? '';

function classOf(type: string, message: string, status: number | null): FailureClass {
  const known = CLASSES[type.replace(/exception$/i, '').toLowerCase()];
  const isRefusal =
    known === undefined ? (status ?? 500) < 500 : known === 'callerFault' || known === 'credential';
  if (isRefusal && REGION.test(message)) return 'region';
  if (isRefusal && MODEL.test(message)) return 'modelUnavailable';
  return known ?? classOfStatus(status);
}

function classOfStatus(status: number | null): FailureClass {
  if (status === null) return 'unknown';
  if (status === 429) return 'rateLimited';
  if (status === 401 || status === 403) return 'credential';
  if (status === 404) return 'modelUnavailable';
  if (status === 408 || status === 424) return 'transient';
  if (status === 503) return 'overloaded';
  return status >= 500 ? 'transient' : 'callerFault';
}
