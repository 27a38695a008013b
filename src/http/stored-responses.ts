import { CallError } from '../errors.ts';
import { openaiResponses } from '../protocols/openai-responses/index.ts';
import { notStored } from '../protocols/openai-responses/stateless.ts';
import { identify, presentedKey } from '../tenancy/identify.ts';
import { replyError } from './reply.ts';
import type { Endpoint, RoutePattern } from './route-table.ts';

/** Whoever looks for a response is told why there is none, and nobody else. */
const storedResponseEndpoint: Endpoint = (ports, { request, response, callId }) => {
  const identity = identify(ports.snapshot(), presentedKey(request.headers));
  const error = identity instanceof CallError ? identity : notStored();
  replyError(request, response, callId, error, openaiResponses);
};

/** What OpenAI's SDK calls to get, delete or cancel a response, or to list its input. */
export const STORED_RESPONSES: RoutePattern = {
  path: '/v1/responses/{id}',
  match: /^\/v1\/responses\/(?!compact$|input_tokens$)([^/]+)(?:\/(?:input_items|cancel))?$/,
  methods: { GET: storedResponseEndpoint, DELETE: storedResponseEndpoint, POST: storedResponseEndpoint },
};
