import { UNKNOWN_USAGE, type Usage } from '../protocols/blocks.ts';
import { readCount } from '../protocols/usage.ts';
import { within } from './conversion.ts';

/** Tokens of a `meta` object; null where only searches are billed (docs.cohere.com, `ApiMeta`). */
export function readCohereUsage(meta: unknown): Usage | null {
  const tokens = within(meta, 'tokens') ?? within(meta, 'billed_units');
  const inputTokens = readCount(within(tokens, 'input_tokens'));
  if (inputTokens === null) return null;
  const outputTokens = readCount(within(tokens, 'output_tokens')) ?? 0;
  return { ...UNKNOWN_USAGE, inputTokens, outputTokens, totalTokens: inputTokens + outputTokens };
}
