import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { AWS, BEDROCK_MODELS, UPSTREAM_MODEL, useBedrockRig } from '../support/bedrock-rig.ts';
import { APP_KEY } from '../support/config.ts';
import { bedrockEvent } from '../support/event-stream.ts';
import {
  bedrockAnswer,
  bedrockEnd,
  bedrockError,
  bedrockStream,
  respondEventStream,
  sendEvent,
  sendException,
} from '../support/fake-upstream-bedrock.ts';
import { bytes, end, fin, pieces, respond, send, stall } from '../support/fake-upstream-steps.ts';
import { CHAT, CHAT_STREAM, eventsOf, post } from '../support/graphql-request.ts';
import type { LedgerEntry } from '../support/ledger.ts';
import { signaturesOf } from '../support/sigv4.ts';

const rig = useBedrockRig();
const WIRE = 'bedrock-converse' as const;
const model = BEDROCK_MODELS[WIRE];
const USAGE = { inputTokens: 20, outputTokens: 7, cachedInputTokens: 5 };
const HELLO = [{ role: 'user' as const, content: 'Hello' }];
const SCHEMA = { type: 'object' as const, properties: { city: { type: 'string' } } };
const CALLS = [
  { id: 'tooluse_1', name: 'get_weather', arguments: '{"city":"Basel"}' },
  { id: 'tooluse_2', name: 'get_weather', arguments: '{"city":"Zürich"}' },
];
const FUNCTION = { type: 'function' as const, function: { name: 'get_weather', parameters: SCHEMA } };

const graph = (query: string, input: object, headers = {}) =>
  post(`${rig.gateway.baseUrl}/graphql`, { query, variables: { input } }, { key: APP_KEY, headers });

/** Holds the request that AWS would have got against what AWS would have expected. */
function expectSigned(entry: LedgerEntry, path: string): void {
  expect(entry.path).toBe(path);
  const signed = signaturesOf(
    { ...entry, headers: entry.headers, method: entry.method, path: entry.path, body: entry.body },
    AWS.secretAccessKey,
  );
  expect(signed.sent).toBe(signed.expected);
  expect(signed).toMatchObject({ accessKeyId: AWS.accessKeyId, region: AWS.region, service: 'bedrock' });
  expect(signed.signedHeaders).toEqual(
    expect.arrayContaining(['host', 'x-amz-date', 'x-amz-security-token']),
  );
  expect(entry.headers['x-amz-security-token']).toBe(AWS.sessionToken);
  expect(entry.rawHead).not.toContain(AWS.secretAccessKey);
}

