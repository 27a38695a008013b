import type { ProtocolName } from '../protocols/blocks.ts';
import { CHINA } from './entries/china.ts';
import { CLOUDS } from './entries/clouds.ts';
import { ANTHROPIC_HEADERS, NO_HEADERS } from './entries/entry.ts';
import { GOOGLE } from './entries/google.ts';
import { HOSTS } from './entries/hosts.ts';
import { LABS } from './entries/labs.ts';
import { LOCAL } from './entries/local.ts';
import type { AuthStyle, Provider } from './provider.ts';

/** Who serves models; the order is that of lists. */
export const PROVIDERS: readonly Provider[] = [...LABS, ...GOOGLE, ...CLOUDS, ...HOSTS, ...CHINA, ...LOCAL];

/** Protocols that upstreams can be spoken to in. */
export const UPSTREAM_PROTOCOLS = [
  'openai-chat',
  'openai-responses',
  'anthropic-messages',
  'gemini',
  'bedrock-converse',
  'cohere-chat',
] as const satisfies readonly ProtocolName[];

/** The catalogue's entry of that name; undefined for an unknown one. */
export function findProvider(name: string): Provider | undefined {
  return PROVIDERS.find((provider) => provider.name === name);
}

/** Whether the provider's own service takes this protocol, at its address and with its authentication. */
export function speaks({ protocol, endpoints }: Provider, asked: ProtocolName): boolean {
  return protocol === asked || (asked === 'openai-responses' && endpoints.includes('responses'));
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
  const own = provider.name !== 'custom' && speaks(provider, protocol);
  const access = own ? provider : usualAccess(protocol);
  if (!hasSecret) return { auth: 'none', headers: access.headers };
  return { auth: access.auth === 'none' ? usualAccess(protocol).auth : access.auth, headers: access.headers };
}

function usualAccess(protocol: ProtocolName): Access {
  if (protocol === 'anthropic-messages') return { auth: 'x-api-key', headers: ANTHROPIC_HEADERS };
  return { auth: protocol === 'gemini' ? 'x-goog-api-key' : 'bearer', headers: NO_HEADERS };
}
