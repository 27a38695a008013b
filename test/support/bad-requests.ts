import type { Caller } from './chat-client.ts';

export const CALLERS: readonly Caller[] = ['openai-chat', 'anthropic-messages'];
export const PATHS = { 'openai-chat': '/v1/chat/completions', 'anthropic-messages': '/v1/messages' } as const;
/** The bounds of the gateway that these requests are made for. */
export const BODY_BYTES_MAX = 64 * 1024;
export const BODY_DEPTH_MAX = 20;
/** A key whose application may use no model of these. */
export const NARROW_KEY = 'sk-narrow-application-0001';

/** What goes out instead of the good request that the SDK makes. */
export interface Change {
  readonly body?: string | Readonly<Record<string, unknown>>;
  /** Null takes a header away. */
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly method?: string;
  readonly path?: string;
}

export interface Bad extends Change {
  readonly what: string;
  readonly status: number;
  readonly code: string;
  readonly param?: string;
  /** The SDK's class; `APIError` for a status that has none of its own. */
  readonly class?:
    | 'BadRequestError'
    | 'AuthenticationError'
    | 'PermissionDeniedError'
    | 'NotFoundError'
    | 'InternalServerError';
  /** False for what is refused before it is a call. */
  readonly isCall: boolean;
}

const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;

/** Requests that are wrong in one way each, and what the caller gets for it. */
export function badRequests(caller: Caller): readonly Bad[] {
  const request = goodRequest(caller);
  const bad = { status: 400, class: 'BadRequestError', isCall: true } as const;
  const auth = { status: 401, class: 'AuthenticationError', isCall: false } as const;
  const other: Caller = caller === 'openai-chat' ? 'anthropic-messages' : 'openai-chat';
  const { model: _, ...noModel } = request;
  const { messages: __, ...noMessages } = request;
  return [
    { ...bad, what: 'no body', body: '', code: 'malformed_json' },
    { ...bad, what: 'half a body', body: '{"model":"x","mess', code: 'malformed_json' },
    { ...bad, what: 'text behind the body', body: `${JSON.stringify(request)}x`, code: 'malformed_json' },
    { ...bad, what: 'a list', body: '[]', code: 'invalid_request' },
    {
      ...bad,
      what: 'a field twice',
      body: '{"model":"a","model":"b","messages":[]}',
      code: 'duplicate_field',
      param: 'model',
    },
    {
      ...bad,
      what: 'a body too deep',
      body: { ...request, metadata: JSON.parse(deep(BODY_DEPTH_MAX + 5)) },
      code: 'body_too_deep',
    },
    { ...bad, what: 'no model', body: noModel, code: 'invalid_request', param: 'model' },
    {
      ...bad,
      what: 'a number as model',
      body: { ...request, model: 7 },
      code: 'invalid_request',
      param: 'model',
    },
    { ...bad, what: 'no messages', body: noMessages, code: 'invalid_request', param: 'messages' },
    {
      ...bad,
      what: 'text as messages',
      body: { ...request, messages: 'hi' },
      code: 'invalid_request',
      param: 'messages',
    },
    {
      ...bad,
      what: 'a word as stream',
      body: { ...request, stream: 'yes' },
      code: 'invalid_request',
      param: 'stream',
    },
    {
      ...bad,
      what: 'an unknown field to another protocol',
      body: { ...goodRequest(caller, other), wibble: 1 },
      code: 'unknown_field',
      param: 'wibble',
    },
    {
      ...bad,
      what: 'an unknown role to another protocol',
      body: { ...goodRequest(caller, other), messages: [{ role: 'wizard', content: 'hi' }] },
      code: 'invalid_request',
      param: 'messages[0].role',
    },
    {
      ...bad,
      what: 'an unknown model',
      status: 404,
      class: 'NotFoundError',
      body: { ...request, model: 'no-such-model' },
      code: 'model_not_found',
      param: 'model',
    },
    {
      ...bad,
      what: 'a model that the key may not use',
      status: 403,
      class: 'PermissionDeniedError',
      headers: keyHeaders(NARROW_KEY),
      code: 'model_not_allowed',
      param: 'model',
    },
    { ...auth, what: 'no key', headers: keyHeaders(null), code: 'missing_key' },
    { ...auth, what: 'a wrong key', headers: keyHeaders('sk-wrong-0123456789'), code: 'invalid_key' },
    {
      ...auth,
      what: 'another scheme',
      headers: { ...keyHeaders(null), authorization: 'Basic abc' },
      code: 'invalid_key',
    },
    {
      what: 'a body too large',
      status: 413,
      body: { ...request, user: 'x'.repeat(BODY_BYTES_MAX) },
      code: 'body_too_large',
      isCall: false,
    },
    {
      what: 'a wrong content type',
      status: 415,
      headers: { 'content-type': 'text/plain' },
      code: 'unsupported_media_type',
      isCall: false,
    },
    {
      what: 'an unknown path',
      status: 404,
      class: 'NotFoundError',
      path: `${PATHS[caller]}/nothing`,
      code: 'not_found',
      isCall: false,
    },
    { what: 'a wrong method', status: 405, method: 'PUT', code: 'method_not_allowed', isCall: false },
  ];
}

/** The SDKs put the key into different headers; a test of keys decides on both. */
function keyHeaders(key: string | null): Readonly<Record<string, string | null>> {
  return { authorization: key === null ? null : `Bearer ${key}`, 'x-api-key': null };
}

/** A request that nothing is wrong with. */
export const goodRequest = (caller: Caller, target: Caller = caller) => ({
  model: target,
  messages: [{ role: 'user' as const, content: 'Hello' }],
  ...(caller === 'anthropic-messages' && { max_tokens: 32 }),
});
