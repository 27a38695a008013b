import type { CallerProtocol } from '../../../../src/protocols/blocks.ts';
import type { TabledField } from '../../../../src/protocols/fields.ts';

/** Members of a caller's body that say a field, and text that is found wherever the field went. */
export interface BodySample {
  readonly body: Readonly<Record<string, unknown>>;
  readonly mark?: string;
}

type Bodies = Readonly<Partial<Record<TabledField, readonly BodySample[]>>>;

const HELLO = { role: 'user', content: 'Hello' };
const text = (value: string, more: object = {}) => ({ type: 'text', text: value, ...more });
const said = (content: readonly object[]) => ({ messages: [{ role: 'user', content }] });
const EPHEMERAL = { cache_control: { type: 'ephemeral' } };
const NOTES = { type: 'text', media_type: 'text/plain', data: 'Notes.' };
const PARAMETERS = { type: 'object', properties: { city: { type: 'string' } } };
const functionTool = (more: object = {}, outer: object = {}) => ({
  type: 'function',
  function: { name: 'get_weather', parameters: PARAMETERS, ...more },
  ...outer,
});

const RESPONSES_FILE = {
  type: 'input_file',
  filename: 'a.txt',
  file_data: 'data:text/plain;base64,Tm90ZXMu',
};
const responsesSaid = (part: object) => ({ input: [{ role: 'user', content: [part] }] });
const responsesCalled = (more: object) => ({
  input: [
    HELLO,
    { type: 'function_call', call_id: 'call_1', name: 'get_weather', arguments: '{}', ...more },
    { type: 'function_call_output', call_id: 'call_1', output: 'x' },
  ],
});

const BEDROCK_HELLO = { role: 'user', content: [{ text: 'Hello' }] };
const BEDROCK_NOTES = { format: 'txt', name: 'Notes', source: { bytes: 'Tm90ZXMu' } };
const bedrockSaid = (block: object) => ({ messages: [{ role: 'user', content: [block, { text: 'So?' }] }] });

/**
 * What callers can say and no writer writes: words of their own, and blocks without internal form. GraphQL has no
 * writer, so all of its fields are here.
 */
