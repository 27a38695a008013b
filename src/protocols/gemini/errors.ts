import type { CallError } from '../../errors.ts';
import type { JsonObject, RenderedError } from '../protocol.ts';
import { retryAfterHeaders } from '../retry-after.ts';

/** Canonical codes by HTTP status (https://cloud.google.com/apis/design/errors, "Handling errors"). */
const STATUSES: Readonly<Record<number, string>> = {
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  408: 'DEADLINE_EXCEEDED',
  409: 'ABORTED',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  504: 'DEADLINE_EXCEEDED',
};

const canonicalCode = (status: number) =>
  STATUSES[status] ?? (status >= 500 ? 'UNAVAILABLE' : 'INVALID_ARGUMENT');

/**
 * Google's envelope. `code` is the HTTP status, by which the SDK tells an error inside of a stream; this gateway's
 * own code stands where Google puts such, in `ErrorInfo.reason`.
 */
export function errorObject(error: CallError, callId: string): JsonObject {
  return {
    error: {
      code: error.status,
      message: error.message,
      status: canonicalCode(error.status),
      details: detailsOf(error, callId),
    },
  };
}

function detailsOf(error: CallError, callId: string): readonly JsonObject[] {
  const details: JsonObject[] = [
    {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: error.code,
      domain: 'sluice',
      metadata: { callId, ...(error.param === null ? {} : { param: error.param }) },
    },
  ];
  if (error.param !== null) {
    const fieldViolations = [{ field: error.param, description: error.message }];
    details.push({ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations });
  }
  if (error.retryAfterMs !== null) {
    const retryDelay = `${Math.max(0, Math.ceil(error.retryAfterMs)) / 1000}s`;
    details.push({ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay });
  }
  for (const { target, reason } of error.targets) {
    details.push({ '@type': 'type.googleapis.com/google.rpc.DebugInfo', detail: `${target}: ${reason}` });
  }
  return details;
}

/** A whole error answer for the caller. */
export function writeError(error: CallError, callId: string): RenderedError {
  return {
    status: error.status,
    headers: { 'content-type': 'application/json', ...retryAfterHeaders(error.retryAfterMs) },
    body: Buffer.from(JSON.stringify(errorObject(error, callId))),
  };
}
