import { CallError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { ProtocolName } from '../protocols/blocks.ts';
import type { ResolvedTarget } from '../tenancy/routes.ts';

const LIMIT_OF: Readonly<Record<ProtocolName, keyof Limits>> = {
  'openai-chat': 'openaiRequestBytesMax',
  'openai-responses': 'openaiRequestBytesMax',
  'anthropic-messages': 'anthropicRequestBytesMax',
  gemini: 'geminiRequestBytesMax',
  'bedrock-converse': 'bedrockRequestBytesMax',
  'cohere-chat': 'cohereRequestBytesMax',
};

/** Refuses a body of this many bytes that its target would not take, before anything is sent; null where it may go. */
export function oversized(
  bytes: number,
  { name, connection }: ResolvedTarget,
  limits: Limits,
): CallError | null {
  const bytesMax = limits[LIMIT_OF[connection.protocol]];
  if (bytes <= bytesMax) return null;
  return new CallError('body_too_large', {
    message: `The target "${name}" takes requests of at most ${bytesMax} bytes, and this one has ${bytes}.`,
  });
}
