import { Cohere, CohereError } from 'cohere-ai';
import { describe, expect, it } from 'vitest';
import { COHERE_MODELS, COHERE_WIRES, type CohereWire, useCohereRig } from '../support/cohere-rig.ts';
import { anthropicError, anthropicStream } from '../support/fake-upstream-anthropic.ts';
import { cohereError, cohereEvent, cohereStream } from '../support/fake-upstream-cohere.ts';
import type { Script } from '../support/fake-upstream-exchange.ts';
import { openaiError, openaiStream } from '../support/fake-upstream-openai.ts';
import { end, fin, respondStream } from '../support/fake-upstream-steps.ts';

const rig = useCohereRig();
const USAGE = { inputTokens: 20, outputTokens: 7, cachedInputTokens: 5 };
const HELLO: Cohere.ChatMessages = [{ role: 'user', content: 'Hello' }];
const WEATHER: Cohere.ToolV2 = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'Weather of a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
};
const TWO_CALLS = [
  { id: 'call_1', name: 'get_weather', arguments: '{"city":"Basel"}' },
  { id: 'call_2', name: 'get_weather', arguments: '{"city":"Zürich"}' },
];

interface Heard {
  readonly types: string[];
  text: string;
  thinking: string;
  plan: string;
  readonly calls: { id: string; name: string; arguments: string }[];
  end: Cohere.ChatMessageEndEventDelta | undefined;
}

/** What a client makes of the events, as the vendor's documentation shows it. */
async function hear(
  stream: AsyncIterable<Cohere.V2ChatStreamResponse>,
  heard: Heard = nothing(),
): Promise<Heard> {
  for await (const event of stream) {
    heard.types.push(event.type);
    if (event.type === 'content-delta') {
      heard.text += event.delta?.message?.content?.text ?? '';
      heard.thinking += event.delta?.message?.content?.thinking ?? '';
    } else if (event.type === 'tool-plan-delta') heard.plan += event.delta?.message?.toolPlan ?? '';
    else if (event.type === 'tool-call-start') {
      const call = event.delta?.message?.toolCalls;
      heard.calls[event.index ?? 0] = {
        id: call?.id ?? '',
        name: call?.function?.name ?? '',
        arguments: call?.function?.arguments ?? '',
      };
    } else if (event.type === 'tool-call-delta') {
      const call = heard.calls[event.index ?? 0];
      if (call !== undefined) call.arguments += event.delta?.message?.toolCalls?.function?.arguments ?? '';
    } else if (event.type === 'message-end') heard.end = event.delta;
  }
  return heard;
}
const nothing = (): Heard => ({ types: [], text: '', thinking: '', plan: '', calls: [], end: undefined });

