import type { CallError } from '../../errors.ts';
import { shouldRetryHeader } from '../error-answer.ts';
import type { UpstreamFailure } from '../failure.ts';
import type { JsonObject, RenderedError } from '../protocol.ts';
import { type ResponseHeaders, retryAfterHeaders } from '../retry-after.ts';
import { readErrorAnswer } from '../upstream-error.ts';

/** Cohere's errors are an id and a message; what stands behind them is this gateway's own. */
export function errorObject(error: CallError, callId: string): JsonObject {
  const param = error.param === null ? {} : { param: error.param };
  const targets = error.targets.length === 0 ? {} : { targets: error.targets };
  return { id: callId, message: error.message, code: error.code, ...param, ...targets };
}

/** A whole error answer for the caller; its client chooses the class by the status alone. */
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

/** The trial key's allowance of calls in a month comes back next month: no waiting helps. */
const MONTHLY = /(calls|requests|tokens)\s*(\/|per|a)\s*month/i;
/** As the vendor names them for its client (`InvalidTokenError`, `ClientClosedRequestError`). */
const INVALID_TOKEN = 498;
const CLOSED = 499;

/** An error answer: `{message}` or `{id, message}` (docs.cohere.com, "Errors"). */
export function readError(status: number, headers: ResponseHeaders, body: string): UpstreamFailure {
  const failure = readErrorAnswer(status, headers, body);
  if (status === 429 && MONTHLY.test(failure.message ?? '')) return { ...failure, class: 'quota' };
  if (status === INVALID_TOKEN) return { ...failure, class: 'credential' };
  return status === CLOSED ? { ...failure, class: 'transient' } : failure;
}
