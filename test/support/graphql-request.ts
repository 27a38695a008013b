import { WEB_KEY } from './graphql-endpoint.ts';

export const CHAT = /* GraphQL */ `
  mutation ($input: ChatInput!) {
    chat(input: $input) {
      callId model text reasoning refusal finishReason
      toolCalls { id name arguments }
      servedBy { connection provider model protocol attempts }
      usage { inputTokens outputTokens totalTokens cachedInputTokens reasoningTokens }
      cost { usd }
      receipt { entries { field action to reason } }
    }
  }
`;

export const CHAT_STREAM = /* GraphQL */ `
  subscription ($input: ChatInput!) {
    chatStream(input: $input) {
      __typename
      ... on ChatStarted { callId model }
      ... on ChatTextDelta { text }
      ... on ChatReasoningDelta { text }
      ... on ChatToolCallDelta { index id name arguments }
      ... on ChatCompleted { completion { callId text finishReason } }
    }
  }
`;

/** The variables of the smallest chat. */
export const HELLO = { input: { model: 'fast-chat', messages: [{ role: 'USER', content: 'Hello' }] } };

export interface GraphqlAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: {
    data?: Record<string, unknown> | null;
    errors?: { message: string; path?: unknown; extensions: Record<string, unknown> & { code: string } }[];
  };
}

export interface RequestOptions {
  readonly key?: string | null;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

function headersOf({ key = WEB_KEY, headers = {} }: RequestOptions): Record<string, string> {
  return {
    'content-type': 'application/json',
    ...(key !== null && { authorization: `Bearer ${key}` }),
    ...headers,
  };
}

async function answerOf(response: Response): Promise<GraphqlAnswer> {
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : {} };
}

/** POST with this body: an object as JSON, a string as it is. */
export async function post(url: string, body: unknown, options: RequestOptions = {}): Promise<GraphqlAnswer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: headersOf(options),
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...(options.signal && { signal: options.signal }),
  });
  return answerOf(response);
}

/** GET with these parameters in the query string. */
export async function get(
  url: string,
  params: Record<string, string>,
  options: RequestOptions = {},
): Promise<GraphqlAnswer> {
  const { 'content-type': _type, ...headers } = headersOf(options);
  return answerOf(await fetch(`${url}?${new URLSearchParams(params)}`, { headers }));
}

/** The responses in a text/event-stream body, and whether it ended with `complete`. */
export function eventsOf(text: string): { results: GraphqlAnswer['json'][]; isComplete: boolean } {
  const events = text.split('\n\n').filter((event) => event !== '' && !event.startsWith(':'));
  const results = events
    .filter((event) => event.startsWith('event: next\n'))
    .map((event) => JSON.parse(event.slice('event: next\ndata: '.length)));
  return { results, isComplete: events.at(-1) === 'event: complete\ndata:' };
}
