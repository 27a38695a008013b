import {
  AccessDeniedException,
  BedrockRuntimeClient,
  ConverseCommand,
  type ConverseCommandInput,
  ConverseStreamCommand,
  type ConverseStreamOutput,
  InternalServerException,
  ResourceNotFoundException,
  ServiceUnavailableException,
  ThrottlingException,
  ValidationException,
} from '@aws-sdk/client-bedrock-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { describe, expect, it } from 'vitest';
import {
  BEDROCK_MODELS,
  BEDROCK_WIRES,
  bedrockClient,
  UPSTREAM_MODEL,
  useBedrockRig,
} from '../support/bedrock-rig.ts';
import { APP_KEY } from '../support/config.ts';
import { anthropicError, anthropicStream } from '../support/fake-upstream-anthropic.ts';
import { bedrockError, bedrockStream, sendException } from '../support/fake-upstream-bedrock.ts';
import { openaiError, openaiStream } from '../support/fake-upstream-openai.ts';
import { fin, stall } from '../support/fake-upstream-steps.ts';

const rig = useBedrockRig();
const USAGE = { inputTokens: 20, outputTokens: 7, cachedInputTokens: 5 };
const HELLO: ConverseCommandInput['messages'] = [{ role: 'user', content: [{ text: 'Hello' }] }];
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);
const CALLS = [
  { id: 'call_1', name: 'get_weather', arguments: '{"city":"Basel"}' },
  { id: 'call_2', name: 'get_weather', arguments: '{"city":"Zürich"}' },
];
const TOOLS: ConverseCommandInput['toolConfig'] = {
  tools: [
    {
      toolSpec: {
        name: 'get_weather',
        inputSchema: { json: { type: 'object', properties: { city: { type: 'string' } } } },
      },
    },
  ],
};

async function collect(stream: AsyncIterable<ConverseStreamOutput> | undefined) {
  const events: ConverseStreamOutput[] = [];
  let text = '';
  try {
    for await (const event of stream ?? []) {
      events.push(event);
      text += event.contentBlockDelta?.delta?.text ?? '';
    }
  } catch (failure) {
    return { events, text, failure };
  }
  return { events, text, failure: null };
}
const STREAM_OF = {
  'bedrock-converse': bedrockStream,
  'openai-chat': openaiStream,
  'anthropic-messages': anthropicStream,
} as const;
const thrown = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    () => {
      throw new Error('nothing was thrown');
    },
    (error: Error) => error,
  );

