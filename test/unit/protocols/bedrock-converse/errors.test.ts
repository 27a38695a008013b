import { describe, expect, it } from 'vitest';
import { CallError, type ErrorCode } from '../../../../src/errors.ts';
import { bedrockConverse } from '../../../../src/protocols/bedrock-converse/index.ts';

const read = (status: number, type: string | undefined, message: string, headers = {}) =>
  bedrockConverse.readError(
    status,
    { ...(type === undefined ? {} : { 'x-amzn-errortype': type }), ...headers },
    JSON.stringify({ message }),
  );

describe('errors of Bedrock as upstream', () => {
  it.each([
    [400, 'ValidationException', 'Input is too long for requested model.', 'callerFault'],
    [400, 'ValidationException', 'The provided model identifier is invalid.', 'modelUnavailable'],
    [
      400,
      'ValidationException',
      'Invocation of model ID x with on-demand throughput isn’t supported.',
      'modelUnavailable',
    ],
    [
      403,
      'AccessDeniedException',
      "You don't have access to the model with the specified model ID.",
      'modelUnavailable',
    ],
    [403, 'AccessDeniedException', 'User: arn:aws:iam::1:user/x is not authorized to perform', 'credential'],
    [403, 'AccessDeniedException', 'Access to this model is not available in your country.', 'region'],
    [
      403,
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
      'credential',
    ],
    [403, 'ExpiredTokenException', 'The security token included in the request is expired', 'credential'],
    [403, 'InvalidSignatureException', 'The request signature we calculated does not match', 'credential'],
    [404, 'ResourceNotFoundException', 'Could not resolve the foundation model', 'modelUnavailable'],
    [408, 'ModelTimeoutException', 'Model has timed out', 'transient'],
    [424, 'ModelErrorException', 'The system encountered an unexpected error', 'transient'],
    [429, 'ThrottlingException', 'Too many requests, please wait before trying again.', 'rateLimited'],
    [429, 'ModelNotReadyException', 'Model is not ready for inference.', 'overloaded'],
    [400, 'ServiceQuotaExceededException', 'Your request exceeds the service quota', 'quota'],
    [500, 'InternalServerException', 'An internal server error occurred.', 'transient'],
    [503, 'ServiceUnavailableException', "The service isn't currently available.", 'overloaded'],
  ])('trap 115 trap 116 %i %s (%s) is %s', (status, type, message, failureClass) => {
    expect(read(status, type, message)).toMatchObject({ class: failureClass, status, code: type, message });
  });

  it('trap 115 the name may have an address behind it, or stand in the body', () => {
    expect(read(429, 'ThrottlingException:http://internal.amazon.com/coral/', 'x')).toMatchObject({
      code: 'ThrottlingException',
      class: 'rateLimited',
    });
    const body = JSON.stringify({ __type: 'com.amazon.coral.service#AccessDeniedException', Message: 'no' });
    expect(bedrockConverse.readError(403, {}, body)).toMatchObject({
      code: 'AccessDeniedException',
      message: 'no',
    });
  });

  it.each([
    [400, 'callerFault'],
    [401, 'credential'],
    [404, 'modelUnavailable'],
    [408, 'transient'],
    [429, 'rateLimited'],
    [500, 'transient'],
    [502, 'transient'],
    [503, 'overloaded'],
  ])('without a name the status %i decides: %s', (status, failureClass) => {
    expect(bedrockConverse.readError(status, {}, '<html>')).toMatchObject({
      class: failureClass,
      message: null,
    });
  });

  it('names the field that the upstream names', () => {
    const message =
      "1 validation error detected: Value '' at 'messages.1.member.content' failed to satisfy constraint: …";
    expect(read(400, 'ValidationException', message).param).toBe('messages.1.member.content');
  });

  it('trap 117 reads how long to wait', () => {
    expect(read(429, 'ThrottlingException', 'x', { 'retry-after': '7' }).retryAfterMs).toBe(7_000);
  });

  it('trap 121 keeps nothing of the signed request, session token included', () => {
    const message =
      'The request signature we calculated does not match the signature you provided.\n\n' +
      "The Canonical String for this request should have been\n'POST\nx-amz-security-token:SECRET-TOKEN'";
    const failure = read(403, 'InvalidSignatureException', message);
    expect(JSON.stringify(failure)).not.toContain('SECRET-TOKEN');
    expect(failure.message).toContain('does not match');
  });
});

describe('errors for a caller of Bedrock', () => {
  it.each([
    ['invalid_request', 400, 'ValidationException'],
    ['missing_key', 401, 'AccessDeniedException'],
    ['model_not_allowed', 403, 'AccessDeniedException'],
    ['model_not_found', 404, 'ResourceNotFoundException'],
    ['not_found', 404, 'ResourceNotFoundException'],
    ['body_too_large', 413, 'ValidationException'],
    ['upstream_rate_limited', 429, 'ThrottlingException'],
    ['upstream_quota', 429, 'ServiceQuotaExceededException'],
    ['internal', 500, 'InternalServerException'],
    ['upstream_error', 502, 'InternalServerException'],
    ['upstream_overloaded', 503, 'ServiceUnavailableException'],
    ['no_healthy_upstream', 503, 'ServiceUnavailableException'],
    ['upstream_stalled', 504, 'ModelTimeoutException'],
  ] satisfies readonly (readonly [ErrorCode, number, string])[])(
    'trap 115 %s is %i %s',
    (code, status, type) => {
      const { headers, body, ...rendered } = bedrockConverse.writeError(new CallError(code), 'call-1');
      expect(rendered.status).toBe(status);
      expect(headers).toMatchObject({
        'content-type': 'application/json',
        'x-amzn-errortype': type,
        'x-amzn-requestid': 'call-1',
      });
      expect(JSON.parse(body.toString())).toEqual({ message: new CallError(code).message, code });
    },
  );

  it('says field, targets and how long to wait', () => {
    const error = new CallError('no_healthy_upstream', {
      param: 'model',
      retryAfterMs: 1_500,
      targets: [{ target: 'a/b', reason: 'upstream_error' }],
    });
    const { headers, body } = bedrockConverse.writeError(error, 'call-1');
    expect(headers).toMatchObject({ 'retry-after': '2' });
    expect(JSON.parse(body.toString())).toMatchObject({ param: 'model', targets: [{ target: 'a/b' }] });
  });
});
