import type { CallError, ErrorCode } from '../../errors.ts';
import type { RenderedError } from '../protocol.ts';
import { retryAfterHeaders } from '../retry-after.ts';

/** The exceptions that the Converse API documents (AWS, API reference, "Converse", Errors). */
const BY_STATUS: Readonly<Record<number, string>> = {
  400: 'ValidationException',
  401: 'AccessDeniedException',
  402: 'ServiceQuotaExceededException',
  403: 'AccessDeniedException',
  404: 'ResourceNotFoundException',
  408: 'ModelTimeoutException',
  424: 'ModelErrorException',
  429: 'ThrottlingException',
  503: 'ServiceUnavailableException',
  504: 'ModelTimeoutException',
};
const BY_CODE: Partial<Record<ErrorCode, string>> = {
  upstream_quota: 'ServiceQuotaExceededException',
};

function nameOf({ code, status }: CallError): string {
  const usual = status >= 500 ? 'InternalServerException' : 'ValidationException';
  return BY_CODE[code] ?? BY_STATUS[status] ?? usual;
}

/** `code`, `param` and `targets` are this gateway's own. */
function bodyOf(error: CallError): string {
  return JSON.stringify({
    message: error.message,
    code: error.code,
    param: error.param ?? undefined,
    targets: error.targets.length === 0 ? undefined : error.targets,
  });
}

/** A whole error answer for the caller: AWS' SDKs make an exception of it by the header. */
export function writeError(error: CallError, callId: string): RenderedError {
  return {
    status: error.status,
    headers: {
      'content-type': 'application/json',
      'x-amzn-errortype': nameOf(error),
      'x-amzn-requestid': callId,
      ...retryAfterHeaders(error.retryAfterMs),
    },
    body: Buffer.from(bodyOf(error)),
  };
}

/** A stream has fewer exceptions (AWS, API reference, "ConverseStreamOutput"), with names of their own. */
export function exceptionOf(error: CallError): { readonly type: string; readonly json: string } {
  return { type: streamName(error), json: bodyOf(error) };
}

function streamName({ status, source }: CallError): string {
  if (status === 429) return 'throttlingException';
  if (status === 503) return 'serviceUnavailableException';
  if (status < 500) return 'validationException';
  return source === 'upstream' ? 'modelStreamErrorException' : 'internalServerException';
}