describe.each(BEDROCK_WIRES)('AWS SDK before a %s upstream', (wire) => {
  const modelId = BEDROCK_MODELS[wire];
  const isByteLane = wire === 'bedrock-converse';

  it('Converse gives content, stop reason and usage, and the record says the same', async () => {
    rig.answers(wire, { text: 'Grüezi ✓', usage: USAGE });
    const answer = await rig.aws.send(
      new ConverseCommand({ modelId, messages: HELLO, inferenceConfig: { maxTokens: 99 } }),
    );
    expect(answer.output?.message).toEqual({ role: 'assistant', content: [{ text: 'Grüezi ✓' }] });
    expect(answer.stopReason).toBe('end_turn');
    expect(answer.usage).toMatchObject({
      inputTokens: 15,
      outputTokens: 7,
      totalTokens: 27,
      cacheReadInputTokens: 5,
    });
    expect(await rig.record(answer.$metadata.requestId)).toMatchObject({
      outcome: 'succeeded',
      lane: isByteLane ? 'byte' : 'block',
      caller_protocol: 'bedrock-converse',
      target_protocol: wire,
      model_asked: modelId,
      is_stream: false,
      input_tokens: 20,
      output_tokens: 7,
      cached_input_tokens: 5,
      usage_source: 'provider',
      finish_reason: 'stop',
    });
    const sent = await rig.asked(wire);
    if (isByteLane) expect(sent.json()).toEqual({ messages: HELLO, inferenceConfig: { maxTokens: 99 } });
    else expect(JSON.stringify(sent.json())).toMatch(/"max_(completion_)?tokens":99/);
  });

  it('ConverseStream gives the events in order, usage last', async () => {
    rig.streams(wire, { deltas: ['Grü', 'ezi ', '✓'], usage: USAGE });
    const answer = await rig.aws.send(new ConverseStreamCommand({ modelId, messages: HELLO }));
    const { events, text, failure } = await collect(answer.stream);
    expect(failure).toBeNull();
    expect(text).toBe('Grüezi ✓');
    expect(events.map((event) => Object.keys(event)[0])).toEqual([
      'messageStart',
      'contentBlockDelta',
      'contentBlockDelta',
      'contentBlockDelta',
      'contentBlockStop',
      'messageStop',
      'metadata',
    ]);
    expect(events.at(-2)?.messageStop?.stopReason).toBe('end_turn');
    expect(events.at(-1)?.metadata?.usage).toMatchObject({
      inputTokens: 15,
      outputTokens: 7,
      totalTokens: 27,
    });
    expect(await rig.record(answer.$metadata.requestId)).toMatchObject({
      outcome: 'succeeded',
      lane: isByteLane ? 'byte' : 'block',
      is_stream: true,
      input_tokens: 20,
      output_tokens: 7,
      usage_source: 'provider',
      finish_reason: 'stop',
    });
  });

  it('parallel tool calls, and their results on the way back', async () => {
    rig.answers(wire, { text: '', toolCalls: CALLS, usage: USAGE });
    const first = await rig.aws.send(new ConverseCommand({ modelId, messages: HELLO, toolConfig: TOOLS }));
    expect(first.stopReason).toBe('tool_use');
    const content = first.output?.message?.content ?? [];
    expect(content.map(({ toolUse }) => [toolUse?.name, toolUse?.input])).toEqual([
      ['get_weather', { city: 'Basel' }],
      ['get_weather', { city: 'Zürich' }],
    ]);
    rig.answers(wire, { text: 'Rain in both.' });
    const results = content.map(({ toolUse }) => ({
      toolResult: { toolUseId: toolUse?.toolUseId, content: [{ json: { weather: 'rain' } }] },
    }));
    const second = await rig.aws.send(
      new ConverseCommand({
        modelId,
        messages: [...(HELLO ?? []), { role: 'assistant', content }, { role: 'user', content: results }],
        toolConfig: TOOLS,
      }),
    );
    expect(second.output?.message?.content).toEqual([{ text: 'Rain in both.' }]);
    const sent = JSON.stringify((await rig.asked(wire)).json());
    for (const { toolUse } of content) expect(sent.split(`"${toolUse?.toolUseId}"`)).toHaveLength(3);
    expect(sent).toContain('rain');
  });

  it('streamed tool calls stay apart', async () => {
    rig.streams(wire, { deltas: ['Let me see.'], toolCalls: CALLS, usage: USAGE });
    const answer = await rig.aws.send(
      new ConverseStreamCommand({ modelId, messages: HELLO, toolConfig: TOOLS }),
    );
    const { events } = await collect(answer.stream);
    const inputs = new Map<number | undefined, string>();
    for (const { contentBlockDelta: delta } of events) {
      const piece = delta?.delta?.toolUse?.input;
      const at = delta?.contentBlockIndex;
      if (piece !== undefined) inputs.set(at, (inputs.get(at) ?? '') + piece);
    }
    expect([...inputs.values()].map((input) => JSON.parse(input) as object)).toEqual([
      { city: 'Basel' },
      { city: 'Zürich' },
    ]);
    expect(events.flatMap(({ contentBlockStart: start }) => start?.start?.toolUse?.name ?? [])).toEqual([
      'get_weather',
      'get_weather',
    ]);
    expect(events.find((event) => event.messageStop)?.messageStop?.stopReason).toBe('tool_use');
  });

  it('system, images and settings arrive in the form of the upstream', async () => {
    rig.answers(wire, { text: 'A pixel' });
    await rig.aws.send(
      new ConverseCommand({
        modelId,
        system: [{ text: 'Be brief.' }],
        messages: [
          {
            role: 'user',
            content: [{ text: 'What is this?' }, { image: { format: 'png', source: { bytes: PIXEL } } }],
          },
        ],
        inferenceConfig: { temperature: 0.25, stopSequences: ['END'] },
      }),
    );
    const sent = JSON.stringify((await rig.asked(wire)).json());
    for (const part of ['Be brief.', 'What is this?', PIXEL.toString('base64'), '0.25', 'END']) {
      expect(sent).toContain(part);
    }
  });

  it('trap 64 a stream that breaks off throws, and is recorded as interrupted', async () => {
    rig.plays(wire, [STREAM_OF[wire]({ deltas: ['one ', 'two '], until: 'content' }), fin()]);
    const answer = await rig.aws.send(new ConverseStreamCommand({ modelId, messages: HELLO }));
    const { text, failure, events } = await collect(answer.stream);
    expect(text).toBe('one two ');
    expect(failure).toBeInstanceOf(Error);
    expect((failure as Error).name).toBe('ModelStreamErrorException');
    expect(events.some((event) => event.messageStop !== undefined)).toBe(false);
    expect(await rig.record(answer.$metadata.requestId)).toMatchObject({
      outcome: 'interrupted',
      error_code: 'upstream_interrupted',
    });
  });
});