describe.each(COHERE_WIRES)('cohere-ai before an %s upstream', (wire) => {
  const model = COHERE_MODELS[wire];
  const isByteLane = wire === 'cohere-chat';

  it('chat gives content, finish reason and usage, and the record says the same', async () => {
    rig.answers(wire, { text: 'Grüezi ✓', usage: USAGE });
    const { data, rawResponse } = await rig.cohere.chat({ model, messages: HELLO }).withRawResponse();
    expect(data).toMatchObject({
      finishReason: 'COMPLETE',
      message: { role: 'assistant', content: [{ type: 'text', text: 'Grüezi ✓' }] },
      usage: { tokens: { inputTokens: 20, outputTokens: 7 }, cachedTokens: 5 },
    });
    expect(data.id).not.toBe('');
    expect(await rig.record(rawResponse.headers.get('x-sluice-call-id'))).toMatchObject({
      outcome: 'succeeded',
      lane: isByteLane ? 'byte' : 'block',
      caller_protocol: 'cohere-chat',
      target_protocol: wire,
      input_tokens: 20,
      output_tokens: 7,
      cached_input_tokens: 5,
      usage_source: 'provider',
      finish_reason: 'stop',
    });
  });

  it('settings, turns and images arrive in the form of the upstream', async () => {
    rig.answers(wire, { text: 'A pixel' });
    await rig.cohere.chat({
      model,
      maxTokens: 50,
      temperature: 0.3,
      p: 0.6,
      stopSequences: ['END'],
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Hello' },
        { role: 'assistant', content: 'Hello!' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image_url', imageUrl: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
          ],
        },
      ],
    });
    const { body, path } = await sentTo(wire);
    expect(body['model']).toBe('upstream-model');
    expect(JSON.stringify(body)).toContain('iVBORw0KGgo=');
    expect(JSON.stringify(body)).toContain('Be brief.');
    const settings = {
      'cohere-chat': { max_tokens: 50, p: 0.6, stop_sequences: ['END'] },
      'openai-chat': { max_tokens: 50, top_p: 0.6, stop: ['END'] },
      'anthropic-messages': { max_tokens: 50, temperature: 0.3, stop_sequences: ['END'] },
    }[wire];
    expect(body).toMatchObject(settings);
    expect(path).toBe(
      {
        'cohere-chat': '/v2/chat',
        'openai-chat': '/v1/chat/completions',
        'anthropic-messages': '/v1/messages',
      }[wire],
    );
  });

  it('a stream has the events of the protocol in their order, with usage at the end', async () => {
    rig.streams(wire, { deltas: ['Grü', 'ezi ', '✓'], usage: USAGE });
    const { data, rawResponse } = await rig.cohere.chatStream({ model, messages: HELLO }).withRawResponse();
    const heard = await hear(data);
    expect(heard.types).toEqual([
      'message-start',
      'content-start',
      'content-delta',
      'content-delta',
      'content-delta',
      'content-end',
      'message-end',
    ]);
    expect(heard.text).toBe('Grüezi ✓');
    expect(heard.end).toMatchObject({
      finishReason: 'COMPLETE',
      usage: { tokens: { inputTokens: 20, outputTokens: 7 }, cachedTokens: 5 },
    });
    expect(await rig.record(rawResponse.headers.get('x-sluice-call-id'))).toMatchObject({
      outcome: 'succeeded',
      input_tokens: 20,
      output_tokens: 7,
      is_stream: true,
    });
  });

  it('an answer cut by its token limit says MAX_TOKENS', async () => {
    const reason = {
      'cohere-chat': 'MAX_TOKENS',
      'openai-chat': 'length',
      'anthropic-messages': 'max_tokens',
    }[wire];
    rig.answers(wire, { text: 'one two', finishReason: reason });
    expect((await rig.cohere.chat({ model, messages: HELLO, maxTokens: 2 })).finishReason).toBe('MAX_TOKENS');
  });

  it('parallel tool calls come whole, and their results reach the upstream in order', async () => {
    rig.answers(wire, { text: '', toolCalls: TWO_CALLS }, { text: 'Rain in both.' });
    const first = await rig.cohere.chat({ model, messages: HELLO, tools: [WEATHER], toolChoice: 'REQUIRED' });
    expect(first.finishReason).toBe('TOOL_CALL');
    expect(first.message.toolCalls).toMatchObject(
      TWO_CALLS.map((call) => ({ id: call.id, type: 'function', function: { name: call.name } })),
    );
    expect(first.message.toolCalls?.map((call) => JSON.parse(call.function?.arguments ?? ''))).toEqual([
      { city: 'Basel' },
      { city: 'Zürich' },
    ]);
    const forced = {
      'cohere-chat': 'REQUIRED',
      'openai-chat': 'required',
      'anthropic-messages': { type: 'any' },
    }[wire];
    expect((await sentTo(wire)).body['tool_choice']).toEqual(forced);
    const results: Cohere.ChatMessages = (first.message.toolCalls ?? []).map((call, at) => ({
      role: 'tool',
      toolCallId: call.id,
      content: [{ type: 'document', document: { data: { weather: `rain ${at}` } } }],
    }));
    const { toolCalls, toolPlan } = first.message;
    const assistant: Cohere.ChatMessageV2.Assistant = {
      role: 'assistant',
      ...(toolCalls === undefined ? {} : { toolCalls }),
      ...(toolPlan === undefined ? {} : { toolPlan }),
    };
    const second = await rig.cohere.chat({
      model,
      tools: [WEATHER],
      messages: [...HELLO, assistant, ...results],
    });
    expect(second.message.content).toEqual([{ type: 'text', text: 'Rain in both.' }]);
    expect(JSON.stringify((await sentTo(wire, 2)).body)).toMatch(
      /call_1.*call_2.*rain 0.*call_2.*rain 1|call_1.*call_2.*call_1.*rain 0.*call_2.*rain 1/,
    );
  });

  it('parallel tool calls in a stream come one after the other, behind the text', async () => {
    rig.streams(wire, { deltas: ['Let me look.'], toolCalls: TWO_CALLS });
    const heard = await hear(await rig.cohere.chatStream({ model, messages: HELLO, tools: [WEATHER] }));
    expect(heard.text).toBe('Let me look.');
    expect(heard.calls).toEqual(TWO_CALLS);
    expect(heard.end?.finishReason).toBe('TOOL_CALL');
  });

  it('thinking comes as thinking, whole and streamed', async () => {
    rig.answers(wire, { text: '42', reasoning: 'Six times seven.' });
    const thinking: Cohere.Thinking = { type: 'enabled', tokenBudget: 2_000 };
    const answer = await rig.cohere.chat({ model, messages: HELLO, thinking, maxTokens: 4_000 });
    expect(answer.message.content).toEqual([
      { type: 'thinking', thinking: 'Six times seven.' },
      { type: 'text', text: '42' },
    ]);
    rig.streams(wire, { deltas: ['4', '2'], reasoning: 'Six times seven.' });
    const heard = await hear(
      await rig.cohere.chatStream({ model, messages: HELLO, thinking, maxTokens: 4_000 }),
    );
    expect(heard).toMatchObject({ thinking: 'Six times seven.', text: '42' });
  });

  it('structured output reaches the upstream as its own kind', async () => {
    const schema = { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] };
    rig.answers(wire, { text: '{"name":"Ada"}' });
    const answer = await rig.cohere.chat({
      model,
      messages: [{ role: 'user', content: 'Who? Answer in JSON.' }],
      responseFormat: { type: 'json_object', jsonSchema: schema },
    });
    const [part] = answer.message.content ?? [];
    expect(JSON.parse(part?.type === 'text' ? part.text : '')).toEqual({ name: 'Ada' });
    const { body } = await sentTo(wire);
    const place = {
      'cohere-chat': 'response_format',
      'openai-chat': 'response_format',
      'anthropic-messages': 'output_config',
    }[wire];
    expect(JSON.stringify(body[place])).toContain('"name":{"type":"string"');
  });

  it('documents are there to answer from', async () => {
    rig.answers(wire, { text: 'It costs 3.' });
    await rig.cohere.chat({
      model,
      messages: HELLO,
      documents: ['Plain words.', { id: 'd', data: { title: 'Prices', snippet: 'A costs 3.' } }],
    });
    const text = JSON.stringify((await sentTo(wire)).body);
    expect(text).toContain('Plain words.');
    expect(text).toContain('A costs 3.');
  });

  it('a caller who leaves in mid-stream cancels the upstream', async () => {
    const stall: Script = (exchange) => exchange.stall();
    rig.streams(wire, { deltas: ['Hel', 'lo'], before: (at) => (at === 1 ? stall : undefined) });
    const leaving = new AbortController();
    const stream = await rig.cohere.chatStream({ model, messages: HELLO }, { abortSignal: leaving.signal });
    const read = async () => {
      for await (const event of stream) if (event.type === 'content-delta') leaving.abort();
    };
    await expect(read()).rejects.toThrow();
    const { peerClosed } = await rig.asked(wire);
    expect(await peerClosed).toBeGreaterThan(0);
  });

  it('trap 64 a stream that breaks off throws, and what ends it says ERROR', async () => {
    const make = {
      'cohere-chat': cohereStream,
      'openai-chat': openaiStream,
      'anthropic-messages': anthropicStream,
    }[wire];
    rig.plays(wire, [make({ deltas: ['Hel', 'lo'], until: 'content' }), fin()]);
    const { data, rawResponse } = await rig.cohere.chatStream({ model, messages: HELLO }).withRawResponse();
    const heard = nothing();
    await expect(hear(data, heard)).rejects.toThrow();
    expect(heard.text).toBe('Hello');
    expect(heard.end).toMatchObject({
      finishReason: 'ERROR',
      error: expect.stringContaining('broke off') as string,
    });
    expect(await rig.record(rawResponse.headers.get('x-sluice-call-id'))).toMatchObject({
      outcome: 'interrupted',
      error_code: 'upstream_interrupted',
    });
  });

  it.each([
    [400, Cohere.BadRequestError, 'upstream_invalid_request'],
    [401, CohereError, 'upstream_credential'],
    [404, Cohere.NotFoundError, 'upstream_model_unavailable'],
    [429, Cohere.TooManyRequestsError, 'upstream_rate_limited'],
    [500, CohereError, 'upstream_error'],
    [503, CohereError, 'upstream_error'],
  ])('the upstream answers %i: the client throws its class', async (status, errorClass, code) => {
    const errors = {
      'cohere-chat': cohereError(status, 'no'),
      'openai-chat': openaiError(status, 'no'),
      'anthropic-messages': anthropicError(status, 'api_error', 'no'),
    };
    rig.plays(wire, errors[wire]);
    const error = await failureOf(rig.cohere.chat({ model, messages: HELLO }));
    expect(error).toBeInstanceOf(errorClass);
    expect(error.body).toMatchObject({ message: expect.any(String) as string });
    const record = await rig.record(error.rawResponse?.headers.get('x-sluice-call-id'));
    expect(record).toMatchObject({ outcome: 'failed', error_code: code });
  });
});

