import type { CallError } from '../../errors.ts';
import { shouldRetryHeader } from '../error-answer.ts';
import type { JsonObject, RenderedError } from '../protocol.ts';
import { retryAfterHeaders } from '../retry-after.ts';

const TYPES: Readonly<Record<number, string>> = {
  401: 'authentication_error',
  402: 'billing_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  503: 'overloaded_error',
  504: 'timeout_error',
  529: 'overloaded_error',
};

/** The type that Anthropic documents for a status. */
function typeOf(status: number): string {
  return TYPES[status] ?? (status >= 500 ? 'api_error' : 'invalid_request_error');
}

/** By this the SDK's tool runner knows to go on with the whole history in each request. */
const NO_THREAD = { error_code: 'thread_unsupported_request', unsupported: ['thread'] };

/** The envelope of Anthropic's errors; `code`, `param` and `targets` are this gateway's own. */
export function errorObject(error: CallError, callId: string): JsonObject {
  const targets = error.targets.length === 0 ? {} : { targets: error.targets };
  const param = error.param === null ? {} : { param: error.param };
  const details = error.code === 'thread_unsupported' ? { details: NO_THREAD } : {};
  return {
    type: 'error',
    error: {
      type: typeOf(error.status),
      message: error.message,
      code: error.code,
      ...param,
      ...targets,
      ...details,
    },
    request_id: callId,
  };
}

/** A whole error answer for the caller. */
export function writeError(error: CallError, callId: string): RenderedError {
  return {
    status: error.status,
    headers: {
      'content-type': 'application/json',
      'request-id': callId,
      ...retryAfterHeaders(error.retryAfterMs),
      ...shouldRetryHeader(error),
    },
    body: Buffer.from(JSON.stringify(errorObject(error, callId))),
  };
}
