import { describe, expect, it } from 'vitest';
import { CallError } from '../../../../src/errors.ts';
import { bedrockConverse } from '../../../../src/protocols/bedrock-converse/index.ts';
import type { ChatRequest } from '../../../../src/protocols/blocks.ts';

const ORIGIN = { protocol: 'bedrock-converse' };
const HELLO = { role: 'user', content: [{ text: 'Hello' }] };

function read(body: object, stream = false): ChatRequest {
  const json = JSON.parse(JSON.stringify({ messages: [HELLO], ...body })) as Record<string, unknown>;
  const request = bedrockConverse.readRequest(json, { model: 'my-model', stream });
  if (request instanceof CallError) throw request;
  return request;
}
const refusal = (body: object): CallError => {
  try {
    read(body);
  } catch (error) {
    if (error instanceof CallError) return error;
  }
  throw new Error('nothing was refused');
};
const blocksOf = (...content: readonly object[]) =>
  read({ messages: [{ role: 'user', content }] }).messages[0]?.blocks;

describe('reading a Converse request', () => {
  it('takes model and stream from the path', () => {
    expect(read({}, true)).toMatchObject({
      protocol: 'bedrock-converse',
      model: 'my-model',
      stream: true,
      streamUsage: true,
      messages: [{ role: 'user', blocks: [{ type: 'text', text: 'Hello' }] }],
      fields: { messages: 'messages' },
      unknownFields: [],
    });
    expect(read({})).toMatchObject({ stream: false, streamUsage: false });
  });

  it('reads settings under their own paths', () => {
    const request = read({
      inferenceConfig: { maxTokens: 100, temperature: 0.5, topP: 0.9, stopSequences: ['END'] },
      requestMetadata: { team: 'search' },
      serviceTier: { type: 'priority' },
    });
    expect(request).toMatchObject({
      maxOutputTokens: 100,
      temperature: 0.5,
      topP: 0.9,
      stop: ['END'],
      metadata: { team: 'search' },
      serviceTier: 'priority',
      fields: {
        maxOutputTokens: 'inferenceConfig.maxTokens',
        temperature: 'inferenceConfig.temperature',
        topP: 'inferenceConfig.topP',
        stop: 'inferenceConfig.stopSequences',
        metadata: 'requestMetadata',
        serviceTier: 'serviceTier.type',
      },
    });
  });

  it('keeps documented fields without internal form, and names those that are not documented', () => {
    const request = read({
      guardrailConfig: { guardrailIdentifier: 'g', guardrailVersion: '1' },
      performanceConfig: { latency: 'optimized' },
      promptVariables: { name: { text: 'x' } },
      additionalModelResponseFieldPaths: ['/stop_sequence'],
      inferenceConfig: { topK: 5 },
      somethingElse: 1,
    });
    expect(Object.keys(request.extra).sort()).toEqual([
      'additionalModelResponseFieldPaths',
      'guardrailConfig',
      'performanceConfig',
      'promptVariables',
      'somethingElse',
    ]);
    expect(request.unknownFields).toEqual(['inferenceConfig.topK', 'somethingElse']);
  });

  it('trap 82 trap 75 finds what models take in words of their own, and leaves the rest as it is', () => {
    const request = read({
      additionalModelRequestFields: {
        top_k: 40,
        thinking: { type: 'enabled', budget_tokens: 2_000 },
        anthropic_beta: ['x'],
      },
    });
    expect(request).toMatchObject({
      topK: 40,
      reasoning: { budgetTokens: 2_000 },
      extra: { 'additionalModelRequestFields.anthropic_beta': ['x'] },
      fields: {
        topK: 'additionalModelRequestFields.top_k',
        reasoning: 'additionalModelRequestFields.thinking',
      },
      unknownFields: [],
    });
    const odd = { thinking: { type: 'enabled', budget_tokens: 2_000, display: 'omitted' }, top_k: 'many' };
    expect(read({ additionalModelRequestFields: odd })).toMatchObject({
      topK: undefined,
      reasoning: undefined,
      extra: {
        'additionalModelRequestFields.thinking': odd.thinking,
        'additionalModelRequestFields.top_k': 'many',
      },
    });
  });

  it.each([
    [{ thinking: { type: 'adaptive' } }, { adaptive: true }],
    [{ thinking: { type: 'disabled' } }, { effort: 'none' }],
    [{ output_config: { effort: 'high' } }, { effort: 'high' }],
    [{ reasoning_effort: 'low' }, { effort: 'low' }],
  ])('trap 75 reads %j', (fields, reasoning) => {
    expect(read({ additionalModelRequestFields: fields }).reasoning).toEqual(reasoning);
  });

  it('trap 91 reads the schema of an answer out of its text', () => {
    const jsonSchema = { schema: '{"type":"object"}', name: 'city', description: 'A city.' };
    const textFormat = { type: 'json_schema', structure: { jsonSchema } };
    expect(read({ outputConfig: { textFormat, effort: 'low' } })).toMatchObject({
      responseFormat: {
        type: 'jsonSchema',
        name: 'city',
        schema: { type: 'object' },
        description: 'A city.',
      },
      reasoning: { effort: 'low' },
    });
    const broken = { ...textFormat, structure: { jsonSchema: { schema: 'oops' } } };
    expect(refusal({ outputConfig: { textFormat: broken } })).toMatchObject({
      code: 'invalid_request',
      param: 'outputConfig.textFormat.structure.jsonSchema.schema',
    });
  });

  it('trap 1 reads the system, each block with its cache point', () => {
    const system = [
      { text: 'Be brief.' },
      { cachePoint: { type: 'default', ttl: '1h' } },
      { text: 'Be kind.' },
    ];
    expect(read({ system }).messages[0]).toEqual({
      role: 'system',
      blocks: [
        { type: 'text', text: 'Be brief.', cacheControl: { type: 'ephemeral', ttl: '1h' } },
        { type: 'text', text: 'Be kind.' },
      ],
    });
  });

  it('a cache point with nothing before it to mark stays what it is', () => {
    const point = { cachePoint: { type: 'default' } };
    expect(blocksOf(point, { text: 'a' })).toEqual([
      { type: 'unknown', raw: point, origin: ORIGIN },
      { type: 'text', text: 'a' },
    ]);
  });

  it('trap 16 reads tools, their choice and their cache point', () => {
    const toolSpec = {
      name: 'weather',
      description: 'd',
      inputSchema: { json: { type: 'object' } },
      strict: true,
    };
    const toolConfig = {
      tools: [{ toolSpec }, { cachePoint: { type: 'default' } }, { systemTool: { name: 'nova_grounding' } }],
      toolChoice: { tool: { name: 'weather' } },
    };
    expect(read({ toolConfig })).toMatchObject({
      tools: [
        {
          name: 'weather',
          description: 'd',
          parameters: { type: 'object' },
          strict: true,
          cacheControl: { type: 'ephemeral' },
        },
        {
          name: 'nova_grounding',
          raw: { value: { systemTool: { name: 'nova_grounding' } }, origin: ORIGIN },
        },
      ],
      toolChoice: { mode: 'tool', name: 'weather' },
    });
    expect(read({ toolConfig: { ...toolConfig, toolChoice: { any: {} } } }).toolChoice).toEqual({
      mode: 'required',
    });
    expect(read({ toolConfig: { ...toolConfig, toolChoice: { auto: {} } } }).toolChoice).toEqual({
      mode: 'auto',
    });
    expect(refusal({ toolConfig: { ...toolConfig, toolChoice: { tool: { name: 'no' } } } }).param).toBe(
      'toolConfig.toolChoice.tool.name',
    );
  });

  it('trap 5 trap 24 tool results become messages of their own', () => {
    const messages = [
      HELLO,
      { role: 'assistant', content: [{ toolUse: { toolUseId: 't1', name: 'a', input: { x: 1 } } }] },
      {
        role: 'user',
        content: [
          {
            toolResult: {
              toolUseId: 't1',
              content: [{ json: { ok: true } }, { text: 'fine' }],
              status: 'error',
            },
          },
          { text: 'Go on.' },
        ],
      },
    ];
    expect(read({ messages }).messages.slice(1)).toEqual([
      { role: 'assistant', blocks: [{ type: 'toolCall', id: 't1', name: 'a', arguments: '{"x":1}' }] },
      {
        role: 'tool',
        blocks: [
          {
            type: 'toolResult',
            toolCallId: 't1',
            content: [
              { type: 'text', text: '{"ok":true}' },
              { type: 'text', text: 'fine' },
            ],
            isError: true,
          },
        ],
      },
      { role: 'user', blocks: [{ type: 'text', text: 'Go on.' }] },
    ]);
  });

  it('trap 26 a result without its call is refused with its place', () => {
    const messages = [HELLO, { role: 'user', content: [{ toolResult: { toolUseId: 't9', content: [] } }] }];
    expect(refusal({ messages })).toMatchObject({ code: 'invalid_request', param: 'messages[1].content' });
  });

  it('trap 96 trap 97 reads images, documents and sound', () => {
    expect(
      blocksOf(
        { image: { format: 'png', source: { bytes: 'aW1n' } } },
        { image: { format: 'jpeg', source: { s3Location: { uri: 's3://b/k.jpg' } } } },
        { document: { format: 'pdf', name: 'Report', source: { bytes: 'cGRm' } } },
        { audio: { format: 'wav', source: { bytes: 'd2F2' } } },
      ),
    ).toEqual([
      { type: 'image', source: { kind: 'base64', mediaType: 'image/png', data: 'aW1n' } },
      { type: 'image', source: { kind: 'url', url: 's3://b/k.jpg' } },
      {
        type: 'file',
        source: { kind: 'base64', mediaType: 'application/pdf', data: 'cGRm' },
        name: 'Report',
      },
      { type: 'audio', format: 'wav', data: 'd2F2' },
    ]);
  });

  it('trap 97 a document of text is a file of text, with its own form kept', () => {
    const document = {
      name: 'Note',
      source: { content: [{ text: 'a' }, { text: 'b' }] },
      citations: { enabled: true },
    };
    expect(blocksOf({ document })).toEqual([
      {
        type: 'file',
        source: { kind: 'base64', mediaType: 'text/plain', data: Buffer.from('a\nb').toString('base64') },
        name: 'Note',
        raw: { value: { document }, origin: ORIGIN },
      },
    ]);
  });

  it('trap 34 keeps whole what has no internal form', () => {
    const blocks = [
      { video: { format: 'mp4', source: { bytes: 'dg==' } } },
      { toolUse: { toolUseId: 's', name: 'nova_grounding', input: {}, type: 'server_tool_use' } },
      { image: { format: 'png', source: { s3Location: { uri: 's3://b/k', bucketOwner: '1' } } } },
    ];
    expect(blocksOf(...blocks)).toEqual(blocks.map((raw) => ({ type: 'unknown', raw, origin: ORIGIN })));
  });

  it('keeps reading matter whole, and notes it by its own name', () => {
    const guardContent = { text: { text: 'Is this safe?', qualifiers: ['query'] } };
    const searchResult = { source: 'https://x', title: 'X', content: [{ text: 'found' }] };
    const request = read({ messages: [{ role: 'user', content: [{ guardContent }, { searchResult }] }] });
    expect(request.messages[0]?.blocks).toEqual([
      { type: 'unknown', raw: { guardContent }, origin: ORIGIN },
      { type: 'unknown', raw: { searchResult }, origin: ORIGIN },
    ]);
    expect(request.fields).toMatchObject({ 'message.readable': 'messages[].content[].guardContent' });
  });

  it('trap 124 reads cited text with its citations', () => {
    const citations = [{ title: 'A', location: { documentChar: { documentIndex: 0, start: 0, end: 4 } } }];
    const citationsContent = { content: [{ text: 'Hi ' }, { text: 'there' }], citations };
    const messages = [HELLO, { role: 'assistant', content: [{ citationsContent }] }];
    expect(read({ messages }).messages[1]?.blocks).toEqual([
      { type: 'text', text: 'Hi there', citations: { raw: citations, origin: ORIGIN } },
    ]);
  });

  it('trap 69 reads reasoning with its signature or encrypted', () => {
    const content = [
      { reasoningContent: { reasoningText: { text: 'Hm', signature: 'c2ln' } } },
      { reasoningContent: { redactedContent: 'AAEC' } },
      { text: 'Yes.' },
    ];
    const messages = [HELLO, { role: 'assistant', content }];
    expect(read({ messages }).messages[1]?.blocks).toMatchObject([
      { type: 'reasoning', text: 'Hm', signature: 'c2ln', origin: ORIGIN },
      { type: 'reasoning', text: '', redacted: 'AAEC', origin: ORIGIN },
      { type: 'text', text: 'Yes.' },
    ]);
  });

  it.each([
    [{ messages: [] }, 'messages'],
    [{ messages: 'Hello' }, 'messages'],
    [{ messages: [{ role: 'tool', content: [] }] }, 'messages[0].role'],
    [{ messages: [{ role: 'user', content: 'Hello' }] }, 'messages[0].content'],
    [{ messages: [{ role: 'user', content: [{}] }] }, 'messages[0].content[0]'],
    [{ messages: [{ role: 'user', content: [{ text: 5 }] }] }, 'messages[0].content[0].text'],
    [{ inferenceConfig: { temperature: 2 } }, 'inferenceConfig.temperature'],
    [{ inferenceConfig: { maxTokens: 0 } }, 'inferenceConfig.maxTokens'],
    [{ toolConfig: { tools: [{}] } }, 'toolConfig.tools[0]'],
    [{ toolConfig: { tools: [{ cachePoint: { type: 'default' } }] } }, 'toolConfig.tools[0]'],
    [{ requestMetadata: { a: 1 } }, 'requestMetadata.a'],
  ])('refuses %j and names the place', (body, param) => {
    expect(refusal(body)).toMatchObject({ code: 'invalid_request', param });
  });
});