describe('cohere-ai before its own vendor', () => {
  const model = COHERE_MODELS['cohere-chat'];

  it('trap 124 citations come through as they are', async () => {
    const source = { type: 'document', id: 'd', document: { id: 'd', title: 'T' } };
    const citation = { start: 0, end: 2, text: 'Hi', sources: [source], type: 'TEXT_CONTENT' };
    rig.plays('cohere-chat', [
      respondStream(),
      cohereEvent('message-start', { id: 'x', delta: { message: { role: 'assistant' } } }),
      cohereEvent('content-start', { index: 0, delta: { message: { content: { type: 'text', text: '' } } } }),
      cohereEvent('content-delta', { index: 0, delta: { message: { content: { text: 'Hi' } } } }),
      cohereEvent('citation-start', { index: 0, delta: { message: { citations: citation } } }),
      cohereEvent('citation-end', { index: 0 }),
      cohereEvent('content-end', { index: 0 }),
      cohereEvent('message-end', { delta: { finish_reason: 'COMPLETE' } }),
      end(),
    ]);
    const found: unknown[] = [];
    for await (const event of await rig.cohere.chatStream({ model, messages: HELLO })) {
      if (event.type === 'citation-start') found.push(event.delta?.message?.citations);
    }
    expect(found).toMatchObject([{ start: 0, end: 2, text: 'Hi', sources: [{ type: 'document', id: 'd' }] }]);
  });

  it('trap 54 a plan comes as tool-plan-delta, and goes back to the vendor', async () => {
    rig.streams('cohere-chat', { deltas: [], reasoning: 'I will look.', toolCalls: TWO_CALLS });
    const heard = await hear(await rig.cohere.chatStream({ model, messages: HELLO, tools: [WEATHER] }));
    expect(heard.plan).toBe('I will look.');
  });

  it('a message that ends with ERROR at the vendor never looks whole', async () => {
    rig.plays('cohere-chat', [
      respondStream(),
      cohereEvent('message-start', { id: 'x', delta: { message: { role: 'assistant' } } }),
      cohereEvent('content-delta', { index: 0, delta: { message: { content: { text: 'Hi' } } } }),
      cohereEvent('message-end', { delta: { finish_reason: 'ERROR', error: 'model crashed' } }),
      end(),
    ]);
    const heard = nothing();
    const stream = await rig.cohere.chatStream({ model, messages: HELLO });
    await expect(hear(stream, heard)).rejects.toThrow();
    expect(heard.end?.finishReason).toBe('ERROR');
  });

  it('what the vendor refuses is told in the vendor’s own words', async () => {
    rig.plays('cohere-chat', cohereError(422, 'too many tokens: size limit exceeded'));
    const error = await failureOf(rig.cohere.chat({ model, messages: HELLO }));
    expect(error).toBeInstanceOf(Cohere.UnprocessableEntityError);
    expect(error.body).toEqual({ id: 'co-fake', message: 'too many tokens: size limit exceeded' });
  });

  it('trap 117 Retry-After is passed on', async () => {
    rig.plays('cohere-chat', cohereError(429, 'slow down', { 'retry-after': '7' }));
    const error = await failureOf(rig.cohere.chat({ model, messages: HELLO }));
    expect(error.rawResponse?.headers.get('retry-after')).toBe('7');
  });
});

