import type { Builder } from '../builder.ts';
import type { Enums } from './enums.ts';

/** `ChatInput` and everything inside it. */
export function defineChatInput(builder: Builder, enums: Enums) {
  const message = defineMessage(builder, enums);
  const tool = builder.inputType('ToolInput', {
    fields: (t) => ({
      name: t.string({ required: true }),
      description: t.string(),
      parameters: t.field({ type: 'JSON', description: 'JSON Schema of the arguments.' }),
      strict: t.boolean({ description: 'Arguments must fit the schema exactly.' }),
    }),
  });
  const toolChoice = builder.inputType('ToolChoiceInput', {
    fields: (t) => ({
      mode: t.field({ type: enums.ToolChoiceMode, required: true }),
      name: t.string({ description: 'The tool, for mode TOOL.' }),
    }),
  });
  const responseFormat = builder.inputType('ResponseFormatInput', {
    fields: (t) => ({
      type: t.field({ type: enums.ResponseFormatType, required: true }),
      name: t.string({ description: 'Name of the schema; some providers show it to the model.' }),
      schema: t.field({ type: 'JSON', description: 'JSON Schema, for type JSON_SCHEMA.' }),
      strict: t.boolean(),
    }),
  });
  return builder.inputType('ChatInput', {
    fields: (t) => ({
      model: t.string({ required: true }),
      messages: t.field({ type: [message], required: true }),
      temperature: t.float(),
      topP: t.float(),
      maxOutputTokens: t.int(),
      stop: t.stringList(),
      seed: t.int(),
      tools: t.field({ type: [tool] }),
      toolChoice: t.field({ type: toolChoice }),
      responseFormat: t.field({ type: responseFormat }),
      reasoningEffort: t.field({ type: enums.ReasoningEffort }),
      metadata: t.field({ type: 'JSON', description: 'A JSON object.' }),
      strict: t.boolean({ description: 'Refuse the call if the target cannot carry every field.' }),
      idempotencyKey: t.string({ description: 'Allows a retry after the upstream broke off unanswered.' }),
    }),
  });
}

function defineMessage(builder: Builder, enums: Enums) {
  const part = defineContentPart(builder);
  const toolCall = builder.inputType('ToolCallInput', {
    fields: (t) => ({
      id: t.id({ required: true }),
      name: t.string({ required: true }),
      arguments: t.string({ required: true, description: 'JSON text, as the model wrote it.' }),
    }),
  });
  return builder.inputType('ChatMessageInput', {
    fields: (t) => ({
      role: t.field({ type: enums.ChatRole, required: true }),
      content: t.string({ description: 'Text; short for one text part.' }),
      parts: t.field({ type: [part] }),
      toolCalls: t.field({ type: [toolCall], description: 'Of an assistant message.' }),
      toolCallId: t.string({ description: 'Of a tool message: the call that it answers.' }),
    }),
  });
}

function defineContentPart(builder: Builder) {
  const image = builder.inputType('InlineImageInput', {
    fields: (t) => ({
      mediaType: t.string({ required: true }),
      data: t.string({ required: true, description: 'base64' }),
    }),
  });
  const audio = builder.inputType('AudioInput', {
    fields: (t) => ({
      format: t.string({ required: true, description: 'wav, mp3, …' }),
      data: t.string({ required: true, description: 'base64' }),
    }),
  });
  const file = builder.inputType('FileInput', {
    description: 'Exactly one of data, url and id; data needs mediaType.',
    fields: (t) => ({
      name: t.string(),
      mediaType: t.string(),
      data: t.string({ description: 'base64' }),
      url: t.string(),
      id: t.id({ description: "The provider's id of an uploaded file." }),
    }),
  });
  return builder.inputType('ContentPartInput', {
    description: 'Exactly one field must be given.',
    fields: (t) => ({
      text: t.string(),
      imageUrl: t.string(),
      image: t.field({ type: image }),
      audio: t.field({ type: audio }),
      file: t.field({ type: file }),
    }),
  });
}
