/** Google's paths, which have the model and the way of answering in them. */
import { gemini } from '../protocols/gemini/index.ts';
import type { Framing } from '../protocols/protocol.ts';
import { geminiCountTokensEndpoint } from './count-tokens.ts';
import { invocationEndpoint } from './invocation.ts';
import type { RoutePattern } from './route-table.ts';

/** Without `alt=sse` a stream is one JSON array that comes in pieces. */
const framing = (query: URLSearchParams): Framing =>
  (query.get('alt') ?? query.get('$alt')) === 'sse' ? 'sse' : 'json-array';

/** Older clients have the key in the query. */
const keyParam = 'key';

/** Model names may hold slashes and, once more, the `models/` of Google's resource names. */
export const GEMINI_PATTERNS: readonly RoutePattern[] = [
  {
    path: '/v1beta/models/{model}:generateContent',
    match: /^\/v1(?:beta)?\/models\/(?:models(?:\/|%2F))?(.+):generateContent$/,
    methods: { POST: invocationEndpoint(gemini, { stream: false, keyParam }) },
  },
  {
    path: '/v1beta/models/{model}:streamGenerateContent',
    match: /^\/v1(?:beta)?\/models\/(?:models(?:\/|%2F))?(.+):streamGenerateContent$/,
    methods: { POST: invocationEndpoint(gemini, { stream: true, framing, keyParam }) },
  },
  {
    path: '/v1beta/models/{model}:countTokens',
    match: /^\/v1(?:beta)?\/models\/(?:models(?:\/|%2F))?(.+):countTokens$/,
    methods: { POST: geminiCountTokensEndpoint },
  },
];