describe('cohere-ai: what the gateway refuses itself', () => {
  it('a wrong key is an UnauthorizedError', async () => {
    const error = await failureOf(rig.cohereWith('wrong').chat({ model: 'command', messages: HELLO }));
    expect(error).toBeInstanceOf(Cohere.UnauthorizedError);
    expect(error.body).toMatchObject({ code: 'invalid_key', id: expect.any(String) as string });
  });

  it('an unknown model is a NotFoundError with the name in its message', async () => {
    const error = await failureOf(rig.cohere.chat({ model: 'no-such-model', messages: HELLO }));
    expect(error).toBeInstanceOf(Cohere.NotFoundError);
    expect(error.body).toMatchObject({ message: expect.stringContaining('no-such-model') as string });
  });

  it('a bad field is a BadRequestError that names it', async () => {
    const messages = [{ role: 'wizard', content: 'x' }] as unknown as Cohere.ChatMessages;
    const error = await failureOf(rig.cohere.chat({ model: 'gpt', messages }));
    expect(error).toBeInstanceOf(Cohere.BadRequestError);
    expect(error.body).toMatchObject({ code: 'invalid_request', param: 'messages[0].role' });
  });
});

async function sentTo(wire: CohereWire, count = 1) {
  const entry = await rig.asked(wire, count);
  return { body: entry.json(), path: entry.path };
}

async function failureOf(promise: PromiseLike<unknown>): Promise<CohereError> {
  const error: unknown = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof CohereError)) throw new Error(`no CohereError: ${String(error)}`);
  return error;
}