describe('openai SDK before Bedrock', () => {
  it('trap 131 create sends a signed request and gives content, finish reason and usage', async () => {
    rig.answers(WIRE, { text: 'Grüezi ✓', usage: USAGE });
    const { data, response } = await rig.openai.chat.completions
      .create({
        model,
        messages: [{ role: 'system', content: 'Be brief.' }, ...HELLO],
        temperature: 0.5,
        max_tokens: 99,
      })
      .withResponse();
    expect(data.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'Grüezi ✓' } });
    expect(data.usage).toMatchObject({
      prompt_tokens: 20,
      completion_tokens: 7,
      total_tokens: 27,
      prompt_tokens_details: { cached_tokens: 5 },
    });
    const entry = await rig.asked(WIRE);
    expectSigned(entry, `/model/${encodeURIComponent(UPSTREAM_MODEL)}/converse`);
    expect(entry.json()).toEqual({
      messages: [{ role: 'user', content: [{ text: 'Hello' }] }],
      system: [{ text: 'Be brief.' }],
      inferenceConfig: { maxTokens: 99, temperature: 0.5 },
    });
    expect(await rig.record(response.headers.get('x-sluice-call-id'))).toMatchObject({
      outcome: 'succeeded',
      lane: 'block',
      provider: 'bedrock',
      target_protocol: WIRE,
      input_tokens: 20,
      output_tokens: 7,
      cached_input_tokens: 5,
      usage_source: 'provider',
    });
  });

  it('a Bedrock API key goes as a bearer token, and nothing is signed', async () => {
    rig.answers(WIRE, { text: 'Hi' });
    await rig.openai.chat.completions.create({ model: `keyed/${UPSTREAM_MODEL}`, messages: HELLO });
    const { headers } = await rig.asked(WIRE);
    expect(headers['authorization']).toBe('Bearer bedrock-api-key-0001');
    expect(headers['x-amz-date']).toBeUndefined();
  });

  it('streams text and usage, over a signed request', async () => {
    rig.streams(WIRE, { deltas: ['Grü', 'ezi ', '✓'], usage: USAGE });
    const stream = rig.openai.chat.completions.stream({
      model,
      messages: HELLO,
      stream_options: { include_usage: true },
    });
    const final = await stream.finalChatCompletion();
    expect(final.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'Grüezi ✓' } });
    expect(await stream.totalUsage()).toMatchObject({ prompt_tokens: 20, completion_tokens: 7 });
    expectSigned(await rig.asked(WIRE), `/model/${encodeURIComponent(UPSTREAM_MODEL)}/converse-stream`);
  });

  it('trap 57 usage comes through where metadata is before messageStop', async () => {
    rig.plays(WIRE, [
      respondEventStream(),
      sendEvent('messageStart', { role: 'assistant' }),
      sendEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Hi' } }),
      sendEvent('metadata', { usage: { inputTokens: 3, outputTokens: 1, totalTokens: 4 } }),
      sendEvent('messageStop', { stopReason: 'end_turn' }),
      end(),
    ]);
    const stream = rig.openai.chat.completions.stream({
      model,
      messages: HELLO,
      stream_options: { include_usage: true },
    });
    expect((await stream.finalChatCompletion()).choices[0]?.finish_reason).toBe('stop');
    expect(await stream.totalUsage()).toMatchObject({ prompt_tokens: 3, completion_tokens: 1 });
  });

  it('parallel tool calls, whole and streamed, and their results on the way back', async () => {
    rig.answers(WIRE, { text: '', toolCalls: CALLS });
    const first = await rig.openai.chat.completions.create({ model, messages: HELLO, tools: [FUNCTION] });
    const message = first.choices[0]?.message;
    if (message === undefined) throw new Error('no message');
    expect(first.choices[0]?.finish_reason).toBe('tool_calls');
    const calls = message.tool_calls ?? [];
    expect(
      calls.map((call) => (call.type === 'function' ? JSON.parse(call.function.arguments) : null)),
    ).toEqual([{ city: 'Basel' }, { city: 'Zürich' }]);
    rig.streams(WIRE, { deltas: [], toolCalls: CALLS });
    const streamed = await rig.openai.chat.completions
      .stream({ model, messages: HELLO, tools: [FUNCTION] })
      .finalChatCompletion();
    expect(streamed.choices[0]?.message.tool_calls).toHaveLength(2);
    rig.answers(WIRE, { text: 'Rain in both.' });
    const results = calls.map(({ id }) => ({ role: 'tool' as const, tool_call_id: id, content: 'rain' }));
    await rig.openai.chat.completions.create({
      model,
      messages: [...HELLO, message, ...results],
      tools: [FUNCTION],
    });
    const sent = (await rig.asked(WIRE)).json()['messages'] as { content: object[] }[];
    expect(sent[2]?.content).toEqual(
      calls.map(({ id }) => ({ toolResult: { toolUseId: id, content: [{ text: 'rain' }] } })),
    );
  });

  const format = { type: 'json_schema' as const, json_schema: { name: 'city', schema: SCHEMA } };
  const JSON_CALL = [{ id: 'tooluse_1', name: 'json_response', arguments: '{"city":"Basel"}' }];

  it('trap 91 structured output is text again, whole and streamed', async () => {
    rig.answers(WIRE, { text: 'Here you are:', toolCalls: JSON_CALL });
    const whole = await rig.openai.chat.completions.parse({
      model,
      messages: HELLO,
      response_format: format,
    });
    expect(whole.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { content: '{"city":"Basel"}', parsed: { city: 'Basel' } },
    });
    expect(whole.choices[0]?.message.tool_calls ?? []).toEqual([]);
    const sent = (await rig.asked(WIRE)).json();
    expect(sent['toolConfig']).toMatchObject({ toolChoice: { tool: { name: 'json_response' } } });
    rig.streams(WIRE, { deltas: ['Here you are:'], toolCalls: JSON_CALL });
    const streamed = await rig.openai.chat.completions
      .stream({ model, messages: HELLO, response_format: format })
      .finalChatCompletion();
    expect(streamed.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { content: '{"city":"Basel"}' },
    });
  });

  it('trap 93 with tools beside it the model may call one of them first', async () => {
    rig.answers(WIRE, { text: 'Let me see.', toolCalls: CALLS.slice(0, 1) });
    const { choices } = await rig.openai.chat.completions.create({
      model,
      messages: HELLO,
      tools: [FUNCTION],
      response_format: format,
    });
    expect(choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { content: null } });
    expect(choices[0]?.message.tool_calls).toHaveLength(1);
  });

  it('trap 21 a tool name that Bedrock refuses comes back as the caller wrote it', async () => {
    const name = 'get.weather';
    rig.plays(WIRE, async (exchange) => {
      const { toolConfig } = exchange.request.json() as {
        toolConfig: { tools: { toolSpec: { name: string } }[] };
      };
      const fitted = toolConfig.tools[0]?.toolSpec.name ?? '';
      expect(fitted).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
      await bedrockAnswer({ text: '', toolCalls: [{ id: 't1', name: fitted, arguments: '{}' }] })(exchange);
    });
    const { choices } = await rig.openai.chat.completions.create({
      model,
      messages: HELLO,
      tools: [{ type: 'function', function: { name, parameters: SCHEMA } }],
    });
    expect(choices[0]?.message.tool_calls?.[0]).toMatchObject({ function: { name } });
  });

  it.each([
    [
      bedrockError(429, 'ThrottlingException', 'slow down', { 'retry-after': '7' }),
      OpenAI.RateLimitError,
      'upstream_rate_limited',
    ],
    [
      bedrockError(400, 'ValidationException', 'Input is too long'),
      OpenAI.BadRequestError,
      'upstream_invalid_request',
    ],
    [
      bedrockError(403, 'AccessDeniedException', 'not authorized'),
      OpenAI.InternalServerError,
      'upstream_credential',
    ],
    [
      bedrockError(404, 'ResourceNotFoundException', 'no such model'),
      OpenAI.NotFoundError,
      'upstream_model_unavailable',
    ],
    [bedrockError(424, 'ModelErrorException', 'broken'), OpenAI.InternalServerError, 'upstream_error'],
    [
      bedrockError(503, 'ServiceUnavailableException', 'busy'),
      OpenAI.InternalServerError,
      'upstream_overloaded',
    ],
  ])('trap 115 trap 116 an error of Bedrock is the client’s own class', async (script, errorClass, code) => {
    rig.plays(WIRE, script);
    const error = await rig.openai.chat.completions
      .create({ model, messages: HELLO })
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(errorClass);
    expect(error).toMatchObject({ code });
  });

  it('trap 117 passes on how long to wait', async () => {
    rig.plays(WIRE, bedrockError(429, 'ThrottlingException', 'slow down', { 'retry-after': '7' }));
    const error = (await rig.openai.chat.completions
      .create({ model, messages: HELLO })
      .catch((thrown: unknown) => thrown)) as InstanceType<typeof OpenAI.RateLimitError>;
    expect(error.headers?.get('retry-after')).toBe('7');
  });

  it('trap 121 a refused signature gives nothing of the credential away, not in the record either', async () => {
    const message = `does not match. The Canonical String for this request should have been x-amz-security-token:${AWS.sessionToken}`;
    rig.plays(WIRE, bedrockError(403, 'InvalidSignatureException', message));
    const error = (await rig.openai.chat.completions
      .create({ model, messages: HELLO })
      .catch((thrown: unknown) => thrown)) as InstanceType<typeof OpenAI.APIError>;
    const record = await rig.record(error.headers?.get('x-sluice-call-id'));
    expect(record.error_code).toBe('upstream_credential');
    for (const told of [JSON.stringify(record), error.message, JSON.stringify(rig.gateway.logs)]) {
      expect(told).not.toContain(AWS.sessionToken);
    }
  });

  it.each([
    ['an exception', sendException('modelStreamErrorException', 'broken'), 'upstream_error'],
    ['the connection', fin(), 'upstream_interrupted'],
    ['the body, without its end', end(), 'upstream_interrupted'],
    ['a damaged frame', send(damaged()), 'upstream_malformed'],
  ])('trap 64 a stream that ends in %s throws', async (_what, last, code) => {
    rig.plays(WIRE, [bedrockStream({ deltas: ['one ', 'two '], until: 'content' }), last]);
    const { data, response } = await rig.openai.chat.completions
      .create({ model, messages: HELLO, stream: true })
      .withResponse();
    let text = '';
    const read = async () => {
      for await (const chunk of data) text += chunk.choices[0]?.delta.content ?? '';
    };
    await expect(read()).rejects.toThrow();
    expect(text).toBe('one two ');
    expect(await rig.record(response.headers.get('x-sluice-call-id'))).toMatchObject({
      outcome: 'interrupted',
      error_code: code,
    });
  });

  it('a caller who leaves in mid-stream cancels the upstream', async () => {
    rig.plays(WIRE, [bedrockStream({ deltas: ['one '], until: 'content' }), stall()]);
    const { data, response } = await rig.openai.chat.completions
      .create({ model, messages: HELLO, stream: true })
      .withResponse();
    const entry = await rig.asked(WIRE);
    for await (const chunk of data) if (chunk.choices[0]?.delta.content) break;
    await entry.peerClosed;
    expect(await rig.record(response.headers.get('x-sluice-call-id'))).toMatchObject({
      outcome: 'cancelled',
    });
  });

  it('a stream that arrives byte by byte is the same', async () => {
    const frames = [
      bedrockEvent('messageStart', { role: 'assistant' }),
      bedrockEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Zürich ✓' } }),
      bedrockEvent('messageStop', { stopReason: 'end_turn' }),
      bedrockEvent('metadata', { usage: { inputTokens: 3, outputTokens: 1, totalTokens: 4 } }),
    ];
    const body = Buffer.concat(frames);
    const head = {
      'content-type': 'application/vnd.amazon.eventstream',
      'content-length': String(body.length),
    };
    rig.plays(WIRE, [respond(200, head), pieces(Array.from(body, (_, at) => body.subarray(at, at + 1)))]);
    const final = await rig.openai.chat.completions.stream({ model, messages: HELLO }).finalChatCompletion();
    expect(final.choices[0]?.message.content).toBe('Zürich ✓');
  });

  it('an answer that is no ConverseResponse is malformed', async () => {
    const body = '{"output":{}}';
    const head = { 'content-type': 'application/json', 'content-length': String(body.length) };
    rig.plays(WIRE, [respond(200, head), bytes(body)]);
    await expect(rig.openai.chat.completions.create({ model, messages: HELLO })).rejects.toMatchObject({
      code: 'upstream_malformed',
    });
  });
});

