import type { ProtocolName } from '../protocols/blocks.ts';

/** How a provider wants its credential. */
export type AuthStyle = 'bearer' | 'x-api-key' | 'api-key' | 'none';

/** A catalogue entry: data, not code. */
export interface Provider {
  readonly name: string;
  readonly title: string;
  readonly protocol: ProtocolName;
  /** What the protocol's own SDK calls the base URL; null where the operator must give one. */
  readonly baseUrl: string | null;
  readonly auth: AuthStyle;
  /** Usual environment variables that hold its key, first found wins. */
  readonly keyVariables: readonly string[];
  /** Headers that every request needs. */
  readonly headers: Readonly<Record<string, string>>;
  /** Id of the provider in @pydantic/genai-prices, for prices; null for none. */
  readonly priceId: string | null;
}