describe('AWS SDK: errors', () => {
  const modelId = BEDROCK_MODELS['bedrock-converse'];
  const ask = (client: BedrockRuntimeClient = rig.aws) =>
    thrown(client.send(new ConverseCommand({ modelId, messages: HELLO })));

  it.each([
    [bedrockError(429, 'ThrottlingException', 'Too many requests'), ThrottlingException, 429],
    [
      bedrockError(400, 'ValidationException', 'Input is too long for requested model.'),
      ValidationException,
      400,
    ],
    [bedrockError(503, 'ServiceUnavailableException', 'busy'), ServiceUnavailableException, 503],
    [bedrockError(500, 'InternalServerException', 'broken'), InternalServerException, 502],
    [bedrockError(404, 'ResourceNotFoundException', 'no such model'), ResourceNotFoundException, 404],
  ])('trap 115 an error of Bedrock is the SDK’s own class', async (script, errorClass, status) => {
    rig.plays('bedrock-converse', script);
    const error = await ask();
    expect(error).toBeInstanceOf(errorClass);
    expect(error).toMatchObject({ $metadata: { httpStatusCode: status } });
  });

  it('trap 115 errors of other upstreams are the SDK’s own classes too', async () => {
    rig.plays('openai-chat', openaiError(429, 'slow down'));
    const model = (wire: 'openai-chat' | 'anthropic-messages') =>
      thrown(rig.aws.send(new ConverseCommand({ modelId: BEDROCK_MODELS[wire], messages: HELLO })));
    expect(await model('openai-chat')).toBeInstanceOf(ThrottlingException);
    rig.plays('anthropic-messages', anthropicError(529, 'overloaded_error', 'Overloaded'));
    expect(await model('anthropic-messages')).toBeInstanceOf(ServiceUnavailableException);
  });

  it('the upstream’s own words reach the caller where the request is at fault', async () => {
    rig.plays(
      'bedrock-converse',
      bedrockError(400, 'ValidationException', 'Input is too long for requested model.'),
    );
    expect((await ask()).message).toBe('Input is too long for requested model.');
  });

  it('a wrong key, no key and a signature are AccessDeniedException, the last with how to do better', async () => {
    expect(await ask(rig.awsWith('sk-wrong-0123456789'))).toBeInstanceOf(AccessDeniedException);
    const signing = new BedrockRuntimeClient({
      endpoint: rig.gateway.baseUrl,
      region: 'us-east-1',
      credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: APP_KEY },
      requestHandler: new NodeHttpHandler(),
      maxAttempts: 1,
    });
    const error = await ask(signing);
    signing.destroy();
    expect(error).toBeInstanceOf(AccessDeniedException);
    expect(error.message).toContain('httpBearerAuth');
    expect(error).toMatchObject({ $metadata: { httpStatusCode: 401 } });
    const response = await fetch(`${rig.gateway.baseUrl}/model/m/converse`, { method: 'POST', body: '{}' });
    expect(response.headers.get('x-amzn-errortype')).toBe('AccessDeniedException');
  });

  it('an unknown model and a wrong request are told before anything is sent', async () => {
    rig.answers('openai-chat', { text: 'never' });
    const unknown = await thrown(rig.aws.send(new ConverseCommand({ modelId: 'no-such', messages: HELLO })));
    expect(unknown).toBeInstanceOf(ResourceNotFoundException);
    const wrong = await thrown(
      rig.aws.send(
        new ConverseCommand({
          modelId: BEDROCK_MODELS['openai-chat'],
          messages: HELLO,
          inferenceConfig: { temperature: 3 },
        }),
      ),
    );
    expect(wrong).toBeInstanceOf(ValidationException);
    expect(wrong.message).toContain('inferenceConfig.temperature');
    expect(rig.upstreams['openai-chat'].requests).toHaveLength(0);
  });

  it('paths that nothing answers, and other methods, have Bedrock’s envelope', async () => {
    const headers = { authorization: `Bearer ${APP_KEY}` };
    const invoke = await fetch(`${rig.gateway.baseUrl}/model/m/invoke`, {
      method: 'POST',
      headers,
      body: '{}',
    });
    expect([invoke.status, invoke.headers.get('x-amzn-errortype')]).toEqual([
      404,
      'ResourceNotFoundException',
    ]);
    const get = await fetch(`${rig.gateway.baseUrl}/model/m/converse`, { headers });
    expect([get.status, get.headers.get('x-amzn-errortype')]).toEqual([405, 'ValidationException']);
    expect(Object.keys((await get.json()) as object)).toContain('message');
  });

  it('trap 39 trap 64 an exception inside of a stream is thrown as what it is', async () => {
    rig.plays('bedrock-converse', [
      bedrockStream({ deltas: ['one '], until: 'content' }),
      sendException('throttlingException', 'too fast'),
      stall(),
    ]);
    const answer = await rig.aws.send(new ConverseStreamCommand({ modelId, messages: HELLO }));
    const { text, failure } = await collect(answer.stream);
    expect(text).toBe('one ');
    expect(failure).toBeInstanceOf(ThrottlingException);
    expect(await rig.record(answer.$metadata.requestId)).toMatchObject({
      outcome: 'interrupted',
      error_code: 'upstream_rate_limited',
    });
  });

  it('an exception before any content goes to another target, unseen', async () => {
    rig.plays('bedrock-converse', [
      bedrockStream({ deltas: [], until: 'content' }),
      sendException('serviceUnavailableException', 'busy'),
      stall(),
    ]);
    rig.upstreams['openai-chat'].answer(openaiStream({ deltas: ['from ', 'another'] }));
    const answer = await rig.aws.send(new ConverseStreamCommand({ modelId: 'first-aws', messages: HELLO }));
    expect(await collect(answer.stream)).toMatchObject({ text: 'from another', failure: null });
    expect(await rig.record(answer.$metadata.requestId)).toMatchObject({ outcome: 'succeeded' });
  });
});