function damaged(): Buffer {
  const frame = Buffer.from(
    bedrockEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'three' } }),
  );
  frame.writeUInt8(frame.readUInt8(frame.length - 12) ^ 1, frame.length - 12);
  return frame;
}

describe('Anthropic SDK before Bedrock', () => {
  const base = { model, max_tokens: 2_000, messages: HELLO };

  it('create and stream give content, stop reason and usage', async () => {
    rig.answers(WIRE, { text: 'Grüezi ✓', usage: USAGE });
    expect(await rig.anthropic.messages.create(base)).toMatchObject({
      content: [{ type: 'text', text: 'Grüezi ✓' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 15, cache_read_input_tokens: 5, output_tokens: 7 },
    });
    expectSigned(await rig.asked(WIRE), `/model/${encodeURIComponent(UPSTREAM_MODEL)}/converse`);
    rig.streams(WIRE, { deltas: ['Grü', 'ezi ✓'], usage: USAGE });
    expect(await rig.anthropic.messages.stream(base).finalMessage()).toMatchObject({
      content: [{ type: 'text', text: 'Grüezi ✓' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 15, output_tokens: 7 },
    });
  });

  it('trap 73 trap 74 reasoning is shown without Bedrock’s signature, and does not go back', async () => {
    rig.streams(WIRE, { reasoning: 'Six times seven.', deltas: ['42'] });
    const { content } = await rig.anthropic.messages
      .stream({ ...base, thinking: { type: 'enabled', budget_tokens: 1_500 } })
      .finalMessage();
    expect(content).toMatchObject([
      { type: 'thinking', thinking: 'Six times seven.', signature: '' },
      { type: 'text', text: '42' },
    ]);
    expect((await rig.asked(WIRE)).json()['additionalModelRequestFields']).toEqual({
      thinking: { type: 'enabled', budget_tokens: 1_500 },
    });
    rig.answers(WIRE, { text: 'Sure.' });
    await rig.anthropic.messages.create({
      ...base,
      messages: [...HELLO, { role: 'assistant', content }, ...HELLO],
    });
    expect((await rig.asked(WIRE)).body.toString()).not.toContain('Six times seven.');
  });

  it('tools and results make the round', async () => {
    rig.streams(WIRE, { deltas: ['Let me see.'], toolCalls: CALLS });
    const tools = [{ name: 'get_weather', input_schema: SCHEMA }];
    const { content, stop_reason: stopReason } = await rig.anthropic.messages
      .stream({ ...base, tools })
      .finalMessage();
    expect(stopReason).toBe('tool_use');
    const results = content.flatMap((block) =>
      block.type === 'tool_use'
        ? [{ type: 'tool_result' as const, tool_use_id: block.id, content: 'rain', is_error: true }]
        : [],
    );
    rig.answers(WIRE, { text: 'Sorry.' });
    await rig.anthropic.messages.create({
      ...base,
      messages: [...HELLO, { role: 'assistant', content }, { role: 'user', content: results }],
      tools,
    });
    const sent = (await rig.asked(WIRE)).json()['messages'] as { content: object[] }[];
    expect(sent[2]?.content).toEqual(
      CALLS.map(({ id }) => ({
        toolResult: { toolUseId: id, content: [{ text: 'rain' }], status: 'error' },
      })),
    );
  });

  it('trap 84 tells the sequence that stopped it', async () => {
    rig.plays(WIRE, [
      respondEventStream(),
      sendEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'a' } }),
      sendEvent('messageStop', {
        stopReason: 'stop_sequence',
        additionalModelResponseFields: { delta: { stop_sequence: 'END' } },
      }),
      sendEvent('metadata', { usage: { inputTokens: 1, outputTokens: 1, totalTokens: 2 } }),
      end(),
    ]);
    expect(
      await rig.anthropic.messages.stream({ ...base, stop_sequences: ['END'] }).finalMessage(),
    ).toMatchObject({
      stop_reason: 'stop_sequence',
      stop_sequence: 'END',
    });
  });

  it('trap 64 an exception inside of a stream throws', async () => {
    rig.plays(WIRE, [
      bedrockStream({ deltas: ['one '], until: 'content' }),
      sendException('serviceUnavailableException', 'busy'),
      stall(),
    ]);
    await expect(rig.anthropic.messages.stream(base).finalMessage()).rejects.toBeInstanceOf(
      Anthropic.APIError,
    );
  });
});

