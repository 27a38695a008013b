import type { ProtocolName } from '../protocols/blocks.ts';
import type { ChatQuirks } from '../protocols/openai-chat/quirks.ts';

/** How a provider wants its credential; `sigv4` signs each request with an AwsCredential. */
export type AuthStyle = 'bearer' | 'x-api-key' | 'api-key' | 'x-goog-api-key' | 'sigv4' | 'none';

/** What requests to AWS are signed with (AWS Signature Version 4). */
export interface AwsCredential {
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Of credentials that expire; null for others. */
  readonly sessionToken: string | null;
}

/** How request paths are made from base URL, model and the protocol's own path; see `upstream/address.ts`. */
export type AddressStyle = 'plain' | 'azure-openai' | 'azure-foundry';

/** What a provider serves, by the last part of OpenAI's path for it; `messages` is Anthropic's. */
export const PROVIDER_ENDPOINTS = [
  'chat',
  'responses',
  'messages',
  'completions',
  'embeddings',
  'rerank',
  'images',
  'speech',
  'transcriptions',
  'moderations',
  'files',
  'batches',
] as const;
export type ProviderEndpoint = (typeof PROVIDER_ENDPOINTS)[number];

/** Quirks that hold for some models, or before a version of the API; later rules win over earlier ones. */
export interface QuirkRule {
  /** Matched against the upstream's whole name of the model. */
  readonly model?: RegExp | undefined;
  /** Holds for connections whose `apiVersion` is older: a date, compared as text. */
  readonly before?: string | undefined;
  readonly quirks: ChatQuirks;
}

/** A catalogue entry: data, not code. */
export interface Provider {
  readonly name: string;
  readonly title: string;
  readonly protocol: ProtocolName;
  /** What the protocol's own SDK calls the base URL; null where the operator must give one. */
  readonly baseUrl: string | null;
  /**
   * How to make a base URL where there is no common one; `{NAME}` stands for the environment variable of that
   * name. The first whose variables are all set makes the connection of a first start.
   */
  readonly baseUrlTemplates?: readonly string[] | undefined;
  readonly auth: AuthStyle;
  /** `plain` where absent. */
  readonly addressing?: AddressStyle | undefined;
  /** Usual environment variables that hold its key, first found wins. */
  readonly keyVariables: readonly string[];
  /** Headers that every request needs. */
  readonly headers: Readonly<Record<string, string>>;
  /** Id of the provider in @pydantic/genai-prices, for prices; null for none. */
  readonly priceId: string | null;
  /** Where address and authentication are documented. */
  readonly docs: string;
  readonly endpoints: readonly ProviderEndpoint[];
  /** What its rerank endpoint calls the number of results wanted; `top_n` where absent. */
  readonly rerankLimit?: 'top_n' | 'top_k' | undefined;
  /** Where its openai-chat differs. */
  readonly quirks?: ChatQuirks | undefined;
  readonly quirkRules?: readonly QuirkRule[] | undefined;
}
