import { LIMITS } from '../../limits.ts';
import type { FailureClass, UpstreamFailure } from '../blocks.ts';
import { isJsonObject, parseJson } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';
import type { ResponseHeaders } from '../retry-after.ts';
import { readErrorAnswer, readErrorObject } from '../upstream-error.ts';

/** An answer with an error status; without `alt=sse` Google wraps it in an array. */
export function readError(status: number, headers: ResponseHeaders, body: string): UpstreamFailure {
  const parsed = parseJson(body);
  const value: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
  return withDetails(readErrorAnswer(status, headers, body), isJsonObject(value) ? value['error'] : null);
}

/** The `error` member of an event or of an answer with status 200. */
export function readErrorMember(value: unknown): UpstreamFailure {
  return withDetails(readErrorObject(value), value);
}

/**
 * `google.rpc.Status` (https://cloud.google.com/apis/design/errors): the canonical code, and in `details` what
 * other vendors say in headers and members of their own.
 */
function withDetails(failure: UpstreamFailure, error: unknown): UpstreamFailure {
  if (!isJsonObject(error)) return failure;
  const details = Array.isArray(error['details']) ? error['details'].filter(isJsonObject) : [];
  const isExhausted = error['code'] === 429 || error['status'] === 'RESOURCE_EXHAUSTED';
  return {
    ...failure,
    class: isExhausted ? exhaustedClass(failure, details) : failure.class,
    code:
      typeof error['status'] === 'string' ? error['status'].slice(0, LIMITS.errorTextCharsMax) : failure.code,
    param: failure.param ?? violatedField(details),
    retryAfterMs: failure.retryAfterMs ?? retryDelayMs(details),
  };
}

/** Beyond these nothing helps but another day or a payment. */
const USED_UP = /PerDay|per_day/;
const UNPAID = /prepa(y|id)|credits? (are|is) depleted|spend(ing)? (limit|cap)/i;

/**
 * The same words, "exceeded your current quota, please check your plan and billing details", stand for a limit of
 * requests a minute: only the quota's id tells it from one that is used up.
 */
function exhaustedClass({ message }: UpstreamFailure, details: readonly JsonObject[]): FailureClass {
  const isUsedUp = violationsOf(details, 'google.rpc.QuotaFailure', 'violations').some(
    ({ quotaId }) => typeof quotaId === 'string' && USED_UP.test(quotaId),
  );
  return isUsedUp || UNPAID.test(message ?? '') ? 'quota' : 'rateLimited';
}

function violatedField(details: readonly JsonObject[]): string | null {
  const [first] = violationsOf(details, 'google.rpc.BadRequest', 'fieldViolations');
  const field = first?.['field'];
  return typeof field === 'string' && field !== '' ? field.slice(0, LIMITS.errorTextCharsMax) : null;
}

function violationsOf(details: readonly JsonObject[], type: string, list: string): readonly JsonObject[] {
  const violations = detailOf(details, type)?.[list];
  return Array.isArray(violations) ? violations.filter(isJsonObject) : [];
}

function detailOf(details: readonly JsonObject[], type: string): JsonObject | undefined {
  return details.find((detail) => detail['@type'] === `type.googleapis.com/${type}`);
}

/** `RetryInfo.retryDelay`, a duration in proto3 JSON: `34s`, `0.5s`. */
function retryDelayMs(details: readonly JsonObject[]): number | null {
  const delay = detailOf(details, 'google.rpc.RetryInfo')?.['retryDelay'];
  const seconds = typeof delay === 'string' ? /^(\d{1,12}(?:\.\d{1,9})?)s$/.exec(delay)?.[1] : undefined;
  return seconds === undefined ? null : Math.min(Math.ceil(Number(seconds) * 1000), LIMITS.retryAfterMaxMs);
}