describe('GraphQL before Bedrock', () => {
  const input = { model, messages: [{ role: 'USER', content: 'Hello' }] };

  it('chat gives text, calls, usage and who served it', async () => {
    rig.answers(WIRE, { text: 'Grüezi ✓', reasoning: 'Hm.', toolCalls: CALLS, usage: USAGE });
    const { json } = await graph(CHAT, input);
    expect(json.errors).toBeUndefined();
    expect(json.data?.['chat']).toMatchObject({
      text: 'Grüezi ✓',
      reasoning: 'Hm.',
      finishReason: 'TOOL_CALLS',
      toolCalls: CALLS,
      usage: { inputTokens: 20, outputTokens: 7, totalTokens: 27, cachedInputTokens: 5 },
      servedBy: {
        connection: 'aws',
        provider: 'bedrock',
        model: UPSTREAM_MODEL,
        protocol: WIRE,
        attempts: 1,
      },
    });
    expectSigned(await rig.asked(WIRE), `/model/${encodeURIComponent(UPSTREAM_MODEL)}/converse`);
  });

  it('chatStream gives deltas and the whole at the end', async () => {
    rig.streams(WIRE, { reasoning: 'Hm.', deltas: ['Grü', 'ezi ✓'], toolCalls: CALLS.slice(0, 1) });
    const { text } = await graph(CHAT_STREAM, input, { accept: 'text/event-stream' });
    const events = eventsOf(text).results.map(({ data }) => data?.['chatStream'] as Record<string, unknown>);
    expect(events.map((event) => event['__typename'])).toContain('ChatReasoningDelta');
    expect(events.at(-1)).toMatchObject({
      __typename: 'ChatCompleted',
      completion: { text: 'Grüezi ✓', finishReason: 'TOOL_CALLS' },
    });
  });

  it('chatStream of a broken stream is an error, not a completion', async () => {
    rig.plays(WIRE, [bedrockStream({ deltas: ['one '], until: 'content' }), fin()]);
    const { text } = await graph(CHAT_STREAM, input, { accept: 'text/event-stream' });
    const { results } = eventsOf(text);
    expect(JSON.stringify(results)).not.toContain('ChatCompleted');
    expect(results.at(-1)?.errors?.[0]?.extensions).toMatchObject({ code: 'upstream_interrupted' });
  });

  it('a stream without metadata is complete, its usage is not known', async () => {
    rig.plays(WIRE, [
      bedrockStream({ deltas: ['one'], until: 'content' }),
      bedrockEnd('end_turn', null),
      end(),
    ]);
    const { text } = await graph(CHAT_STREAM, input, { accept: 'text/event-stream' });
    expect(JSON.stringify(eventsOf(text).results.at(-1))).toContain('"text":"one","finishReason":"STOP"');
  });
});
