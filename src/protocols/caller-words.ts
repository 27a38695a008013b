import type { CallerProtocol } from './blocks.ts';
import { FIELDS, type TabledField } from './fields.ts';

type Words = Readonly<Partial<Record<TabledField, readonly string[]>>>;

/**
 * What callers call a field where it is not what the table says for a target of their own protocol: more words
 * than one, words that only callers use, and none (an empty list) where a target takes more than a caller says.
 */
const CALLER_WORDS: Readonly<Partial<Record<CallerProtocol, Words>>> = {
  'openai-chat': {
    system: [],
    tools: ['tools', 'functions'],
    toolChoice: ['tool_choice', 'function_call'],
    maxOutputTokens: ['max_completion_tokens', 'max_tokens'],
    'reasoning.effort': [],
    'message.cacheControl': ['messages[].content[].cache_control'],
    'message.citations': ['messages[].annotations', 'messages[].content[].annotations'],
    'message.reasoning': ['messages[].reasoning_content', 'messages[].reasoning'],
    'message.refusal': ['messages[].refusal', 'messages[].content[].refusal'],
    'message.readable': [],
    'toolResult.isError': [],
    'tools.cacheControl': ['tools[].cache_control'],
  },
  'openai-responses': {
    streamUsage: [],
    reasoning: ['reasoning.effort'],
    'reasoning.effort': [],
    'message.audio': ['input[].content[].input_audio'],
    'message.extra': [
      'input[].phase',
      'input[].namespace',
      'input[].caller',
      'input[].content[].prompt_cache_breakpoint',
      'input[].content[].detail',
    ],
    'message.readable': [],
    'toolResult.isError': [],
    'tools.extra': ['tools[].defer_loading', 'tools[].allowed_callers', 'tools[].output_schema'],
  },
  'anthropic-messages': {
    streamUsage: [],
    responseFormat: ['output_config.format', 'output_format'],
    'message.extra': ['messages[].content[].transformations', 'messages[].content[].toolset_name'],
    'message.fileOptions': ['messages[].content[].citations', 'messages[].content[].context'],
    'message.readable': ['messages[].content[].search_result'],
    'message.refusal': [],
    'tools.extra': [
      'tools[].allowed_callers',
      'tools[].defer_loading',
      'tools[].eager_input_streaming',
      'tools[].input_examples',
    ],
  },
  gemini: {
    model: [],
    stream: [],
    streamUsage: [],
    tools: ['tools'],
    responseFormat: [
      'generationConfig.responseMimeType',
      'generationConfig.responseSchema',
      'generationConfig.responseJsonSchema',
      'generationConfig.responseFormat',
    ],
    'reasoning.effort': [],
    'message.image': ['contents[].parts[].inlineData', 'contents[].parts[].fileData'],
    'message.file': ['contents[].parts[].inlineData', 'contents[].parts[].fileData'],
    'message.reasoning': ['contents[].parts[].thought'],
    'message.extra': [
      'contents[].parts[].mediaProcessing',
      'contents[].parts[].mediaResolution',
      'contents[].parts[].partMetadata',
      'contents[].parts[].speechMetadata',
      'contents[].parts[].thoughtSignature',
      'contents[].parts[].videoMetadata',
    ],
    'message.readable': [],
    'message.refusal': [],
    'toolResult.isError': ['contents[].parts[].functionResponse.response.error'],
    'tools.extra': [
      'tools[].functionDeclarations[].behavior',
      'tools[].functionDeclarations[].response',
      'tools[].functionDeclarations[].responseJsonSchema',
    ],
  },
  'bedrock-converse': {
    model: [],
    stream: [],
    streamUsage: [],
    responseFormat: ['outputConfig.textFormat'],
    reasoning: [
      'additionalModelRequestFields.thinking',
      'additionalModelRequestFields.output_config',
      'additionalModelRequestFields.reasoning_effort',
      'outputConfig.effort',
    ],
    'reasoning.effort': [],
    parallelToolCalls: [],
    'message.cacheControl': ['messages[].content[].cachePoint'],
    'message.readable': ['messages[].content[].searchResult', 'messages[].content[].guardContent'],
    'message.refusal': [],
  },
  'cohere-chat': {
    streamUsage: [],
    system: [],
    responseFormat: ['response_format'],
    'reasoning.effort': [],
    'message.reasoning': ['messages[].content[].thinking', 'messages[].tool_plan'],
    'message.file': ['documents', 'messages[].content[].document'],
    'message.fileOptions': ['documents[].data', 'messages[].content[].document.data'],
    'message.readable': [],
    'message.refusal': [],
    'toolResult.isError': [],
  },
  graphql: {
    model: ['model'],
    messages: ['messages'],
    tools: ['tools'],
    toolChoice: ['toolChoice'],
    responseFormat: ['responseFormat'],
    maxOutputTokens: ['maxOutputTokens'],
    temperature: ['temperature'],
    topP: ['topP'],
    seed: ['seed'],
    stop: ['stop'],
    reasoning: ['reasoningEffort'],
    metadata: ['metadata'],
    'message.image': ['messages[].parts[].image', 'messages[].parts[].imageUrl'],
    'message.file': ['messages[].parts[].file'],
    'message.audio': ['messages[].parts[].audio'],
    'toolCall.arguments': ['messages[].toolCalls[].arguments'],
    'toolCall.id': ['messages[].toolCalls[].id'],
    'toolCall.name': ['tools[].name'],
    'toolResult.content': ['messages[].content'],
    'tools.strict': ['tools[].strict'],
    'tools.parameters': ['tools[].parameters'],
  },
};

/** The caller's words for a field; none where its protocol cannot say it. */
export function callerWords(caller: CallerProtocol, field: TabledField): readonly string[] {
  const words = CALLER_WORDS[caller]?.[field];
  if (words !== undefined || caller === 'graphql') return words ?? [];
  const { action, to } = FIELDS[field][caller];
  return action === 'drop' || action === 'reject' || to === null ? [] : [to];
}
