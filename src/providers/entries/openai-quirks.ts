import type { ChatQuirks } from '../../protocols/openai-chat/quirks.ts';
import type { QuirkRule } from '../provider.ts';

/** OpenAI's own models, wherever they are served: there `max_tokens` is deprecated (OpenAI, API reference). */
export const OPENAI_QUIRKS: ChatQuirks = { maxTokensField: 'max_completion_tokens', developerRole: true };

const LOW_TO_HIGH = ['low', 'medium', 'high'] as const;

/**
 * What reasoning models take (OpenAI, "Reasoning models" and the pages of the models). They refuse `max_tokens`
 * with `unsupported_parameter`. Azure's deployments are matched by name too: most are named after their model.
 */
export const OPENAI_RULES: readonly QuirkRule[] = [
  { model: /^(o\d|gpt-[5-9])(?!.*chat)/, quirks: { refuses: ['max_tokens'] } },
  { model: /^o\d/, quirks: { efforts: LOW_TO_HIGH } },
  { model: /^o1-(mini|preview)/, quirks: { efforts: [], developerRole: false } },
  { model: /^gpt-5(-|$)(?!.*chat)/, quirks: { efforts: ['minimal', ...LOW_TO_HIGH] } },
  { model: /^gpt-5\.1(?!.*chat)/, quirks: { efforts: ['none', ...LOW_TO_HIGH] } },
  { model: /^gpt-(5\.[2-9]|[6-9])(?!.*chat)/, quirks: { efforts: ['none', ...LOW_TO_HIGH, 'xhigh'] } },
  { model: /^gpt-6-astra/, quirks: { efforts: [...LOW_TO_HIGH, 'xhigh'] } },
  { model: /^(gpt-[34]|chatgpt|gpt-[5-9].*chat)/, quirks: { efforts: [] } },
];
