import type { Block, ChatRequest, Message, ProtocolName, Tool } from '../../../../src/protocols/blocks.ts';
import type { TabledField } from '../../../../src/protocols/fields.ts';

/** A request in the internal form that says one field. */
export interface Sample {
  readonly request: Partial<ChatRequest>;
  /** Text that is found wherever the field went. */
  readonly mark?: string;
}

type SampleOf = (origin: ProtocolName) => Sample | readonly Sample[];

const user = (...blocks: readonly Block[]): Message => ({ role: 'user', blocks });
const text = (value: string): Block => ({ type: 'text', text: value });
const talk = (blocks: readonly Block[]): Partial<ChatRequest> => ({
  messages: [user(text('Hello')), { role: 'assistant', blocks }, user(text('Go on.'))],
});

export const TOOL: Tool = {
  name: 'get_weather',
  description: 'Weather of a city',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
    additionalProperties: false,
  },
};
const SCHEMA = { ...TOOL.parameters };
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=';
const PDF = 'JVBERi0xLjQK';
const tooled = (tool: Partial<Tool> = {}, more: Partial<ChatRequest> = {}): Partial<ChatRequest> => ({
  tools: [{ ...TOOL, ...tool }],
  ...more,
});
const loop = (isError = false): Partial<ChatRequest> =>
  tooled(
    {},
    {
      messages: [
        user(text('Weather?')),
        {
          role: 'assistant',
          blocks: [
            { type: 'toolCall', id: 'call_mark0001', name: TOOL.name, arguments: '{"city":"mark-city"}' },
          ],
        },
        {
          role: 'tool',
          blocks: [
            {
              type: 'toolResult',
              toolCallId: 'call_mark0001',
              content: [text('mark-result')],
              isError,
            },
          ],
        },
      ],
    },
  );

/**
 * One request for every field of the table; several where protocols say it differently, and the first counts that
 * a caller can say. Null for what has no form outside of its own protocol: those are bodies by hand.
 */
export const SAMPLES: Readonly<Record<TabledField, SampleOf | null>> = {
  model: () => ({ request: {} }),
  stream: () => ({ request: { stream: true } }),
  streamUsage: () => ({ request: { stream: true, streamUsage: true } }),
  messages: () => ({ request: {}, mark: 'Hello' }),
  system: () => ({
    request: { messages: [{ role: 'system', blocks: [text('mark-system')] }, user(text('Hello'))] },
    mark: 'mark-system',
  }),
  tools: () => ({ request: tooled(), mark: TOOL.name }),
  toolChoice: () => ({ request: tooled({}, { toolChoice: { mode: 'required' } }) }),
  parallelToolCalls: () => [
    { request: tooled({}, { parallelToolCalls: false }) },
    { request: tooled({}, { toolChoice: { mode: 'auto' }, parallelToolCalls: false }) },
  ],
  responseFormat: () => ({
    request: { responseFormat: { type: 'jsonSchema', name: 'answer', schema: SCHEMA, strict: true } },
    mark: 'city',
  }),
  maxOutputTokens: () => ({ request: { maxOutputTokens: 777 }, mark: '777' }),
  temperature: () => ({ request: { temperature: 0.125 }, mark: '0.125' }),
  topP: () => ({ request: { topP: 0.375 }, mark: '0.375' }),
  topK: () => ({ request: { topK: 417 }, mark: '417' }),
  seed: () => ({ request: { seed: 424242 }, mark: '424242' }),
  stop: () => ({ request: { stop: ['mark-stop'] }, mark: 'mark-stop' }),
  presencePenalty: () => ({ request: { presencePenalty: 0.625 }, mark: '0.625' }),
  frequencyPenalty: () => ({ request: { frequencyPenalty: 0.875 }, mark: '0.875' }),
  reasoning: () => [
    { request: { maxOutputTokens: 9_000, reasoning: { effort: 'high' } } },
    { request: { maxOutputTokens: 9_000, reasoning: { budgetTokens: 2_345 } } },
  ],
  user: () => ({ request: { user: 'mark-user' }, mark: 'mark-user' }),
  metadata: () => ({ request: { metadata: { key: 'mark-metadata' } }, mark: 'mark-metadata' }),
  serviceTier: () => ({ request: { serviceTier: 'auto' } }),
  'reasoning.effort': () => ({
    request: { maxOutputTokens: 9_000, reasoning: { effort: 'high', adaptive: true } },
  }),
  'message.name': () => ({
    request: { messages: [{ ...user(text('Hello')), name: 'mark-name' }] },
    mark: 'mark-name',
  }),
  'message.cacheControl': () => ({
    request: { messages: [user({ type: 'text', text: 'Hello', cacheControl: { type: 'ephemeral' } })] },
    mark: 'ephemeral',
  }),
  'message.citations': (protocol) => ({
    request: talk([
      {
        type: 'text',
        text: 'Cited.',
        citations: { raw: [{ type: 'char_location', cited_text: 'mark-cited' }], origin: { protocol } },
      },
    ]),
    mark: 'mark-cited',
  }),
  'message.reasoning': (protocol) => ({
    request: talk([
      { type: 'reasoning', text: 'mark-thought', signature: 'c2lnbmF0dXJl', origin: { protocol } },
      text('Hi'),
    ]),
    mark: 'mark-thought',
  }),
  'message.image': () => ({
    request: {
      messages: [
        user(text('See'), { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: PNG } }),
      ],
    },
    mark: PNG,
  }),
  'message.imageDetail': () => ({
    request: {
      messages: [
        user(text('See'), {
          type: 'image',
          source: { kind: 'base64', mediaType: 'image/png', data: PNG },
          detail: 'low',
        }),
      ],
    },
    mark: '"low"',
  }),
  'message.file': () => ({
    request: {
      messages: [
        user(text('Read'), {
          type: 'file',
          source: { kind: 'base64', mediaType: 'application/pdf', data: PDF },
          name: 'a.pdf',
        }),
      ],
    },
    mark: PDF,
  }),
  'message.audio': () => ({
    request: { messages: [user(text('Hear'), { type: 'audio', format: 'wav', data: 'UklGRg==' })] },
    mark: 'UklGRg==',
  }),
  'message.fileOptions': null,
  'message.extra': null,
  'message.readable': null,
  'message.refusal': () => ({
    request: talk([{ type: 'refusal', text: 'mark-refusal' }]),
    mark: 'mark-refusal',
  }),
  'toolCall.arguments': () => ({ request: loop(), mark: 'mark-city' }),
  'toolCall.caller': null,
  'toolCall.id': () => ({ request: loop(), mark: 'call_mark0001' }),
  'toolCall.name': () => ({ request: loop(), mark: TOOL.name }),
  'toolResult.isError': () => ({ request: loop(true) }),
  'toolResult.content': () => ({ request: loop(), mark: 'mark-result' }),
  'tools.strict': () => ({ request: tooled({ strict: true }) }),
  'tools.cacheControl': () => ({
    request: tooled({ cacheControl: { type: 'ephemeral' } }),
    mark: 'ephemeral',
  }),
  'tools.parameters': () => ({ request: tooled(), mark: 'city' }),
  'tools.extra': null,
};
