import type { Usage } from '../protocols/blocks.ts';
import { readUsage } from '../protocols/cohere-chat/usage.ts';
import { readCount } from '../protocols/usage.ts';
import { within } from './conversion.ts';

/**
 * Tokens of a `meta` object (docs.cohere.com, `ApiMeta`); null where only searches are billed. Vectors and ranks
 * are no tokens, so that the output, which is left out, is none.
 */
export function readCohereUsage(meta: unknown): Usage | null {
  const usage = readUsage(meta);
  if (usage === undefined || usage.inputTokens === null) return null;
  const outputTokens = usage.outputTokens ?? 0;
  const totalTokens = usage.inputTokens + outputTokens;
  const billed = readCount(within(within(meta, 'billed_units'), 'input_tokens'));
  const counted: Usage = { ...usage, outputTokens, totalTokens };
  return billed === null
    ? counted
    : { ...counted, billedInputTokens: billed, billedOutputTokens: outputTokens };
}
