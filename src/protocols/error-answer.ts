import type { CallError, ErrorCode } from '../errors.ts';

/** Failures that the same request would meet again: the SDKs' own retries of 429 and 5xx are told not to try. */
const NEVER_RETRIED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'upstream_quota',
  'upstream_credential',
  'upstream_address_refused',
  'upstream_tls',
  'upstream_region',
  'upstream_response_too_large',
]);

/** `x-should-retry` is read by OpenAI's and Anthropic's SDKs before they look at the status. */
export function shouldRetryHeader(error: CallError): Readonly<Record<string, string>> {
  return NEVER_RETRIED.has(error.code) ? { 'x-should-retry': 'false' } : {};
}
