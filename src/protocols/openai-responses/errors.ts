import type { CallError } from '../../errors.ts';
import type { UpstreamFailure } from '../blocks.ts';
import { isJsonObject, parseJson } from '../json-parse.ts';
import { errorObject } from '../openai-chat/errors.ts';
import type { JsonObject } from '../protocol.ts';
import type { ResponseHeaders } from '../retry-after.ts';
import { readErrorAnswer, readErrorObject } from '../upstream-error.ts';

/** Codes of a failed response that say the input is at fault (API reference, "ResponseError"). */
const INPUT_FAULT =
  /^(?:invalid_(?:prompt|image|base64)|image_|unsupported_image|empty_image|failed_to_download_image)/;

/** The `error` of a failed response, or what an `error` event says: beside its type or in an object of its own. */
export function readFailure(value: unknown): UpstreamFailure {
  const failure = readErrorObject(value);
  const isInput = failure.class === 'unknown' && INPUT_FAULT.test(failure.code ?? '');
  return isInput ? { ...failure, class: 'callerFault' } : failure;
}

/** An error answer. A failed response comes with status 200: then its code says more than any status. */
export function readError(status: number, headers: ResponseHeaders, body: string): UpstreamFailure {
  const parsed = parseJson(body);
  if (isJsonObject(parsed) && parsed['object'] === 'response') return readFailure(parsed['error']);
  return readErrorAnswer(status, headers, body);
}

/**
 * What an `error` event says. OpenAI documents the members beside `type` and sends them in an object; SDKs look
 * for the one or the other.
 */
export function errorMembers(error: CallError, callId: string): JsonObject {
  const { message, code, param } = error;
  return { code, message, param, ...errorObject(error, callId) };
}
