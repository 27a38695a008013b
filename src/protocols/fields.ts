/**
 * What becomes of every request field at every target protocol: the one table behind the writers' receipts,
 * `docs/protocols.md` and the tests of both. Fields have the names of the internal form; `receipt.ts` gives
 * the caller's word for each.
 *
 * A rule's `cases` hold instead of it under a condition that only the writer can see: in the value, or in what
 * the model is capable of. Reasons are for the caller's eyes.
 */
import type { ProtocolName } from './blocks.ts';
import type { FieldName } from './receipt.ts';

export interface Rule {
  readonly action: 'carry' | 'convert' | 'drop' | 'reject';
  /** The target's name for it, a path in the target's body. Null where nothing is sent; carried: none is needed. */
  readonly to: string | null;
  /** Why it is not carried as it is. Null for `carry`. */
  readonly reason: string | null;
  readonly cases: Readonly<Record<string, Rule>>;
}

type Cases = Readonly<Record<string, Rule>>;

/** What `extra` becomes elsewhere, and every field that no writer speaks of. */
export const NO_FIELD = 'the target has no such field';
/** A block or tool that was kept whole. */
export const NO_FORM = 'the target has no form for it';
const FOREIGN_FILE = 'a file id belongs to the account that it was made in';
const NO_SAMPLING = 'the model takes no sampling settings';
/** Known of the target's server, or learnt from it. */
const REFUSED = 'the target refuses it';

const carry = (to: string | null, cases: Cases = {}): Rule => ({ action: 'carry', to, reason: null, cases });
const convert = (to: string, reason: string, cases: Cases = {}): Rule => ({
  action: 'convert',
  to,
  reason,
  cases,
});
const drop = (reason: string = NO_FIELD, cases: Cases = {}): Rule => ({
  action: 'drop',
  to: null,
  reason,
  cases,
});
const reject = (reason: string, cases: Cases = {}): Rule => ({ action: 'reject', to: null, reason, cases });

const ANTHROPIC_REASONING: Cases = {
  adaptive: convert('thinking', 'adaptive'),
  budget: convert('thinking', 'a budget of tokens'),
  off: convert('thinking', 'switched off'),
  alwaysOn: convert('output_config.effort', 'the model always thinks: effort "low"'),
  forcedTool: drop('not possible with a forced tool choice'),
  noRoom: drop('the token limit leaves no room for thinking'),
};

const BEDROCK_REASONING: Cases = {
  adaptive: convert('additionalModelRequestFields.thinking', 'adaptive'),
  budget: convert('additionalModelRequestFields.thinking', 'a budget of tokens'),
  effort: convert('additionalModelRequestFields', 'an effort of three levels'),
  off: convert('additionalModelRequestFields', 'switched off'),
  alwaysOn: convert('additionalModelRequestFields.output_config', 'the model always thinks: effort "low"'),
  forcedTool: drop('not possible with a forced tool choice'),
  noRoom: drop('the token limit leaves no room for thinking'),
  noReasoning: drop('the model does not reason'),
  noSetting: drop("the model's own default stands"),
};

export type TabledField = Exclude<FieldName, UntabledName>;
export type FieldTable = Readonly<Record<TabledField, Readonly<Record<ProtocolName, Rule>>>>;

/** Not fields of a request, but what a reader says about it. */
type UntabledName = 'protocol' | 'extra' | 'unknownFields' | 'fields';

