/** Why an upstream's answer is a failure; only this decides on retries. */
export const FAILURE_CLASSES = [
  'transient',
  'overloaded',
  'rateLimited',
  'quota',
  'credential',
  'modelUnavailable',
  'region',
  'callerFault',
  'unknown',
] as const;
export type FailureClass = (typeof FAILURE_CLASSES)[number];

export interface UpstreamFailure {
  readonly class: FailureClass;
  /** HTTP status, or null for an error inside a stream. */
  readonly status: number | null;
  /** The upstream's own message, unscrubbed; see `scrub` before it goes anywhere. */
  readonly message: string | null;
  /** The upstream's own code or type. */
  readonly code: string | null;
  /** The request field that the upstream names. */
  readonly param: string | null;
  readonly retryAfterMs: number | null;
}