export const BODIES: Readonly<Partial<Record<CallerProtocol, Bodies>>> = {
  'openai-chat': {
    tools: [{ body: { functions: [{ name: 'get_weather', parameters: PARAMETERS }] }, mark: 'get_weather' }],
    toolChoice: [{ body: { functions: [{ name: 'get_weather' }], function_call: { name: 'get_weather' } } }],
    maxOutputTokens: [{ body: { max_tokens: 777 }, mark: '777' }],
    'message.cacheControl': [{ body: said([text('Hello', EPHEMERAL)]), mark: 'ephemeral' }],
    'message.citations': [
      {
        body: {
          messages: [
            HELLO,
            { role: 'assistant', content: 'Hi', annotations: [{ type: 'url_citation', url: 'mark-cited' }] },
            HELLO,
          ],
        },
        mark: 'mark-cited',
      },
    ],
    'message.reasoning': [
      {
        body: { messages: [HELLO, { role: 'assistant', content: 'Hi', reasoning: 'mark-thought' }, HELLO] },
        mark: 'mark-thought',
      },
    ],
    'message.refusal': [
      {
        body: {
          messages: [
            HELLO,
            { role: 'assistant', content: [{ type: 'refusal', refusal: 'mark-refusal' }] },
            HELLO,
          ],
        },
        mark: 'mark-refusal',
      },
    ],
    'tools.cacheControl': [{ body: { tools: [functionTool({}, EPHEMERAL)] }, mark: 'ephemeral' }],
  },
  'openai-responses': {
    'message.audio': [
      { body: responsesSaid({ type: 'input_audio', input_audio: { format: 'wav', data: 'UklGRg==' } }) },
    ],
    'message.extra': [
      {
        body: responsesSaid({
          type: 'input_text',
          text: 'x',
          prompt_cache_breakpoint: { mode: 'mark-extra' },
        }),
      },
      { body: { input: [{ role: 'assistant', content: 'Hi', phase: 'mark-extra' }, HELLO] } },
      { body: responsesCalled({ namespace: 'mark-extra' }) },
      { body: responsesCalled({ caller: { type: 'program', caller_id: 'mark-extra' } }) },
      { body: responsesSaid({ ...RESPONSES_FILE, detail: 'mark-extra' }) },
    ].map((sample) => ({ ...sample, mark: 'mark-extra' })),
    'tools.extra': ['allowed_callers', 'defer_loading', 'output_schema'].map((name) => ({
      body: {
        tools: [{ type: 'function', name: 'get_weather', parameters: PARAMETERS, [name]: ['mark-extra'] }],
      },
      mark: 'mark-extra',
    })),
  },
  'anthropic-messages': {
    'message.extra': [
      {
        body: said([
          {
            type: 'image',
            source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' },
            transformations: { oversized: 'mark-extra' },
          },
        ]),
        mark: 'mark-extra',
      },
    ],
    'message.fileOptions': [
      { body: said([{ type: 'document', source: NOTES, citations: { enabled: true } }]) },
      { body: said([{ type: 'document', source: NOTES, context: 'mark-context' }]), mark: 'mark-context' },
    ],
    'message.readable': [
      {
        body: said([
          { type: 'search_result', title: 'T', source: 's', content: [text('mark-found')] },
          text('So?'),
        ]),
        mark: 'mark-found',
      },
    ],
    'toolCall.caller': [
      {
        body: {
          messages: [
            HELLO,
            {
              role: 'assistant',
              content: [
                {
                  type: 'tool_use',
                  id: 't1',
                  name: 'get_weather',
                  input: {},
                  caller: { type: 'code_execution_20260120', tool_id: 'mark-caller' },
                },
              ],
            },
            { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: 'x' }] },
          ],
          tools: [{ name: 'get_weather', input_schema: PARAMETERS }],
        },
        mark: 'mark-caller',
      },
    ],
    'tools.extra': ['allowed_callers', 'defer_loading', 'eager_input_streaming', 'input_examples'].map(
      (name) => ({
        body: { tools: [{ name: 'get_weather', input_schema: PARAMETERS, [name]: ['mark-extra'] }] },
        mark: 'mark-extra',
      }),
    ),
    responseFormat: [{ body: { output_format: { type: 'json_schema', schema: PARAMETERS } }, mark: 'city' }],
  },
  gemini: {
    responseFormat: [
      { body: { generationConfig: { responseMimeType: 'application/json' } } },
      {
        body: {
          generationConfig: {
            responseMimeType: 'application/json',
            responseSchema: { type: 'OBJECT', properties: { city: { type: 'STRING' } } },
          },
        },
        mark: 'city',
      },
      {
        body: {
          generationConfig: {
            responseFormat: { text: { mimeType: 'APPLICATION_JSON', schema: PARAMETERS } },
          },
        },
        mark: 'city',
      },
    ],
    reasoning: [
      { body: { generationConfig: { thinkingConfig: { thinkingBudget: 0 } } } },
      { body: { generationConfig: { thinkingConfig: { thinkingBudget: -1 } } } },
      { body: { generationConfig: { thinkingConfig: { thinkingLevel: 'HIGH', includeThoughts: true } } } },
    ],
    'message.extra': [
      'mediaProcessing',
      'mediaResolution',
      'partMetadata',
      'speechMetadata',
      'thoughtSignature',
      'videoMetadata',
    ].map((name) => ({
      body: { contents: [{ parts: [{ text: 'Hello', [name]: 'mark-extra' }] }] },
      mark: 'mark-extra',
    })),
    'tools.extra': ['behavior', 'response', 'responseJsonSchema'].map((name) => ({
      body: { tools: [{ functionDeclarations: [{ name: 'get_weather', [name]: { type: 'mark-extra' } }] }] },
      mark: 'mark-extra',
    })),
  },
  'bedrock-converse': {
    reasoning: [
      { body: { outputConfig: { effort: 'high' } } },
      ...[
        { thinking: { type: 'enabled', budget_tokens: 2_048 } },
        { thinking: { type: 'adaptive' } },
        { thinking: { type: 'disabled' } },
        { output_config: { effort: 'low' } },
        { reasoning_effort: 'low' },
      ].map((fields) => ({ body: { additionalModelRequestFields: fields } })),
    ],
    'message.citations': [
      {
        body: {
          messages: [
            BEDROCK_HELLO,
            {
              role: 'assistant',
              content: [
                { citationsContent: { content: [{ text: 'Hi' }], citations: [{ title: 'mark-cited' }] } },
              ],
            },
            BEDROCK_HELLO,
          ],
        },
        mark: 'mark-cited',
      },
    ],
    'message.fileOptions': [
      { body: bedrockSaid({ document: { ...BEDROCK_NOTES, citations: { enabled: true } } }) },
      {
        body: bedrockSaid({ document: { ...BEDROCK_NOTES, context: 'mark-context' } }),
        mark: 'mark-context',
      },
    ],
    'message.readable': [
      {
        body: bedrockSaid({ guardContent: { text: { text: 'mark-guarded', qualifiers: ['query'] } } }),
        mark: 'mark-guarded',
      },
      {
        body: bedrockSaid({ searchResult: { title: 'T', source: 's', content: [{ text: 'mark-found' }] } }),
        mark: 'mark-found',
      },
    ],
  },
  'cohere-chat': {
    responseFormat: [
      { body: { response_format: { type: 'json_object' } } },
      { body: { response_format: { type: 'text' } } },
    ],
    reasoning: [
      { body: { thinking: { type: 'enabled' } } },
      { body: { thinking: { type: 'enabled', token_budget: 2_345 } } },
      { body: { thinking: { type: 'disabled' } } },
    ],
    'message.reasoning': [
      {
        body: { messages: [HELLO, { role: 'assistant', tool_plan: 'mark-plan', content: 'Hi' }, HELLO] },
        mark: 'mark-plan',
      },
    ],
    'message.file': [{ body: { documents: ['mark-document'] } }],
    'message.fileOptions': [
      { body: { documents: [{ id: 'mark-document', data: { title: 'T', snippet: 'Notes.' } }] } },
    ],
  },
  graphql: graphqlBodies(),
};

