/** Amazon Bedrock's paths, which have the model in them, and what AWS' SDKs do otherwise than others. */
import { CallError } from '../errors.ts';
import { bedrockConverse } from '../protocols/bedrock-converse/index.ts';
import { invocationEndpoint } from './invocation.ts';
import { replyError } from './reply.ts';
import type { Endpoint, RoutePattern } from './route-table.ts';

/** Model ids may hold slashes; the SDKs encode them, people do not. */
export const BEDROCK_PATTERNS: readonly RoutePattern[] = [
  {
    path: '/model/{model}/converse',
    match: /^\/model\/(.+)\/converse$/,
    methods: { POST: bedrockEndpoint(false) },
  },
  {
    path: '/model/{model}/converse-stream',
    match: /^\/model\/(.+)\/converse-stream$/,
    methods: { POST: bedrockEndpoint(true) },
  },
];

function bedrockEndpoint(stream: boolean): Endpoint {
  const invoke = invocationEndpoint(bedrockConverse, { stream });
  return (ports, exchange) => {
    const { request, response, callId } = exchange;
    // The SDKs show it as `$metadata.requestId`.
    response.setHeader('x-amzn-requestid', callId);
    if (!isSigned(request.headers.authorization)) return invoke(ports, exchange);
    replyError(request, response, callId, signatureRefusal(), bedrockConverse);
  };
}

/** A signature proves a secret that this gateway does not have: it keeps hashes of keys. */
const isSigned = (authorization: string | undefined) => authorization?.startsWith('AWS4-') === true;

function signatureRefusal(): CallError {
  return new CallError('invalid_key', {
    message:
      'This gateway takes no AWS signatures. Send its own key as a bearer token: in an AWS SDK ' +
      '"token: { token: key }" with "authSchemePreference: [\'httpBearerAuth\']", or the key in the ' +
      'environment variable AWS_BEARER_TOKEN_BEDROCK.',
  });
}
