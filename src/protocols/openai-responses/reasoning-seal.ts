import { type Origin, PROTOCOL_NAMES, type ReasoningBlock } from '../blocks.ts';
import { isJsonObject, parseJson } from '../json-parse.ts';

/** OpenAI's own encrypted reasoning begins otherwise. */
const PREFIX = 'sluice1.';

export type SealedReasoning = Pick<ReasoningBlock, 'origin' | 'signature' | 'redacted'>;

/**
 * `encrypted_content` of a reasoning item: the provider's own, or another protocol's signature with its origin,
 * so that it finds its way back although callers only know one field for it. Undefined without a signature.
 */
export function sealOf(block: ReasoningBlock): string | undefined {
  const { origin, signature, redacted } = block;
  const proof = redacted ?? signature;
  if (proof === undefined || proof === '') return undefined;
  if (origin.protocol === 'openai-responses') return proof;
  const kind = redacted === undefined ? 'signature' : 'redacted';
  const text = JSON.stringify({
    protocol: origin.protocol,
    provider: origin.provider,
    model: origin.model,
    [kind]: proof,
  });
  return PREFIX + Buffer.from(text).toString('base64url');
}

/** True for what `sealOf` made of another protocol's signature: no provider of this protocol takes it. */
export const isSeal = (encrypted: string): boolean => encrypted.startsWith(PREFIX);

/** The other way. Null for a provider's own encrypted content, and for a seal that is damaged. */
export function unseal(encrypted: string): SealedReasoning | null {
  if (!isSeal(encrypted)) return null;
  const value = parseJson(Buffer.from(encrypted.slice(PREFIX.length), 'base64url').toString());
  const protocol = isJsonObject(value)
    ? PROTOCOL_NAMES.find((name) => name === value['protocol'])
    : undefined;
  if (!isJsonObject(value) || protocol === undefined) return null;
  const origin: Origin = {
    protocol,
    provider: textOf(value['provider']),
    model: textOf(value['model']),
  };
  return { origin, signature: textOf(value['signature']), redacted: textOf(value['redacted']) };
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : undefined);
