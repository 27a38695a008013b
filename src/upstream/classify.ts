/**
 * Decides what an upstream's failure means: which code of the error table it gets, and with it whether
 * another target may be tried. Nothing else on the call path looks at statuses or socket errors.
 */
import { CallError, type ErrorCode } from '../errors.ts';
import type { FailureClass, UpstreamFailure } from '../protocols/blocks.ts';
import { scrub } from './scrub.ts';

/** How far an attempt had come when the socket failed. */
export type Progress = 'connecting' | 'sent' | 'answering';

const CONNECT_CODES: Readonly<Record<string, ErrorCode>> = {
  ECONNREFUSED: 'upstream_refused',
  EHOSTUNREACH: 'upstream_refused',
  ENETUNREACH: 'upstream_refused',
  EADDRNOTAVAIL: 'upstream_refused',
  ECONNRESET: 'upstream_refused',
  UND_ERR_CONNECT_TIMEOUT: 'upstream_connect_timeout',
  ETIMEDOUT: 'upstream_connect_timeout',
  ENOTFOUND: 'upstream_dns',
  EAI_AGAIN: 'upstream_dns',
  SLUICE_ADDRESS_REFUSED: 'upstream_address_refused',
};

const MALFORMED = /^(HPE_|UND_ERR_HEADERS_OVERFLOW|UND_ERR_RES_|ERR_HTTP)/;
const TLS = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO)/;

/** The call error for a failed socket or broken framing. */
export function classifySocketError(error: unknown, progress: Progress): CallError {
  const code = errorCodeOf(error);
  if (TLS.test(code)) return new CallError('upstream_tls', { cause: error });
  if (progress === 'connecting') {
    return new CallError(CONNECT_CODES[code] ?? 'upstream_refused', { cause: error });
  }
  if (progress === 'answering') return new CallError('upstream_interrupted', { cause: error });
  return new CallError(MALFORMED.test(code) ? 'upstream_malformed' : 'upstream_reset', { cause: error });
}

function errorCodeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return errorCodeOf(error.errors[0]);
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  // undici means to give its parser's errors a code of llhttp, and leaves it undefined.
  if (name === 'HTTPParserError') return 'HPE_INVALID';
  return typeof code === 'string' ? code : '';
}

const CODES: Readonly<Record<FailureClass, ErrorCode>> = {
  transient: 'upstream_error',
  overloaded: 'upstream_overloaded',
  rateLimited: 'upstream_rate_limited',
  quota: 'upstream_quota',
  credential: 'upstream_credential',
  modelUnavailable: 'upstream_model_unavailable',
  region: 'upstream_region',
  callerFault: 'upstream_invalid_request',
  unknown: 'upstream_error',
};

/** The upstream's text helps only where the caller can act on it; elsewhere it may tell of the operator's account. */
const ECHOED: ReadonlySet<FailureClass> = new Set(['callerFault', 'modelUnavailable']);

/** The call error for a failure that the upstream itself reported. */
export function classifyFailure(failure: UpstreamFailure, secret: string | null): CallError {
  const message =
    ECHOED.has(failure.class) && failure.message !== null ? scrub(failure.message, secret) : undefined;
  const isCallers = failure.class === 'callerFault' && failure.status !== null;
  const code = failure.code === 'upstream_malformed' ? failure.code : CODES[failure.class];
  return new CallError(code, {
    message,
    param: failure.param ?? undefined,
    status: isCallers && failure.status !== null ? failure.status : undefined,
    retryAfterMs: failure.retryAfterMs ?? undefined,
    cause: failure,
  });
}
