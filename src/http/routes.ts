import { anthropicMessages } from '../protocols/anthropic-messages/index.ts';
import { cohereChat } from '../protocols/cohere-chat/index.ts';
import { openaiChat } from '../protocols/openai-chat/index.ts';
import { openaiResponses } from '../protocols/openai-responses/index.ts';
import { BEDROCK_PATTERNS } from './bedrock.ts';
import { countTokensEndpoint } from './count-tokens.ts';
import { FILE_PATTERNS } from './files.ts';
import { GEMINI_PATTERNS } from './gemini.ts';
import { live, metrics, ready } from './health.ts';
import { invocationEndpoint } from './invocation.ts';
import { listModelsEndpoint, retrieveModelEndpoint } from './models.ts';
import type { Endpoint, Methods, RoutePattern, Routes } from './route-table.ts';
import { STORED_RESPONSES } from './stored-responses.ts';
import { TASK_ROUTES } from './task-routes.ts';

/** GraphQL refuses those that it does not take by itself, in its own envelope. */
const METHODS = ['GET', 'POST', 'OPTIONS', 'HEAD', 'PUT', 'PATCH', 'DELETE'];

const graphql: Endpoint = (ports, exchange) => {
  exchange.response.setHeader('x-sluice-call-id', exchange.callId);
  exchange.answer = ports.graphql.handle(exchange.request, exchange.response);
};

/** Paths with places. The first that fits counts. */
const PATTERNS: readonly RoutePattern[] = [
  ...GEMINI_PATTERNS,
  { path: '/v1/models/{model}', match: /^\/v1\/models\/(.+)$/, methods: { GET: retrieveModelEndpoint } },
  ...FILE_PATTERNS,
  STORED_RESPONSES,
  ...BEDROCK_PATTERNS,
];

/** Every path that the gateway answers. Endpoints ask for a key themselves; those that do not: health and metrics. */
export function createRoutes(): Routes {
  const exact = new Map<string, Methods>([
    ['/v1/chat/completions', { POST: invocationEndpoint(openaiChat) }],
    ['/v1/responses', { POST: invocationEndpoint(openaiResponses) }],
    ['/v1/messages', { POST: invocationEndpoint(anthropicMessages) }],
    ['/v1/messages/count_tokens', { POST: countTokensEndpoint }],
    ['/v2/chat', { POST: invocationEndpoint(cohereChat) }],
    ['/v1/models', { GET: listModelsEndpoint }],
    ...TASK_ROUTES,
    ['/graphql', Object.fromEntries(METHODS.map((method) => [method, graphql]))],
    ['/healthz', { GET: live, HEAD: live }],
    ['/readyz', { GET: ready, HEAD: ready }],
    ['/metrics', { GET: metrics }],
  ]);
  return { exact, patterns: PATTERNS };
}
