/** The requests that the benchmark sends. All servers get the same conversation. */
import type { Exchange } from './load-order.ts';
import { USAGE, WORDS } from './upstream-answers.ts';

export const CALLER_KEY = 'bench-caller-key-0123456789abcdef';

const SYSTEM =
  'You are the assistant of a small company that sells bicycles. Answer in a friendly and short way.';
const QUESTION =
  'A customer writes: "I ordered a city bike last Tuesday, order 48213, and it has not been shipped. When will it come, and can I still change the colour to green?" What do we say?';
const FIRST_MARK = WORDS[0] ?? '';
const TOTAL_TOKENS = `"totalTokens":${USAGE.total}`;

/** OpenAI's chat completions. The caller does not ask for usage in streams, as most do not. */
export function openaiChat(port: number, path: string, model: string, isStream: boolean): Exchange {
  const body = JSON.stringify({
    model,
    messages: [
      { role: 'system', content: SYSTEM },
      { role: 'user', content: QUESTION },
    ],
    temperature: 0.7,
    max_tokens: 256,
    ...(isStream ? { stream: true } : {}),
  });
  return {
    transport: 'http',
    port,
    request: httpRequest(
      `${path}/v1/chat/completions`,
      body,
      isStream ? 'text/event-stream' : 'application/json',
    ),
    authorization: '',
    endMark: isStream ? 'data: [DONE]' : '"usage"',
    firstMark: isStream ? FIRST_MARK : null,
  };
}

const INPUT = {
  messages: [
    { role: 'SYSTEM', content: SYSTEM },
    { role: 'USER', content: QUESTION },
  ],
  temperature: 0.7,
  maxOutputTokens: 256,
};

const COMPLETION = 'callId finishReason usage { inputTokens outputTokens totalTokens }';

export function graphqlChat(port: number, model: string): Exchange {
  const query = `mutation Chat($input: ChatInput!) { chat(input: $input) { text ${COMPLETION} } }`;
  const body = JSON.stringify({ query, variables: { input: { model, ...INPUT } } });
  return {
    transport: 'http',
    port,
    request: httpRequest('/graphql', body, 'application/json'),
    authorization: '',
    endMark: TOTAL_TOKENS,
    firstMark: null,
  };
}

export function graphqlChatStream(port: number, model: string, transport: 'sse' | 'graphql-ws'): Exchange {
  const query = `subscription Chat($input: ChatInput!) { chatStream(input: $input) { __typename ... on ChatTextDelta { text } ... on ChatCompleted { completion { ${COMPLETION} } } } }`;
  const payload = JSON.stringify({ query, variables: { input: { model, ...INPUT } } });
  return {
    transport: transport === 'sse' ? 'http' : 'graphql-ws',
    port,
    request: transport === 'sse' ? httpRequest('/graphql', payload, 'text/event-stream') : payload,
    authorization: `Bearer ${CALLER_KEY}`,
    endMark: TOTAL_TOKENS,
    firstMark: FIRST_MARK,
  };
}

/** The text of an answer, whichever of the protocols it is in: what was said must arrive, whole and once. */
export function textOf(body: string): string {
  return [...body.matchAll(/"(?:content|text)":"([^"]*)"/g)].map((match) => match[1]).join('');
}

function httpRequest(path: string, body: string, accept: string): string {
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    `Authorization: Bearer ${CALLER_KEY}`,
    'Content-Type: application/json',
    `Accept: ${accept}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}
