import type { Provider } from '../provider.ts';

export const NO_HEADERS: Readonly<Record<string, string>> = {};

/** The version that the wire format was written against (https://docs.anthropic.com/en/api/versioning). */
export const ANTHROPIC_HEADERS = { 'anthropic-version': '2023-06-01' };

type Given = Pick<Provider, 'name' | 'title' | 'baseUrl' | 'docs'> & Partial<Provider>;

/** A server in OpenAI's style, as most are: Chat Completions and a key as bearer token, unless the entry says otherwise. */
export function openaiStyle(entry: Given): Provider {
  return {
    protocol: 'openai-chat',
    auth: 'bearer',
    keyVariables: [],
    headers: NO_HEADERS,
    priceId: null,
    endpoints: ['chat'],
    ...entry,
  };
}

/** A server on the operator's own machines: no key, unless the connection gives one. */
export function localServer(entry: Given): Provider {
  return openaiStyle({ auth: 'none', ...entry });
}
