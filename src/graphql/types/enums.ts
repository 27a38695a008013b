import type { Builder } from '../builder.ts';

/** GraphQL's names and the internal values behind them. */
export function defineEnums(builder: Builder) {
  return {
    ChatRole: builder.enumType('ChatRole', {
      values: {
        SYSTEM: { value: 'system' },
        DEVELOPER: { value: 'developer' },
        USER: { value: 'user' },
        ASSISTANT: { value: 'assistant' },
        TOOL: { value: 'tool' },
      } as const,
    }),
    ToolChoiceMode: builder.enumType('ToolChoiceMode', {
      values: {
        AUTO: { value: 'auto', description: 'The model decides.' },
        NONE: { value: 'none', description: 'No tool may be called.' },
        REQUIRED: { value: 'required', description: 'Some tool must be called.' },
        TOOL: { value: 'tool', description: 'The named tool must be called.' },
      } as const,
    }),
    ResponseFormatType: builder.enumType('ResponseFormatType', {
      values: {
        TEXT: { value: 'text' },
        JSON_OBJECT: { value: 'jsonObject', description: 'Any JSON object.' },
        JSON_SCHEMA: { value: 'jsonSchema', description: 'JSON that fits the schema.' },
      } as const,
    }),
    ReasoningEffort: builder.enumType('ReasoningEffort', {
      values: {
        NONE: { value: 'none' },
        MINIMAL: { value: 'minimal' },
        LOW: { value: 'low' },
        MEDIUM: { value: 'medium' },
        HIGH: { value: 'high' },
        XHIGH: { value: 'xhigh' },
      } as const,
    }),
    FinishReason: builder.enumType('FinishReason', {
      values: {
        STOP: { value: 'stop' },
        LENGTH: { value: 'length' },
        TOOL_CALLS: { value: 'tool_calls' },
        CONTENT_FILTER: { value: 'content_filter' },
        ERROR: { value: 'error' },
        OTHER: { value: 'other' },
      } as const,
    }),
    ReceiptAction: builder.enumType('ReceiptAction', {
      values: {
        CARRIED: { value: 'carried' },
        RENAMED: { value: 'renamed' },
        CONVERTED: { value: 'converted' },
        DROPPED: { value: 'dropped' },
      } as const,
    }),
    CallOutcome: builder.enumType('CallOutcome', {
      values: {
        RUNNING: { value: 'running' },
        SUCCEEDED: { value: 'succeeded' },
        FAILED: { value: 'failed' },
        CANCELLED: { value: 'cancelled', description: 'The caller left.' },
        INTERRUPTED: { value: 'interrupted', description: 'The answer broke off.' },
      } as const,
    }),
    Operation: builder.enumType('Operation', {
      description: 'What a call asks for.',
      values: {
        CHAT: { value: 'chat' },
        COMPLETIONS: { value: 'completions', description: 'Text completion without roles.' },
        EMBEDDINGS: { value: 'embeddings' },
        IMAGE_GENERATION: { value: 'imageGeneration' },
        IMAGE_EDIT: { value: 'imageEdit' },
        TRANSCRIPTION: { value: 'transcription' },
        TRANSLATION: { value: 'translation', description: 'Audio to English text.' },
        SPEECH: { value: 'speech' },
        MODERATION: { value: 'moderation' },
        RERANK: { value: 'rerank' },
        FILE: { value: 'file' },
        BATCH: { value: 'batch' },
      } as const,
    }),
    CallLane: builder.enumType('CallLane', {
      values: {
        BYTE: { value: 'byte', description: 'Passed through untouched.' },
        BLOCK: { value: 'block', description: 'Translated through content blocks.' },
      } as const,
    }),
    Modality: builder.enumType('Modality', {
      values: {
        TEXT: { value: 'text' },
        IMAGE: { value: 'image' },
        AUDIO: { value: 'audio' },
        VIDEO: { value: 'video' },
        FILE: { value: 'file', description: 'PDF and other documents.' },
      } as const,
    }),
    CatalogCapability: builder.enumType('CatalogCapability', {
      values: {
        TOOLS: { value: 'tools' },
        STRUCTURED_OUTPUT: { value: 'structuredOutput', description: 'Answers that follow a JSON Schema.' },
        REASONING: { value: 'reasoning' },
        IMAGE_INPUT: { value: 'imageInput' },
        AUDIO_INPUT: { value: 'audioInput' },
        VIDEO_INPUT: { value: 'videoInput' },
        FILE_INPUT: { value: 'fileInput' },
        IMAGE_OUTPUT: { value: 'imageOutput' },
        AUDIO_OUTPUT: { value: 'audioOutput' },
      } as const,
    }),
    UsageSource: builder.enumType('UsageSource', {
      values: {
        PROVIDER: { value: 'provider' },
        ESTIMATED: { value: 'estimated', description: 'Counted from what was relayed.' },
        NONE: { value: 'none' },
      } as const,
    }),
  };
}

export type Enums = ReturnType<typeof defineEnums>;
