/**
 * What a protocol documents and the internal form has no word for: these fields go only to a target of the same
 * protocol, and elsewhere the receipt says that they were dropped. Readers keep them raw; `docs/protocols.md`
 * lists them.
 */
import type { ProtocolName } from './blocks.ts';

/** Top-level fields, by the protocol's own names. */
export const OWN_FIELDS: Readonly<Record<ProtocolName, readonly string[]>> = {
  'openai-chat': [
    'audio',
    'logit_bias',
    'logprobs',
    'modalities',
    'moderation',
    'n',
    'prediction',
    'prompt_cache_key',
    'prompt_cache_options',
    'prompt_cache_retention',
    'safety_identifier',
    'store',
    'top_logprobs',
    'verbosity',
    'web_search_options',
  ],
  'openai-responses': [
    'context_management',
    'include',
    'max_tool_calls',
    'moderation',
    'prompt_cache_key',
    'prompt_cache_options',
    'prompt_cache_retention',
    'safety_identifier',
    'top_logprobs',
    'truncation',
  ],
  /** Some of them in beta. */
  'anthropic-messages': [
    'betas',
    'billing_policy',
    'cache_control',
    'compaction',
    'container',
    'context_management',
    'diagnostics',
    'fallback_credit_token',
    'fallbacks',
    'inference_geo',
    'mcp_servers',
    'speed',
    'thread',
    'user_profile_id',
    'workspace_id',
  ],
  /** Some of them of Vertex AI alone. */
  gemini: ['cachedContent', 'continuationToken', 'labels', 'modelArmorConfig', 'safetySettings', 'store'],
  'bedrock-converse': [
    'additionalModelResponseFieldPaths',
    'guardrailConfig',
    'performanceConfig',
    'promptVariables',
  ],
  'cohere-chat': ['citation_options', 'logprobs', 'priority', 'safety_mode'],
};

/** Members of a tool, at Gemini of the declaration of a function. */
export const OWN_TOOL_FIELDS: Readonly<Partial<Record<ProtocolName, readonly string[]>>> = {
  'openai-responses': ['allowed_callers', 'defer_loading', 'output_schema'],
  'anthropic-messages': ['allowed_callers', 'defer_loading', 'eager_input_streaming', 'input_examples'],
  gemini: ['behavior', 'response', 'responseJsonSchema'],
};

/** Members of Gemini's `generationConfig`. */
export const OWN_CONFIG_FIELDS: readonly string[] = [
  'audioTimestamp',
  'audioTranscriptionConfig',
  'candidateCount',
  'enableAffectiveDialog',
  'enableEnhancedCivicAnswers',
  'imageConfig',
  'logprobs',
  'mediaResolution',
  'modelConfig',
  'responseFormat',
  'responseLogprobs',
  'responseMimeType',
  'responseModalities',
  'responseSchema',
  'routingConfig',
  'speechConfig',
  'translationConfig',
];

/** Of objects that the internal form knows in part: everything else inside of them. */
export const OWN_MEMBERS: Readonly<Partial<Record<ProtocolName, readonly string[]>>> = {
  'openai-chat': ['stream_options.include_obfuscation'],
  'openai-responses': [
    'reasoning.*',
    'text.verbosity',
    'stream_options.include_obfuscation',
    'input[].phase',
    'input[].namespace',
    'input[].caller',
    'input[].content[].prompt_cache_breakpoint',
  ],
  gemini: ['toolConfig.*', 'contents[].parts[].*', 'contents[].parts[].functionResponse.*'],
  'anthropic-messages': ['output_config.*', 'thinking.*', 'messages[].content[].transformations'],
  'bedrock-converse': ['additionalModelRequestFields.*'],
};
