import { anthropicMessages } from '../protocols/anthropic-messages/index.ts';
import { openaiChat } from '../protocols/openai-chat/index.ts';
import { live, metrics, ready } from './health.ts';
import { invocationEndpoint } from './invocation.ts';
import { listModelsEndpoint } from './models.ts';
import type { Endpoint, Methods, RoutePattern, Routes } from './route-table.ts';

/** GraphQL refuses those that it does not take by itself, in its own envelope. */
const METHODS = ['GET', 'POST', 'OPTIONS', 'HEAD', 'PUT', 'PATCH', 'DELETE'];

const graphql: Endpoint = (ports, exchange) => {
  exchange.response.setHeader('x-sluice-call-id', exchange.callId);
  exchange.answer = ports.graphql.handle(exchange.request, exchange.response);
};

/** Paths with places. The first that fits counts. */
const PATTERNS: readonly RoutePattern[] = [];

/** Every path that the gateway answers. Endpoints ask for a key themselves; those that do not: health and metrics. */
export function createRoutes(): Routes {
  const exact = new Map<string, Methods>([
    ['/v1/chat/completions', { POST: invocationEndpoint(openaiChat) }],
    ['/v1/messages', { POST: invocationEndpoint(anthropicMessages) }],
    ['/v1/models', { GET: listModelsEndpoint }],
    ['/graphql', Object.fromEntries(METHODS.map((method) => [method, graphql]))],
    ['/healthz', { GET: live, HEAD: live }],
    ['/readyz', { GET: ready, HEAD: ready }],
    ['/metrics', { GET: metrics }],
  ]);
  return { exact, patterns: PATTERNS };
}
