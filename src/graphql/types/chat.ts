import type { InvocationResult, ServedBy } from '../../calls/invocation.ts';
import { CallError } from '../../errors.ts';
import type { Block, ToolCallBlock } from '../../protocols/blocks.ts';
import type { Builder } from '../builder.ts';
import { completeChat, streamChat } from '../chat.ts';
import { defineChatInput } from './chat-input.ts';
import type { Enums } from './enums.ts';
import { costOf } from './usage.ts';

/** Model invocation: the `chat` mutation and the `chatStream` live operation. */
export function defineChat(builder: Builder, enums: Enums): void {
  defineCompletion(builder, enums);
  const event = defineEvents(builder);
  const input = defineChatInput(builder, enums);
  builder.mutationField('chat', (t) =>
    t.withAuth({ caller: true }).field({
      type: 'ChatCompletion',
      description: 'Calls a model and waits for the whole answer.',
      args: { input: t.arg({ type: input, required: true }) },
      resolve: (_root, args, context) => completeChat(args.input, context),
    }),
  );
  builder.subscriptionField('chatStream', (t) =>
    t.withAuth({ caller: true }).field({
      type: event,
      description: 'Calls a model and streams the answer. Ends with ChatCompleted, or with an error.',
      args: { input: t.arg({ type: input, required: true }) },
      subscribe: (_root, args, context) => streamChat(args.input, context),
      resolve: (chatEvent) => chatEvent,
    }),
  );
}

function defineCompletion(builder: Builder, enums: Enums): void {
  builder.objectType('ServedBy', {
    description: 'Who answered.',
    fields: (t) => ({
      connection: t.exposeString('connection'),
      provider: t.exposeString('provider'),
      model: t.exposeString('model', { description: "The provider's name of the model." }),
      protocol: t.exposeString('protocol'),
      attempts: t.exposeInt('attempts', { description: 'Tries at upstreams, this one included.' }),
    }),
  });
  builder.objectType('ToolCall', {
    fields: (t) => ({
      id: t.exposeID('id'),
      name: t.exposeString('name'),
      arguments: t.exposeString('arguments', { description: 'JSON text, as the model wrote it.' }),
    }),
  });
  builder.objectType('ChatCompletion', {
    fields: (t) => ({
      callId: t.exposeID('callId'),
      model: t.exposeString('model', { description: 'The name that the call was made with.' }),
      servedBy: t.field({ type: 'ServedBy', resolve: servedBy }),
      text: t.string({ nullable: true, resolve: (result) => textOf(result, ['text', 'refusal']) }),
      refusal: t.string({
        nullable: true,
        description: 'What of the text is a refusal, where the provider marks it.',
        resolve: (result) => textOf(result, ['refusal']),
      }),
      reasoning: t.string({ nullable: true, resolve: (result) => textOf(result, ['reasoning']) }),
      toolCalls: t.field({ type: ['ToolCall'], resolve: toolCallsOf }),
      finishReason: t.field({
        type: enums.FinishReason,
        resolve: ({ response }) => response?.finishReason ?? 'other',
      }),
      usage: t.expose('usage', { type: 'Usage' }),
      cost: t.field({ type: 'Cost', nullable: true, resolve: costOf }),
      receipt: t.expose('receipt', { type: 'Receipt', nullable: true }),
    }),
  });
}

function defineEvents(builder: Builder) {
  builder.objectType('ChatStarted', {
    fields: (t) => ({ callId: t.exposeID('callId'), model: t.exposeString('model') }),
  });
  builder.objectType('ChatTextDelta', { fields: (t) => ({ text: t.exposeString('text') }) });
  builder.objectType('ChatReasoningDelta', { fields: (t) => ({ text: t.exposeString('text') }) });
  builder.objectType('ChatToolCallDelta', {
    fields: (t) => ({
      index: t.exposeInt('index', { description: 'Counts the tool calls of this answer from 0.' }),
      id: t.exposeID('id'),
      name: t.exposeString('name'),
      arguments: t.exposeString('arguments', { description: 'The next piece of the argument text.' }),
    }),
  });
  builder.objectType('ChatCompleted', {
    fields: (t) => ({ completion: t.expose('completion', { type: 'ChatCompletion' }) }),
  });
  return builder.unionType('ChatEvent', {
    types: ['ChatStarted', 'ChatTextDelta', 'ChatReasoningDelta', 'ChatToolCallDelta', 'ChatCompleted'],
    resolveType: (event) => event.kind,
  });
}

/** A call that succeeded was served by someone. */
function servedBy(result: InvocationResult): ServedBy {
  if (result.servedBy === null) throw new CallError('internal', { cause: 'a completion without servedBy' });
  return result.servedBy;
}

function blocksOf(result: InvocationResult): readonly Block[] {
  return result.response?.blocks ?? [];
}

/** Texts of these kinds of blocks, joined as they were streamed; null when the answer has none. */
function textOf(result: InvocationResult, types: readonly ('text' | 'refusal' | 'reasoning')[]) {
  const texts: string[] = [];
  for (const block of blocksOf(result)) {
    if (block.type !== 'text' && block.type !== 'refusal' && block.type !== 'reasoning') continue;
    if (types.includes(block.type)) texts.push(block.text);
  }
  return texts.length === 0 ? null : texts.join('');
}

function toolCallsOf(result: InvocationResult): readonly ToolCallBlock[] {
  return blocksOf(result).filter((block) => block.type === 'toolCall');
}