describe('AWS SDK: the model in the path', () => {
  it('trap 128 trap 130 an ARN with colons and slashes arrives, and goes on, encoded', async () => {
    rig.answers('bedrock-converse', { text: 'Hi' });
    const arn =
      'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0';
    const answer = await rig.aws.send(new ConverseCommand({ modelId: `aws/${arn}`, messages: HELLO }));
    expect(answer.output?.message?.content).toEqual([{ text: 'Hi' }]);
    expect((await rig.asked('bedrock-converse')).path).toBe(`/model/${encodeURIComponent(arn)}/converse`);
    expect(await rig.record(answer.$metadata.requestId)).toMatchObject({ model_asked: `aws/${arn}` });
  });

  it('a path that people have typed, with slashes in it, works as well', async () => {
    rig.answers('bedrock-converse', { text: 'Hi' });
    const response = await fetch(`${rig.gateway.baseUrl}/model/aws/${UPSTREAM_MODEL}/converse`, {
      method: 'POST',
      headers: { authorization: `Bearer ${APP_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ messages: HELLO }),
    });
    expect(response.status).toBe(200);
  });
});

describe('AWS SDK: leaving', () => {
  it('a caller who leaves in mid-stream cancels the upstream', async () => {
    rig.plays('bedrock-converse', [bedrockStream({ deltas: ['one '], until: 'content' }), stall()]);
    const abort = new AbortController();
    const client = bedrockClient(rig.gateway.baseUrl, APP_KEY);
    const command = new ConverseStreamCommand({
      modelId: BEDROCK_MODELS['bedrock-converse'],
      messages: HELLO,
    });
    const answer = await client.send(command, { abortSignal: abort.signal });
    const entry = await rig.asked('bedrock-converse');
    for await (const event of answer.stream ?? []) if (event.contentBlockDelta !== undefined) break;
    client.destroy();
    await entry.peerClosed;
    expect(await rig.record(answer.$metadata.requestId)).toMatchObject({ outcome: 'cancelled' });
  });
});
