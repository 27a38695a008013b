import type { TargetContext } from '../protocol.ts';
import { MISTRAL_TOOL_IDS, OPENAI_TOOL_IDS, type ToolIdRule } from '../tool-ids.ts';

/** Where servers of this protocol differ in what they accept. */
export interface Dialect {
  readonly maxTokensField: 'max_completion_tokens' | 'max_tokens';
  readonly hasDeveloperRole: boolean;
  readonly toolIds: ToolIdRule;
  /** False: the server is known to refuse `reasoning_effort` for this model. */
  readonly takesEffort: boolean;
  /** False: the server is known to refuse temperature, top_p and penalties for this model. */
  readonly takesSampling: boolean;
}

/** OpenAI's own service: there `max_tokens` is refused by reasoning models. Others often know only that name. */
const VENDOR: ReadonlySet<string> = new Set(['openai', 'azure', 'azure-openai']);
/** Models that reason, and therefore take an effort and no sampling settings (OpenAI, reasoning guide). */
const REASONING_MODEL = /^(o\d|gpt-[5-9])(?!.*chat)/;

export function dialectOf(target: TargetContext): Dialect {
  const isVendor = VENDOR.has(target.provider);
  const isReasoning = isVendor && REASONING_MODEL.test(target.model);
  return {
    maxTokensField: isVendor ? 'max_completion_tokens' : 'max_tokens',
    hasDeveloperRole: isVendor,
    toolIds: target.provider === 'mistral' ? MISTRAL_TOOL_IDS : OPENAI_TOOL_IDS,
    takesEffort: !isVendor || isReasoning,
    takesSampling: !isReasoning,
  };
}
