import type { RunningEndpoint } from './graphql-endpoint.ts';
import { WEB_KEY } from './graphql-endpoint.ts';
import { eventsOf, get, post } from './graphql-request.ts';
import { codeOf, RawGraphqlSocket } from './graphql-socket.ts';

export interface TransportAnswer {
  /** HTTP status; null over WebSocket. */
  readonly status: number | null;
  /** `extensions.code` of the first error; undefined after success. */
  readonly code: string | undefined;
  readonly data: unknown;
  /** Everything that was received. */
  readonly text: string;
}

export interface TransportOperation {
  readonly query: string;
  readonly variables?: Record<string, unknown>;
  /** Null for none. */
  readonly key?: string | null;
}

type Send = (endpoint: RunningEndpoint, operation: TransportOperation) => Promise<TransportAnswer>;

const overPost: Send = async ({ url }, { query, variables, key }) => {
  const answer = await post(url, { query, variables }, { ...(key !== undefined && { key }) });
  const { status, text } = answer;
  // Who accepts anything gets JSON, and for a live operation events.
  const json = answer.headers.get('content-type')?.includes('json') ? answer.json : eventsOf(text).results[0];
  return { status, code: codeOf(json), data: json?.data, text };
};

const overGet: Send = async ({ url }, { query, variables, key }) => {
  const params = { query, ...(variables && { variables: JSON.stringify(variables) }) };
  const { status, json, text } = await get(url, params, { ...(key !== undefined && { key }) });
  return { status, code: codeOf(json), data: json.data, text };
};

const overEvents: Send = async ({ url }, { query, variables, key }) => {
  const headers = { accept: 'text/event-stream' };
  const answer = await post(url, { query, variables }, { headers, ...(key !== undefined && { key }) });
  const [first] = answer.headers.get('content-type')?.includes('json')
    ? [answer.json]
    : eventsOf(answer.text).results;
  return { status: answer.status, code: codeOf(first), data: first?.data, text: answer.text };
};

const overWebSocket: Send = async ({ webSocketUrl }, { query, variables, key = WEB_KEY }) => {
  const socket = await RawGraphqlSocket.connect(webSocketUrl, key ?? undefined);
  socket.subscribe('1', query, variables);
  const { payload } = await socket.message((message) => message.id === '1', 'an answer');
  const text = JSON.stringify(socket.messages);
  await socket.close();
  return { status: null, code: codeOf(payload), data: (payload as { data?: unknown }).data, text };
};

/** Every way to send an operation; GET is left out where documents are longer than a URL may be. */
export const TRANSPORTS: readonly (readonly [name: string, send: Send])[] = [
  ['POST', overPost],
  ['GET', overGet],
  ['SSE', overEvents],
  ['WebSocket', overWebSocket],
];
export const BODY_TRANSPORTS = TRANSPORTS.filter(([name]) => name !== 'GET');
