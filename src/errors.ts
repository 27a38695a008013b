/**
 * The error table: one stable code per way a call can fail, the same in `extensions.code` (GraphQL),
 * `error.code` (OpenAI envelope), records and metrics.
 *
 * `source` says whose fault it is; `retry` says what the call path may do before anything was committed
 * to the caller: `target` another target may be tried, `idempotent` only when the caller marked the call
 * with an idempotency key, `never` not at all.
 */
export type ErrorSource = 'caller' | 'gateway' | 'upstream';
export type RetryRule = 'never' | 'target' | 'idempotent';

interface ErrorRow {
  readonly status: number;
  readonly source: ErrorSource;
  readonly retry: RetryRule;
  readonly message: string;
}

const caller = (status: number, message: string): ErrorRow => ({
  status,
  source: 'caller',
  retry: 'never',
  message,
});
const gateway = (status: number, message: string): ErrorRow => ({
  status,
  source: 'gateway',
  retry: 'never',
  message,
});
const upstream = (status: number, retry: RetryRule, message: string): ErrorRow => ({
  status,
  source: 'upstream',
  retry,
  message,
});

export const ERRORS = {
  malformed_json: caller(400, 'The request body is not valid JSON.'),
  invalid_request: caller(400, 'The request is not valid.'),
  malformed_form: caller(400, 'The request body is not valid multipart/form-data.'),
  unknown_field: caller(400, 'The request has a field that the target protocol cannot express.'),
  duplicate_field: caller(400, 'The request body names a field twice.'),
  body_too_deep: caller(400, 'The request body is nested too deeply.'),
  thread_unsupported: caller(400, 'The target keeps no threads. Send the whole conversation in "messages".'),
  lossy_translation: caller(400, 'Strict mode: the target cannot carry every field of this request.'),
  query_too_complex: caller(400, 'The GraphQL document is too large or too complex.'),
  graphql_parse_failed: caller(400, 'The GraphQL document has a syntax error.'),
  graphql_validation_failed: caller(400, 'The GraphQL document or its variables do not fit the schema.'),
  client_closed_request: caller(400, 'The client closed its side of the connection before the answer.'),
  client_stalled: caller(408, 'The client stopped reading.'),
  request_timeout: caller(408, 'The request did not arrive in time.'),
  missing_key: caller(401, 'No API key was sent. Use the header "Authorization: Bearer <key>".'),
  invalid_key: caller(
    401,
    "The API key is not valid. This gateway takes its own keys, the admin key or an application's, not a provider's.",
  ),
  unauthenticated: caller(
    401,
    'No API key was sent. Use the header "Authorization: Bearer <key>", over WebSocket connectionParams.authorization.',
  ),
  forbidden: caller(403, 'This key may not do that.'),
  model_not_allowed: caller(403, 'This key may not use that model.'),
  model_not_found: caller(404, 'There is no such model.'),
  endpoint_unsupported: caller(404, 'None of the targets of this model has this endpoint.'),
  not_found: caller(404, 'Not found.'),
  method_not_allowed: caller(405, 'This path does not take that method.'),
  not_acceptable: caller(406, 'This operation cannot be answered in a media type that the request accepts.'),
  body_too_large: caller(413, 'The request body is too large.'),
  unsupported_media_type: caller(
    415,
    'The request body must be JSON and say so: send the header "Content-Type: application/json".',
  ),
  too_many_connections: caller(429, 'Too many connections are open.'),
  too_many_operations: caller(429, 'Too many operations are running on this connection.'),

  no_healthy_upstream: gateway(503, 'No healthy upstream can serve this model.'),
  overloaded: gateway(503, 'The gateway is at its limit of concurrent calls.'),
  draining: gateway(503, 'The gateway is shutting down.'),
  records_unavailable: gateway(503, 'The gateway cannot keep records now and therefore takes no calls.'),
  database_unavailable: gateway(503, 'The database cannot be reached.'),
  internal: gateway(500, 'Internal error.'),
  gateway_died: gateway(500, 'The gateway stopped before the call ended.'),

  upstream_refused: upstream(502, 'target', 'The upstream refused the connection.'),
  upstream_connect_timeout: upstream(504, 'target', 'The upstream did not accept the connection in time.'),
  upstream_dns: upstream(502, 'target', "The upstream's name could not be resolved."),
  upstream_address_refused: upstream(502, 'target', "The upstream's address is not allowed."),
  upstream_tls: upstream(502, 'target', 'No trusted TLS connection to the upstream could be made.'),
  upstream_reset: upstream(502, 'idempotent', 'The upstream closed the connection before answering.'),
  upstream_interrupted: upstream(502, 'target', 'The upstream broke off before its answer was complete.'),
  upstream_stalled: upstream(504, 'never', 'The upstream stopped answering.'),
  upstream_malformed: upstream(502, 'target', 'The upstream sent an answer that cannot be read.'),
  upstream_response_too_large: upstream(502, 'never', "The upstream's answer is too large."),
  upstream_rate_limited: upstream(429, 'target', 'The upstream is rate limiting.'),
  upstream_quota: upstream(429, 'target', "The upstream account's quota is used up."),
  upstream_credential: upstream(502, 'target', "The upstream did not accept the gateway's credential."),
  upstream_model_unavailable: upstream(404, 'target', 'The upstream does not have this model.'),
  upstream_region: upstream(502, 'target', 'The upstream does not serve this region.'),
  upstream_invalid_request: upstream(400, 'never', 'The upstream refused the request as invalid.'),
  upstream_error: upstream(502, 'target', 'The upstream failed.'),
  upstream_overloaded: upstream(503, 'target', 'The upstream is overloaded.'),
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

export interface CallErrorDetails {
  /** Replaces the table's public message; must hold no secret. */
  readonly message?: string | undefined;
  /** The request field at fault, as the caller wrote it (`messages[0].content`). */
  readonly param?: string | undefined;
  /** Replaces the table's HTTP status (an upstream's own 4xx). */
  readonly status?: number | undefined;
  /** How long the caller should wait before trying again, in ms. */
  readonly retryAfterMs?: number | undefined;
  /** Per target, why it was not used or how it failed. */
  readonly targets?: readonly { readonly target: string; readonly reason: string }[] | undefined;
  /** What happened, for the log only. Never sent to a caller. */
  readonly cause?: unknown;
}

/** A failure with a code of the table; a value on the call path, thrown only at the edges. */
export class CallError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly source: ErrorSource;
  readonly retry: RetryRule;
  readonly param: string | null;
  readonly retryAfterMs: number | null;
  readonly targets: readonly { readonly target: string; readonly reason: string }[];

  constructor(code: ErrorCode, details: CallErrorDetails = {}) {
    const row: ErrorRow = ERRORS[code];
    super(details.message ?? row.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'CallError';
    this.code = code;
    this.status = details.status ?? row.status;
    this.source = row.source;
    this.retry = row.retry;
    this.param = details.param ?? null;
    this.retryAfterMs = details.retryAfterMs ?? null;
    this.targets = details.targets ?? [];
  }
}

/** The program cannot start, or a command cannot run: the message is all that the operator sees, one line a mistake. */
export class SetupError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SetupError';
  }
}