function graphqlBodies(): Bodies {
  const tools = [{ name: 'get_weather', parameters: PARAMETERS }];
  const parts = (part: object) => ({ messages: [{ role: 'user', parts: [{ text: 'See' }, part] }] });
  const loop = {
    tools,
    messages: [
      HELLO,
      {
        role: 'assistant',
        toolCalls: [{ id: 'call_mark0001', name: 'get_weather', arguments: '{"city":"mark-city"}' }],
      },
      { role: 'tool', toolCallId: 'call_mark0001', content: 'mark-result' },
    ],
  };
  return {
    model: [{ body: {} }],
    messages: [{ body: {}, mark: 'Hello' }],
    tools: [{ body: { tools }, mark: 'get_weather' }],
    toolChoice: [{ body: { tools, toolChoice: { mode: 'required' } } }],
    responseFormat: [
      { body: { responseFormat: { type: 'jsonSchema', schema: PARAMETERS } }, mark: 'city' },
      { body: { responseFormat: { type: 'jsonObject' } } },
      { body: { responseFormat: { type: 'text' } } },
    ],
    maxOutputTokens: [{ body: { maxOutputTokens: 777 }, mark: '777' }],
    temperature: [{ body: { temperature: 0.125 }, mark: '0.125' }, { body: { temperature: 1.875 } }],
    topP: [{ body: { topP: 0.375 }, mark: '0.375' }],
    seed: [{ body: { seed: 424242 }, mark: '424242' }],
    stop: [
      { body: { stop: ['mark-stop'] }, mark: 'mark-stop' },
      { body: { stop: ['a', 'b', 'c', 'd', 'e', 'f'] } },
    ],
    reasoning: [
      { body: { maxOutputTokens: 9_000, reasoningEffort: 'high' } },
      { body: { maxOutputTokens: 9_000, reasoningEffort: 'none' } },
    ],
    metadata: [{ body: { metadata: { key: 'mark-metadata' } }, mark: 'mark-metadata' }],
    'message.image': [
      { body: parts({ image: { mediaType: 'image/png', data: 'iVBORw0KGgo=' } }), mark: 'iVBORw0KGgo=' },
    ],
    'message.file': [
      {
        body: parts({ file: { name: 'a.pdf', mediaType: 'application/pdf', data: 'JVBERi0xLjQK' } }),
        mark: 'JVBERi0xLjQK',
      },
    ],
    'message.audio': [{ body: parts({ audio: { format: 'wav', data: 'UklGRg==' } }), mark: 'UklGRg==' }],
    'toolCall.arguments': [{ body: loop, mark: 'mark-city' }],
    'toolCall.id': [{ body: loop, mark: 'call_mark0001' }],
    'toolCall.name': [
      { body: { tools: [{ name: 'files/read' }] } },
      { body: { tools: [{ name: 'x'.repeat(200) }] } },
    ],
    'toolResult.content': [{ body: loop, mark: 'mark-result' }],
    'tools.strict': [{ body: { tools: [{ ...tools[0], strict: true }] } }],
    'tools.parameters': [{ body: { tools }, mark: 'city' }],
  };
}
