import { graphqlChat, graphqlChatStream, openaiChat } from './exchanges.ts';
import type { Exchange } from './load-order.ts';
import type { ServerName } from './server.ts';

/** One row of the table. */
export interface Cell {
  readonly name: string;
  readonly label: string;
  readonly server: ServerName;
  /** The row whose processor time is 1. */
  readonly baseline: 'relay-chat' | 'relay-stream' | null;
  exchange(port: number): Exchange;
}

/** Names of models in sluice.yaml; each leads to the mock upstream in the protocol that it is named after. */
export const MODELS = {
  openai: 'bench-openai',
  anthropic: 'bench-anthropic',
  pacedOpenai: 'paced-openai',
  pacedAnthropic: 'paced-anthropic',
  shortOpenai: 'short-openai',
} as const;

/** What callers without a gateway send. */
const PLAIN_MODEL = 'gpt-4.1-mini';

const plain =
  (isStream: boolean, path = '') =>
  (port: number) =>
    openaiChat(port, path, PLAIN_MODEL, isStream);
const routed = (model: string, isStream: boolean) => (port: number) => openaiChat(port, '', model, isStream);

/** Throughput, in the order in which a round runs: what is compared stands side by side. */
export const CELLS: readonly Cell[] = [
  {
    name: 'direct-chat',
    label: 'the rig alone',
    server: 'direct',
    baseline: null,
    exchange: plain(false),
  },
  {
    name: 'nginx-chat',
    label: 'nginx proxy_pass',
    server: 'nginx',
    baseline: 'relay-chat',
    exchange: plain(false),
  },
  {
    name: 'relay-chat',
    label: 'bare relay',
    server: 'relay',
    baseline: 'relay-chat',
    exchange: plain(false),
  },
  {
    name: 'sluice-chat',
    label: 'Sluice, same protocol',
    server: 'sluice',
    baseline: 'relay-chat',
    exchange: routed(MODELS.openai, false),
  },
  {
    name: 'sluice-chat-cross',
    label: 'Sluice, OpenAI to Anthropic',
    server: 'sluice',
    baseline: 'relay-chat',
    exchange: routed(MODELS.anthropic, false),
  },
  {
    name: 'graphql-chat',
    label: 'Sluice, GraphQL chat',
    server: 'sluice',
    baseline: 'relay-chat',
    exchange: (port) => graphqlChat(port, MODELS.openai),
  },
  {
    name: 'direct-stream',
    label: 'the rig alone, stream',
    server: 'direct',
    baseline: null,
    exchange: plain(true),
  },
  {
    name: 'nginx-stream',
    label: 'nginx proxy_pass, stream',
    server: 'nginx',
    baseline: 'relay-stream',
    exchange: plain(true),
  },
  {
    name: 'relay-stream',
    label: 'bare relay, stream',
    server: 'relay',
    baseline: 'relay-stream',
    exchange: plain(true),
  },
  {
    name: 'sluice-stream',
    label: 'Sluice stream, same protocol',
    server: 'sluice',
    baseline: 'relay-stream',
    exchange: routed(MODELS.openai, true),
  },
  {
    name: 'sluice-stream-cross',
    label: 'Sluice stream, OpenAI to Anthropic',
    server: 'sluice',
    baseline: 'relay-stream',
    exchange: routed(MODELS.anthropic, true),
  },
  {
    name: 'graphql-sse',
    label: 'Sluice, GraphQL chatStream (SSE)',
    server: 'sluice',
    baseline: 'relay-stream',
    exchange: (port) => graphqlChatStream(port, MODELS.openai, 'sse'),
  },
  {
    name: 'graphql-ws',
    label: 'Sluice, GraphQL chatStream (WebSocket)',
    server: 'sluice',
    baseline: 'relay-stream',
    exchange: (port) => graphqlChatStream(port, MODELS.openai, 'graphql-ws'),
  },
];

/** Time to first token at a low rate; the upstream takes 10 ms for it. */
export const FIRST_TOKEN_CELLS: readonly Omit<Cell, 'baseline'>[] = [
  { name: 'direct', label: 'the rig alone', server: 'direct', exchange: plain(true, '/paced') },
  { name: 'relay', label: 'bare relay', server: 'relay', exchange: plain(true, '/paced') },
  {
    name: 'sluice-stream',
    label: 'Sluice stream, same protocol',
    server: 'sluice',
    exchange: routed(MODELS.pacedOpenai, true),
  },
  {
    name: 'sluice-stream-cross',
    label: 'Sluice stream, OpenAI to Anthropic',
    server: 'sluice',
    exchange: routed(MODELS.pacedAnthropic, true),
  },
  {
    name: 'graphql-sse',
    label: 'Sluice, GraphQL chatStream (SSE)',
    server: 'sluice',
    exchange: (port) => graphqlChatStream(port, MODELS.pacedOpenai, 'sse'),
  },
  {
    name: 'graphql-ws',
    label: 'Sluice, GraphQL chatStream (WebSocket)',
    server: 'sluice',
    exchange: (port) => graphqlChatStream(port, MODELS.pacedOpenai, 'graphql-ws'),
  },
];

/** Short streams of an OpenAI caller, for the growth of memory. */
export const SHORT_STREAM = routed(MODELS.shortOpenai, true);
