import type { ProtocolName } from '../protocols/blocks.ts';
import type { AuthStyle, Provider } from './provider.ts';

const none: Readonly<Record<string, string>> = {};

/** The version that the wire format was written against (https://docs.anthropic.com/en/api/versioning). */
const anthropicHeaders = { 'anthropic-version': '2023-06-01' };

function openaiChat(
  name: string,
  title: string,
  baseUrl: string,
  keyVariables: readonly string[],
  priceId: string,
): Provider {
  return {
    name,
    title,
    protocol: 'openai-chat',
    baseUrl,
    auth: 'bearer',
    keyVariables,
    headers: none,
    priceId,
  };
}

/** Who serves models. `priceId` is the provider's id in @pydantic/genai-prices. */
export const PROVIDERS: readonly Provider[] = [
  openaiChat('openai', 'OpenAI', 'https://api.openai.com/v1', ['OPENAI_API_KEY'], 'openai'),
  {
    name: 'anthropic',
    title: 'Anthropic',
    protocol: 'anthropic-messages',
    baseUrl: 'https://api.anthropic.com',
    auth: 'x-api-key',
    keyVariables: ['ANTHROPIC_API_KEY'],
    headers: anthropicHeaders,
    priceId: 'anthropic',
  },
  openaiChat(
    'gemini',
    'Google Gemini',
    // Google's own OpenAI-compatible endpoint (https://ai.google.dev/gemini-api/docs/openai).
    'https://generativelanguage.googleapis.com/v1beta/openai',
    ['GEMINI_API_KEY', 'GOOGLE_API_KEY'],
    'google',
  ),
  openaiChat('groq', 'Groq', 'https://api.groq.com/openai/v1', ['GROQ_API_KEY'], 'groq'),
  openaiChat('deepseek', 'DeepSeek', 'https://api.deepseek.com/v1', ['DEEPSEEK_API_KEY'], 'deepseek'),
  openaiChat('mistral', 'Mistral', 'https://api.mistral.ai/v1', ['MISTRAL_API_KEY'], 'mistral'),
  openaiChat('xai', 'xAI', 'https://api.x.ai/v1', ['XAI_API_KEY'], 'x-ai'),
  openaiChat(
    'openrouter',
    'OpenRouter',
    'https://openrouter.ai/api/v1',
    ['OPENROUTER_API_KEY'],
    'openrouter',
  ),
  openaiChat('together', 'Together AI', 'https://api.together.xyz/v1', ['TOGETHER_API_KEY'], 'together'),
  openaiChat(
    'fireworks',
    'Fireworks AI',
    'https://api.fireworks.ai/inference/v1',
    ['FIREWORKS_API_KEY'],
    'fireworks',
  ),
  openaiChat('cerebras', 'Cerebras', 'https://api.cerebras.ai/v1', ['CEREBRAS_API_KEY'], 'cerebras'),
  openaiChat(
    'perplexity',
    'Perplexity',
    // Its SDK path has no /v1 (https://docs.perplexity.ai/guides/chat-completions-guide).
    'https://api.perplexity.ai',
    ['PERPLEXITY_API_KEY', 'PPLX_API_KEY'],
    'perplexity',
  ),
  openaiChat('moonshot', 'Moonshot AI', 'https://api.moonshot.ai/v1', ['MOONSHOT_API_KEY'], 'moonshotai'),
  {
    name: 'ollama',
    title: 'Ollama',
    protocol: 'openai-chat',
    baseUrl: 'http://127.0.0.1:11434/v1',
    auth: 'none',
    keyVariables: [],
    headers: none,
    priceId: null,
  },
  {
    name: 'custom',
    title: 'Custom',
    protocol: 'openai-chat',
    baseUrl: null,
    auth: 'bearer',
    keyVariables: [],
    headers: none,
    priceId: null,
  },
  {
    name: 'demo',
    title: 'Demo (built in, invents its answers)',
    protocol: 'openai-chat',
    baseUrl: null,
    auth: 'none',
    keyVariables: [],
    headers: none,
    priceId: null,
  },
];

/** Protocols that upstreams can be spoken to in. */
export const UPSTREAM_PROTOCOLS = [
  'openai-chat',
  'anthropic-messages',
] as const satisfies readonly ProtocolName[];

/** The catalogue's entry of that name; undefined for an unknown one. */
export function findProvider(name: string): Provider | undefined {
  return PROVIDERS.find((provider) => provider.name === name);
}

export interface Access {
  readonly auth: AuthStyle;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * How a provider is authenticated to when it is spoken to in `protocol`. Its own way for its own protocol,
 * the usual way of the protocol where a connection overrides it or gives a key to a provider that needs none.
 */
export function accessOf(provider: Provider, protocol: ProtocolName, hasSecret: boolean): Access {
  const own = provider.name !== 'custom' && provider.protocol === protocol;
  const access = own ? provider : usualAccess(protocol);
  if (!hasSecret) return { auth: 'none', headers: access.headers };
  return { auth: access.auth === 'none' ? usualAccess(protocol).auth : access.auth, headers: access.headers };
}

function usualAccess(protocol: ProtocolName): Access {
  if (protocol === 'anthropic-messages') return { auth: 'x-api-key', headers: anthropicHeaders };
  return { auth: 'bearer', headers: none };
}
