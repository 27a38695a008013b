import type { ReasoningEffort } from '../blocks.ts';

/**
 * Where a server of this protocol differs from what most of its kind take: data of the catalogue, handed in
 * with the target. What is absent is as most have it.
 */
export interface ChatQuirks {
  /** Its name for the token limit; `max_tokens` where absent, which most know. */
  readonly maxTokensField?: 'max_completion_tokens' | 'max_tokens' | undefined;
  /** Takes the role `developer`. */
  readonly developerRole?: boolean | undefined;
  /** Whose rule for ids of tool calls it follows; OpenAI's where absent. */
  readonly toolIds?: 'openai' | 'mistral' | undefined;
  /** Its name for the seed; `seed` where absent. */
  readonly seedField?: 'seed' | 'random_seed' | undefined;
  /** Takes `top_k`, which is not OpenAI's. */
  readonly topK?: boolean | undefined;
  readonly temperatureMax?: number | undefined;
  /** Stop sequences that it takes; 4 where absent. */
  readonly stopsMax?: number | undefined;
  /** Values of `reasoning_effort` that it takes, in rising order; none for an empty list, any where absent. */
  readonly efforts?: readonly ReasoningEffort[] | undefined;
  /** False: `stream_options` is refused, and usage comes with the stream by itself or never. */
  readonly streamOptions?: boolean | undefined;
  /** Content of users must be one text where it is only text: lists of parts are refused. */
  readonly textContent?: boolean | undefined;
  /** False: `response_format` takes no JSON Schema, only `json_object`. */
  readonly jsonSchema?: boolean | undefined;
  /** Members that are answered with an error: of the body, or `messages[].name` and the like. */
  readonly refuses?: readonly RefusedMember[] | undefined;
}

export const REFUSED_MEMBERS = [
  'max_tokens',
  'max_completion_tokens',
  'user',
  'metadata',
  'service_tier',
  'store',
  'parallel_tool_calls',
  'presence_penalty',
  'frequency_penalty',
  'logit_bias',
  'logprobs',
  'top_logprobs',
  'seed',
  'stop',
  'n',
  'messages[].name',
  'messages[].reasoning_content',
  'tools[].function.strict',
] as const;
export type RefusedMember = (typeof REFUSED_MEMBERS)[number];
