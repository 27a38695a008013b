import type { CallError } from '../../errors.ts';
import { shouldRetryHeader } from '../error-answer.ts';
import type { JsonObject, RenderedError } from '../protocol.ts';
import { retryAfterHeaders } from '../retry-after.ts';

/** OpenAI's SDKs choose the class by status; the type is for people and for code that looks at it. */
function typeOf(error: CallError): string {
  if (error.code === 'upstream_quota') return 'insufficient_quota';
  if (error.status >= 500) return 'server_error';
  if (error.status === 401) return 'authentication_error';
  if (error.status === 403) return 'permission_error';
  if (error.status === 429) return 'rate_limit_error';
  return 'invalid_request_error';
}

/** The envelope of OpenAI's errors, with the call's id and what happened at each target. */
export function errorObject(error: CallError, callId: string): JsonObject {
  const targets = error.targets.length === 0 ? {} : { targets: error.targets };
  return {
    error: {
      message: error.message,
      type: typeOf(error),
      param: error.param,
      code: error.code,
      call_id: callId,
      ...targets,
    },
  };
}

/** A whole error answer for the caller. */
export function writeError(error: CallError, callId: string): RenderedError {
  return {
    status: error.status,
    headers: {
      'content-type': 'application/json',
      'x-request-id': callId,
      ...retryAfterHeaders(error.retryAfterMs),
      ...shouldRetryHeader(error),
    },
    body: Buffer.from(JSON.stringify(errorObject(error, callId))),
  };
}