export const FIELDS: FieldTable = {
  model: {
    'openai-chat': carry('model'),
    'openai-responses': carry('model'),
    'anthropic-messages': carry('model'),
    gemini: convert('path', 'the model is in the path'),
    'bedrock-converse': convert('path', 'the model is in the path'),
    'cohere-chat': carry('model'),
  },
  stream: {
    'openai-chat': carry('stream'),
    'openai-responses': carry('stream'),
    'anthropic-messages': carry('stream'),
    gemini: convert('path', 'streams have a path of their own'),
    'bedrock-converse': convert('path', 'streams have a path of their own'),
    'cohere-chat': carry('stream'),
  },
  streamUsage: {
    'openai-chat': carry('stream_options'),
    'openai-responses': convert('stream', 'usage always comes with the stream'),
    'anthropic-messages': convert('stream', 'usage always comes with the stream'),
    gemini: convert('path', 'usage always comes with the stream'),
    'bedrock-converse': convert('path', 'usage always comes with the stream'),
    'cohere-chat': convert('stream', 'usage always comes with the stream'),
  },
  messages: {
    'openai-chat': carry('messages', { developer: convert('messages', 'role "developer" as "system"') }),
    'openai-responses': convert('input', 'messages, calls and results as items'),
    'anthropic-messages': carry('messages', {
      system: convert('system, messages', 'system messages have a place of their own'),
      laterSystem: convert('messages', 'a later system message as marked text of the user'),
      firstTurn: convert('messages', 'a user turn "." before: the conversation must begin with one'),
    }),
    gemini: convert('contents', 'messages as turns of user and model', {
      laterSystem: convert('contents', 'a later system message as marked text of the user'),
      firstTurn: convert('contents', 'a user turn "." before: the conversation must begin with one'),
    }),
    'bedrock-converse': convert('messages', 'messages as turns of content blocks', {
      firstTurn: convert('messages', 'a user turn "." before: the conversation must begin with one'),
      laterSystem: convert('messages', 'a later system message as marked text of the user'),
      toolText: convert('messages', 'calls and results as text: the target takes them only beside tools'),
    }),
    'cohere-chat': carry('messages', { developer: convert('messages', 'role "developer" as "system"') }),
  },
  system: {
    'openai-chat': convert('messages', 'as a message of role "system"'),
    'openai-responses': carry('instructions'),
    'anthropic-messages': carry('system'),
    gemini: carry('systemInstruction', { noForm: convert('contents', 'as text of the user') }),
    'bedrock-converse': carry('system'),
    'cohere-chat': convert('messages', 'as a message of role "system"'),
  },
  tools: {
    'openai-chat': carry('tools', { noForm: drop('none of them has a form in the target') }),
    'openai-responses': convert('tools', 'functions without a wrapper', {
      noForm: drop('none of them has a form in the target'),
    }),
    'anthropic-messages': convert('tools', 'parameters as input_schema', {
      empty: carry(null),
      noForm: drop('none of them has a form in the target'),
    }),
    gemini: convert('tools[].functionDeclarations', 'as function declarations', {
      empty: carry(null),
      noForm: drop('none of them has a form in the target'),
    }),
    'bedrock-converse': convert('toolConfig.tools', 'as tool specifications', {
      noForm: drop('none of them has a form in the target'),
      none: drop('the choice is "none"'),
      history: convert('toolConfig', 'the target takes calls in the history only beside tools'),
    }),
    'cohere-chat': carry('tools', { noForm: drop('none of them has a form in the target') }),
  },
  toolChoice: {
    'openai-chat': carry('tool_choice', {
      noTools: drop('there are no tools'),
      noForm: drop('the tool has no form in the target'),
    }),
    'openai-responses': carry('tool_choice', {
      noTools: drop('there are no tools'),
      noForm: drop('the tool has no form in the target'),
    }),
    'anthropic-messages': convert('tool_choice', "in the target's words", {
      cannotForce: convert('tool_choice', 'the model cannot be forced: "auto"'),
      noTools: drop('there are no tools'),
      noForm: drop('the tool has no form in the target'),
    }),
    gemini: convert('toolConfig.functionCallingConfig', 'as a mode', {
      noTools: drop('there are no tools'),
      noForm: drop('the tool has no form in the target'),
    }),
    'bedrock-converse': convert('toolConfig.toolChoice', "in the target's words", {
      none: convert('toolConfig', '"none": the tools are left out'),
      cannotForce: convert('toolConfig.toolChoice', 'the model cannot be forced: "auto"'),
      jsonTool: convert('toolConfig.toolChoice', 'any: the answer in JSON is a call too'),
      noTools: drop('there are no tools'),
      noForm: drop('the tool has no form in the target'),
    }),
    'cohere-chat': convert('tool_choice', "in the target's words", {
      oneTool: convert('tools, tool_choice', 'one tool: the others are left out'),
      auto: convert('tool_choice', '"auto" is the default'),
      noTools: drop('there are no tools'),
      noForm: drop('the tool has no form in the target'),
    }),
  },
  parallelToolCalls: {
    'openai-chat': carry('parallel_tool_calls', {
      noTools: drop('there are no tools'),
      refused: drop(REFUSED),
    }),
    'openai-responses': carry('parallel_tool_calls', { noTools: drop('there are no tools') }),
    'anthropic-messages': convert('tool_choice.disable_parallel_tool_use', 'the other way round', {
      default: carry(null),
      noTools: drop('there are no tools'),
    }),
    gemini: drop(NO_FIELD, { noTools: drop('there are no tools') }),
    'bedrock-converse': drop(NO_FIELD, {
      default: carry(null),
      claude: convert('additionalModelRequestFields.tool_choice', 'the other way round'),
      noTools: drop('there are no tools'),
    }),
    'cohere-chat': drop(NO_FIELD, { noTools: drop('there are no tools') }),
  },
  responseFormat: {
    'openai-chat': carry('response_format', {
      asObject: convert('response_format, messages', 'as a JSON object, with the schema as an instruction'),
      jsonWord: convert('response_format, messages', 'the prompt must name JSON'),
      notStrict: convert('response_format', 'not enforced: the schema is outside of the strict subset'),
    }),
    'openai-responses': convert('text.format', 'a level higher', {
      jsonWord: convert('text.format, input', 'the prompt must name JSON'),
      notStrict: convert('text.format', 'not enforced: the schema is outside of the strict subset'),
    }),
    'anthropic-messages': convert('output_config.format', 'as a schema without name', {
      keywords: convert(
        'output_config.format',
        'keywords that the target does not take are moved to descriptions',
      ),
      object: convert('system', 'as an instruction'),
      text: carry(null),
    }),
    gemini: convert('generationConfig.responseMimeType, responseJsonSchema', 'as a media type and a schema', {
      keywords: convert(
        'generationConfig.responseMimeType, responseJsonSchema',
        'keywords that the target does not take are moved to descriptions',
      ),
      object: convert('generationConfig.responseMimeType', 'as a media type'),
      instruction: convert('systemInstruction', 'as an instruction: the model takes no format beside tools'),
      text: carry(null),
    }),
    'bedrock-converse': convert('toolConfig', 'as a tool that the model must call', {
      textFormat: convert('outputConfig.textFormat', 'as a format'),
      schemaText: convert('system', 'as an instruction: no tool can stand for the schema'),
      object: convert('system', 'as an instruction'),
      text: carry(null),
    }),
    'cohere-chat': convert('response_format', 'as a JSON object with a schema', {
      text: carry(null),
      object: carry('response_format'),
      jsonWord: convert('response_format, messages', 'the prompt must name JSON'),
      instruction: convert('messages', 'as an instruction: no format goes with tools or documents'),
    }),
  },
  maxOutputTokens: {
    'openai-chat': carry('max_completion_tokens', {
      overMax: convert('max_completion_tokens', 'more than the model gives'),
      oldName: carry('max_tokens'),
      oldNameOverMax: convert('max_tokens', 'more than the model gives'),
    }),
    'openai-responses': carry('max_output_tokens', {
      overMax: convert('max_output_tokens', 'more than the model gives'),
      underMin: convert('max_output_tokens', '16 is the least'),
    }),
    'anthropic-messages': carry('max_tokens', {
      overMax: convert('max_tokens', 'more than the model gives'),
      default: convert('max_tokens', 'default: the target needs a number'),
    }),
    gemini: carry('generationConfig.maxOutputTokens', {
      overMax: convert('generationConfig.maxOutputTokens', 'more than the model gives'),
    }),
    'bedrock-converse': carry('inferenceConfig.maxTokens', {
      overMax: convert('inferenceConfig.maxTokens', 'more than the model gives'),
      default: convert('inferenceConfig.maxTokens', 'default: beside a budget the target needs a number'),
    }),
    'cohere-chat': carry('max_tokens', { overMax: convert('max_tokens', 'more than the model gives') }),
  },
  temperature: {
    'openai-chat': carry('temperature', {
      aboveMax: convert('temperature', 'more than the target takes'),
      noSampling: drop(NO_SAMPLING),
    }),
    'openai-responses': carry('temperature', { noSampling: drop(NO_SAMPLING) }),
    'anthropic-messages': carry('temperature', {
      aboveMax: convert('temperature', 'at most 1'),
      thinking: drop('not possible with thinking'),
      noSampling: drop(NO_SAMPLING),
    }),
    gemini: carry('generationConfig.temperature', { noSampling: drop(NO_SAMPLING) }),
    'bedrock-converse': carry('inferenceConfig.temperature', {
      aboveMax: convert('inferenceConfig.temperature', 'at most 1'),
      thinking: drop('not possible with thinking'),
      noSampling: drop(NO_SAMPLING),
    }),
    'cohere-chat': carry('temperature', { aboveMax: convert('temperature', 'at most 1') }),
  },
  topP: {
    'openai-chat': carry('top_p', { noSampling: drop(NO_SAMPLING) }),
    'openai-responses': carry('top_p', { noSampling: drop(NO_SAMPLING) }),
    'anthropic-messages': carry('top_p', {
      both: drop('the model takes temperature or top_p, not both'),
      thinking: drop('not possible with thinking'),
      noSampling: drop(NO_SAMPLING),
    }),
    gemini: carry('generationConfig.topP', { noSampling: drop(NO_SAMPLING) }),
    'bedrock-converse': carry('inferenceConfig.topP', {
      both: drop('the model takes temperature or top_p, not both'),
      thinking: drop('not possible with thinking'),
      noSampling: drop(NO_SAMPLING),
    }),
    'cohere-chat': carry('p', { outOfRange: convert('p', 'from 0.01 to 0.99') }),
  },
  topK: {
    'openai-chat': drop(NO_FIELD, { taken: carry('top_k') }),
    'openai-responses': drop(),
    'anthropic-messages': carry('top_k', {
      thinking: drop('not possible with thinking'),
      noSampling: drop(NO_SAMPLING),
    }),
    gemini: carry('generationConfig.topK', { noSampling: drop(NO_SAMPLING) }),
    'bedrock-converse': carry('additionalModelRequestFields.top_k', {
      nova: carry('additionalModelRequestFields.inferenceConfig.topK'),
      noForm: drop('the model takes none'),
      thinking: drop('not possible with thinking'),
      noSampling: drop(NO_SAMPLING),
    }),
    'cohere-chat': carry('k', { outOfRange: convert('k', 'at most 500') }),
  },
  seed: {
    'openai-chat': carry('seed', { otherName: carry('random_seed'), refused: drop(REFUSED) }),
    'openai-responses': drop(),
    'anthropic-messages': drop(),
    gemini: carry('generationConfig.seed', { outOfRange: convert('generationConfig.seed', 'in 32 bits') }),
    'bedrock-converse': drop(),
    'cohere-chat': carry('seed'),
  },
  stop: {
    'openai-chat': carry('stop', {
      tooMany: convert('stop', 'only so many are taken'),
      refused: drop(REFUSED),
    }),
    'openai-responses': drop(),
    'anthropic-messages': carry('stop_sequences', {
      blank: convert('stop_sequences', 'without those of white space'),
      allBlank: drop('white space is no stop sequence'),
    }),
    gemini: carry('generationConfig.stopSequences', {
      tooMany: convert('generationConfig.stopSequences', 'only the first 5 are taken'),
    }),
    'bedrock-converse': carry('inferenceConfig.stopSequences', {
      tooMany: convert('inferenceConfig.stopSequences', 'only the first 4 are taken'),
      blank: convert('inferenceConfig.stopSequences', 'without those of white space'),
      allBlank: drop('white space is no stop sequence'),
    }),
    'cohere-chat': carry('stop_sequences', {
      tooMany: convert('stop_sequences', 'only the first 5 are taken'),
    }),
  },
  presencePenalty: {
    'openai-chat': carry('presence_penalty', {
      noSampling: drop(NO_SAMPLING),
      refused: drop(REFUSED),
    }),
    'openai-responses': drop(),
    'anthropic-messages': drop(),
    gemini: carry('generationConfig.presencePenalty', { noSampling: drop(NO_SAMPLING) }),
    'bedrock-converse': drop(),
    'cohere-chat': carry('presence_penalty', { outOfRange: convert('presence_penalty', 'from 0 to 1') }),
  },
  frequencyPenalty: {
    'openai-chat': carry('frequency_penalty', {
      noSampling: drop(NO_SAMPLING),
      refused: drop(REFUSED),
    }),
    'openai-responses': drop(),
    'anthropic-messages': drop(),
    gemini: carry('generationConfig.frequencyPenalty', { noSampling: drop(NO_SAMPLING) }),
    'bedrock-converse': drop(),
    'cohere-chat': carry('frequency_penalty', { outOfRange: convert('frequency_penalty', 'from 0 to 1') }),
  },
  reasoning: {
    'openai-chat': carry('reasoning_effort', {
      nearest: convert('reasoning_effort', 'the nearest that the target takes'),
      noEffort: drop('the target takes no effort'),
      setting: convert('reasoning_effort', 'as an effort'),
      budget: convert('reasoning_effort', 'a budget as an effort'),
      noReasoning: drop('the model does not reason'),
      noSetting: drop("the model's own default stands"),
    }),
    'openai-responses': convert('reasoning', 'an effort', {
      budget: convert('reasoning.effort', 'a budget as an effort'),
      noReasoning: drop('the model does not reason'),
      noSetting: drop("the model's own default stands"),
    }),
    'anthropic-messages': convert('thinking', 'as the model takes it', ANTHROPIC_REASONING),
    gemini: convert('generationConfig.thinkingConfig', 'as a budget or a level', {
      noReasoning: drop('the model does not reason'),
      noSetting: drop("the model's own default stands"),
    }),
    'bedrock-converse': convert('additionalModelRequestFields', 'as the model takes it', BEDROCK_REASONING),
    'cohere-chat': convert('thinking', 'as a budget of tokens', {
      on: convert('thinking', 'switched on'),
      off: convert('thinking', 'switched off'),
      noReasoning: drop('the model does not reason'),
    }),
  },
  user: {
    'openai-chat': carry('user', { refused: drop(REFUSED) }),
    'openai-responses': carry('user'),
    'anthropic-messages': carry('metadata.user_id'),
    gemini: drop(),
    'bedrock-converse': drop(),
    'cohere-chat': drop(),
  },
  metadata: {
    'openai-chat': carry('metadata', { refused: drop(REFUSED) }),
    'openai-responses': carry('metadata'),
    'anthropic-messages': drop('anthropic-messages takes a user_id only'),
    gemini: drop(),
    'bedrock-converse': carry('requestMetadata', {
      some: convert('requestMetadata', 'without what is no short text'),
      noText: drop('only short texts are taken'),
    }),
    'cohere-chat': drop(),
  },
  serviceTier: {
    'openai-chat': carry('service_tier', {
      refused: drop(REFUSED),
      unknown: drop('the target has no such tier'),
      other: convert('service_tier', "in the target's words"),
    }),
    'openai-responses': carry('service_tier', {
      unknown: drop('the target has no such tier'),
      other: convert('service_tier', "in the target's words"),
    }),
    'anthropic-messages': carry('service_tier', {
      unknown: drop('the target has no such tier'),
      other: convert('service_tier', "in the target's words"),
    }),
    gemini: carry('serviceTier', {
      unknown: drop('the target has no such tier'),
      other: convert('serviceTier', "in the target's words"),
    }),
    'bedrock-converse': carry('serviceTier.type', {
      default: carry(null),
      unknown: drop('the target has no such tier'),
    }),
    'cohere-chat': drop(),
  },
  'reasoning.effort': {
    'openai-chat': carry('reasoning_effort', {
      nearest: convert('reasoning_effort', 'the nearest that the target takes'),
      noEffort: drop('the target takes no effort'),
      noReasoning: drop('the model does not reason'),
      noSetting: drop("the model's own default stands"),
    }),
    'openai-responses': carry('reasoning.effort', { noReasoning: drop('the model does not reason') }),
    'anthropic-messages': carry('output_config.effort', ANTHROPIC_REASONING),
    gemini: convert('generationConfig.thinkingConfig', 'as a budget or a level', {
      noReasoning: drop('the model does not reason'),
    }),
    'bedrock-converse': convert('additionalModelRequestFields', 'as the model takes it', BEDROCK_REASONING),
    'cohere-chat': convert('thinking', 'as a budget of tokens', {
      off: convert('thinking', 'switched off'),
      noReasoning: drop('the model does not reason'),
    }),
  },
  'message.name': {
    'openai-chat': carry('messages[].name', { refused: drop(REFUSED) }),
    'openai-responses': drop('the target has no names'),
    'anthropic-messages': drop('the target has no names'),
    gemini: drop('the target has no names'),
    'bedrock-converse': drop('the target has no names'),
    'cohere-chat': drop('the target has no names'),
  },
  'message.cacheControl': {
    'openai-chat': drop('caching is automatic'),
    'openai-responses': drop('caching is automatic'),
    'anthropic-messages': carry('messages[].content[].cache_control'),
    gemini: drop('caching is automatic'),
    'bedrock-converse': convert('cachePoint', 'as a block of its own', {
      noForm: drop('the model takes no cache points'),
    }),
    'cohere-chat': drop('caching is automatic'),
  },
  'message.citations': {
    'openai-chat': drop('the target takes none in requests'),
    'openai-responses': carry('input[].content[].annotations', {
      otherOrigin: drop('citations go back only to where they came from'),
    }),
    'anthropic-messages': carry('messages[].content[].citations', {
      otherOrigin: drop('citations go back only to where they came from'),
    }),
    gemini: drop('the target takes none in requests'),
    'bedrock-converse': carry('messages[].content[].citationsContent', {
      otherOrigin: drop('citations go back only to where they came from'),
    }),
    'cohere-chat': carry('messages[].citations', {
      other: drop("the target takes none of another vendor's"),
    }),
  },
  'message.reasoning': {
    'openai-chat': carry('messages[].reasoning_content', {
      refused: drop(REFUSED),
      otherOrigin: drop('reasoning goes back only to where it came from'),
    }),
    'openai-responses': carry('input[].reasoning', {
      otherOrigin: drop('reasoning goes back only to where it came from'),
      unsigned: drop('reasoning without a signature is not taken back'),
    }),
    'anthropic-messages': carry('messages[].content[].thinking', {
      otherOrigin: drop('reasoning goes back only to where it came from'),
      unsigned: drop('reasoning without a signature is not taken back'),
    }),
    gemini: carry('contents[].parts[].thought', {
      otherOrigin: drop('reasoning goes back only to where it came from'),
    }),
    'bedrock-converse': carry('messages[].content[].reasoningContent', {
      otherOrigin: drop('reasoning goes back only to where it came from'),
      unsigned: drop('reasoning without a signature is not taken back'),
    }),
    'cohere-chat': carry('messages[].content[].thinking', {
      otherOrigin: drop('reasoning goes back only to where it came from'),
    }),
  },
  'message.image': {
    'openai-chat': carry('messages[].content[].image_url', { fileId: reject(FOREIGN_FILE) }),
    'openai-responses': carry('input[].content[].input_image', { fileId: reject(FOREIGN_FILE) }),
    'anthropic-messages': carry('messages[].content[].image', { fileId: reject(FOREIGN_FILE) }),
    gemini: convert('contents[].parts[].inlineData', 'as inline data', {
      fileId: reject(FOREIGN_FILE),
      url: convert('contents[].parts[].fileData', 'as a file address'),
    }),
    'bedrock-converse': convert('messages[].content[].image', 'as bytes', {
      s3: convert('messages[].content[].image.source.s3Location', 'as an object in a bucket'),
      url: reject('the target takes image bytes, not an address'),
      noForm: reject('the target takes PNG, JPEG, GIF and WebP only'),
      fileId: reject(FOREIGN_FILE),
    }),
    'cohere-chat': carry('messages[].content[].image_url', { fileId: reject(FOREIGN_FILE) }),
  },
  'message.imageDetail': {
    'openai-chat': carry('messages[].content[].image_url.detail'),
    'openai-responses': carry('input[].content[].detail'),
    'anthropic-messages': drop(),
    gemini: drop(),
    'bedrock-converse': drop(),
    'cohere-chat': carry('messages[].content[].image_url.detail'),
  },
  'message.file': {
    'openai-chat': carry('messages[].content[].file', {
      text: convert('messages[].content[].text', 'a text file as text'),
      url: reject('the target takes no file by its address'),
      fileId: reject(FOREIGN_FILE),
    }),
    'openai-responses': carry('input[].content[].input_file', {
      text: convert('input[].content[].input_text', 'a text file as text'),
      fileId: reject(FOREIGN_FILE),
    }),
    'anthropic-messages': carry('messages[].content[].document', {
      noForm: reject('the target takes PDF and text files only'),
      fileId: reject(FOREIGN_FILE),
    }),
    gemini: convert('contents[].parts[].inlineData', 'as inline data', {
      url: convert('contents[].parts[].fileData', 'as a file address'),
      fileId: reject('a file id belongs to the account that it was made in'),
    }),
    'bedrock-converse': convert('messages[].content[].document', 'as bytes', {
      s3: convert('messages[].content[].document.source.s3Location', 'as an object in a bucket'),
      renamed: convert('messages[].content[].document', 'as bytes, with a name that the target takes'),
      alone: convert('messages[].content[]', 'a text "." beside: a document may not stand alone'),
      url: reject('the target takes bytes of a file, not an address'),
      noForm: reject('the target takes PDF, text, Word and Excel files only'),
      fileId: reject(FOREIGN_FILE),
    }),
    'cohere-chat': convert('documents', 'as text', {
      noText: reject('the target takes text documents only'),
      fileId: reject('a file id belongs to the account that it was made in'),
    }),
  },
  'message.audio': {
    'openai-chat': carry('messages[].content[].input_audio'),
    'openai-responses': reject('the target takes no audio'),
    'anthropic-messages': reject('the target takes no audio'),
    gemini: convert('contents[].parts[].inlineData', 'as inline data'),
    'bedrock-converse': convert('messages[].content[].audio', 'as bytes'),
    'cohere-chat': reject('the target takes no audio'),
  },
  'message.fileOptions': {
    'openai-chat': drop(),
    'openai-responses': drop(),
    'anthropic-messages': carry('messages[].content[].citations', { other: drop() }),
    gemini: drop(),
    'bedrock-converse': convert('messages[].content[].document.citations', "in the target's words", {
      context: convert('messages[].content[].document.context', "in the target's words"),
      unknown: drop(),
    }),
    'cohere-chat': carry('documents[].data', { other: drop() }),
  },
  'message.extra': {
    'openai-chat': drop(),
    'openai-responses': carry('input[].*', { other: drop() }),
    'anthropic-messages': carry('messages[].content[].*', { other: drop() }),
    gemini: carry('contents[].parts[].*', { other: drop() }),
    'bedrock-converse': drop(),
    'cohere-chat': drop(),
  },
  'message.readable': {
    'openai-chat': convert('messages[].content[].text', 'as text'),
    'openai-responses': convert('input[].content[].input_text', 'as text'),
    'anthropic-messages': convert('messages[].content[].text', 'as text'),
    gemini: convert('contents[].parts[].text', 'as text'),
    'bedrock-converse': convert('messages[].content[].text', 'as text'),
    'cohere-chat': convert('messages[].content', 'as text'),
  },
  'message.refusal': {
    'openai-chat': carry('messages[].refusal'),
    'openai-responses': carry('input[].content[].refusal'),
    'anthropic-messages': convert('messages[].content[].text', 'as text'),
    gemini: convert('contents[].parts[].text', 'as text'),
    'bedrock-converse': convert('messages[].content[].text', 'as text'),
    'cohere-chat': convert('messages[].content', 'as text'),
  },
  'toolCall.arguments': {
    'openai-chat': carry('messages[].tool_calls[].function.arguments'),
    'openai-responses': carry('input[].arguments'),
    'anthropic-messages': carry('messages[].content[].input', {
      noObject: convert('input.invalid_arguments', 'they are no JSON object'),
    }),
    gemini: carry('contents[].parts[].functionCall.args', {
      noObject: convert('args.invalid_arguments', 'they are no JSON object'),
    }),
    'bedrock-converse': carry('messages[].content[].toolUse.input', {
      noObject: convert('input.invalid_arguments', 'they are no JSON object'),
    }),
    'cohere-chat': carry('messages[].tool_calls[].function.arguments'),
  },
  'toolCall.caller': {
    'openai-chat': drop(),
    'openai-responses': drop(),
    'anthropic-messages': carry('messages[].content[].caller', { other: drop() }),
    gemini: drop(),
    'bedrock-converse': drop(),
    'cohere-chat': drop(),
  },
  'toolCall.id': {
    'openai-chat': carry('messages[].tool_calls[].id', {
      other: convert('messages[].tool_calls[].id', 'the target takes other ids'),
    }),
    'openai-responses': carry('input[].call_id', {
      other: convert('input[].call_id', 'the target takes other ids'),
    }),
    'anthropic-messages': carry('messages[].content[].id', {
      other: convert('messages[].content[].id', 'the target takes other ids'),
    }),
    gemini: carry('contents[].parts[].functionCall.id', {
      other: convert('contents[].parts[].functionCall.id', 'the target takes other ids'),
    }),
    'bedrock-converse': carry('messages[].content[].toolUse.toolUseId', {
      other: convert('messages[].content[].toolUse.toolUseId', 'the target takes other ids'),
    }),
    'cohere-chat': carry('messages[].tool_calls[].id', {
      other: convert('messages[].tool_calls[].id', 'the target takes other ids'),
    }),
  },
  'toolCall.name': {
    'openai-chat': carry('messages[].tool_calls[].function.name', {
      other: convert('tools[].function.name', 'the target takes other names'),
    }),
    'openai-responses': carry('input[].name', {
      other: convert('tools[].name', 'the target takes other names'),
    }),
    'anthropic-messages': carry('messages[].content[].name', {
      other: convert('tools[].name', 'the target takes other names'),
    }),
    gemini: carry('contents[].parts[].functionCall.name', {
      other: convert('functionDeclarations[].name', 'the target takes other names'),
    }),
    'bedrock-converse': carry('messages[].content[].toolUse.name', {
      other: convert('toolSpec.name', 'the target takes other names'),
    }),
    'cohere-chat': carry('messages[].tool_calls[].function.name', {
      other: convert('tools[].function.name', 'the target takes other names'),
    }),
  },
  'toolResult.isError': {
    'openai-chat': convert('messages[].content', 'said in the text'),
    'openai-responses': convert('input[].output', 'said in the text'),
    'anthropic-messages': carry('messages[].content[].is_error'),
    gemini: convert('contents[].parts[].functionResponse.response', 'under "error"'),
    'bedrock-converse': convert('messages[].content[].toolResult.status', 'as a status', {
      text: convert('messages[].content[].toolResult.content', 'said in the text: the model takes no status'),
    }),
    'cohere-chat': convert('messages[].content', 'said in the text'),
  },
  'toolResult.content': {
    'openai-chat': carry('messages[].content', {
      media: convert('messages[].content', 'images and files are moved to the user message that follows'),
    }),
    'openai-responses': carry('input[].output'),
    'anthropic-messages': carry('messages[].content[].content'),
    gemini: carry('contents[].parts[].functionResponse.response', {
      media: convert('contents[].parts[].functionResponse', 'images and files are moved behind it'),
    }),
    'bedrock-converse': carry('messages[].content[].toolResult.content'),
    'cohere-chat': carry('messages[].content', {
      documents: convert('messages[].content[].document', 'as documents'),
      media: convert('messages[].content', 'images are moved to the user message that follows'),
    }),
  },
  'tools.strict': {
    'openai-chat': carry('tools[].function.strict', { refused: drop(REFUSED) }),
    'openai-responses': carry('tools[].strict', {
      notStrict: convert('tools[].strict', 'not enforced: the schema is outside of the strict subset'),
    }),
    'anthropic-messages': carry('tools[].strict', { default: carry(null) }),
    gemini: drop(),
    'bedrock-converse': carry('toolConfig.tools[].toolSpec.strict', {
      default: carry(null),
      noForm: drop('few models take it'),
    }),
    'cohere-chat': carry('strict_tools', { some: drop('the target takes it for all tools together only') }),
  },
  'tools.cacheControl': {
    'openai-chat': drop('caching is automatic'),
    'openai-responses': drop('caching is automatic'),
    'anthropic-messages': carry('tools[].cache_control'),
    gemini: drop('caching is automatic'),
    'bedrock-converse': convert('toolConfig.tools[].cachePoint', 'as an entry of its own', {
      noForm: drop('the model takes no cache points'),
    }),
    'cohere-chat': drop('caching is automatic'),
  },
  'tools.parameters': {
    'openai-chat': carry('tools[].function.parameters'),
    'openai-responses': carry('tools[].parameters', {
      empty: convert('tools[].parameters', 'an object without properties'),
    }),
    'anthropic-messages': carry('tools[].input_schema', {
      empty: convert('tools[].input_schema', 'an object without properties'),
      keywords: convert(
        'tools[].input_schema',
        'keywords that the target does not take are moved to descriptions',
      ),
      notObject: convert('tools[].input_schema', 'of type object'),
    }),
    gemini: carry('functionDeclarations[].parametersJsonSchema', {
      openapi: convert('functionDeclarations[].parameters', "in the target's own kind of schema"),
      keywords: convert(
        'functionDeclarations[].parameters',
        'keywords that the target does not take are moved to descriptions',
      ),
      empty: convert('functionDeclarations[]', 'left out: it has no properties'),
    }),
    'bedrock-converse': carry('toolSpec.inputSchema.json', {
      empty: convert('toolSpec.inputSchema.json', 'an object without properties'),
      notObject: convert('toolSpec.inputSchema.json', 'of type object'),
    }),
    'cohere-chat': carry('tools[].function.parameters', {
      empty: convert('tools[].function.parameters', 'an object without properties'),
    }),
  },
  'tools.extra': {
    'openai-chat': drop(),
    'openai-responses': carry('tools[].*', { other: drop() }),
    'anthropic-messages': carry('tools[].*', { other: drop() }),
    gemini: carry('functionDeclarations[].*', { other: drop() }),
    'bedrock-converse': drop(),
    'cohere-chat': drop(),
  },
};
