import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { streamThen } from '../support/call.ts';
import { anthropicError } from '../support/fake-upstream-anthropic.ts';
import { openaiError } from '../support/fake-upstream-openai.ts';
import { bytes, fin, json, respond } from '../support/fake-upstream-steps.ts';
import { MODEL_OF, useSdkRig, WIRES } from '../support/sdk-rig.ts';

const rig = useSdkRig();
const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
const USAGE = { inputTokens: 20, outputTokens: 7, cachedInputTokens: 5 };
const PAGE = '<h1>Hello</h1>';
const respondHtml = [respond(200, { 'content-length': String(PAGE.length) }), bytes(PAGE)];
const HELLO = [{ role: 'user' as const, content: 'Hello' }];

describe.each(WIRES)('openai SDK before an %s upstream', (wire) => {
  const model = MODEL_OF[wire];
  const isByteLane = wire === 'openai-chat';

  it('create gives text, finish reason and usage, and the record says the same', async () => {
    rig.answers(wire, { text: 'Grüezi ✓', usage: USAGE });
    const { data, response } = await rig.openai.chat.completions
      .create({ model, messages: HELLO, max_completion_tokens: 50, temperature: 0.2 })
      .withResponse();
    expect(data.object).toBe('chat.completion');
    expect(data.choices).toHaveLength(1);
    expect(data.choices[0]).toMatchObject({
      finish_reason: 'stop',
      message: { role: 'assistant', content: 'Grüezi ✓', refusal: null },
    });
    expect(data.usage).toMatchObject({
      prompt_tokens: 20,
      completion_tokens: 7,
      total_tokens: 27,
      prompt_tokens_details: { cached_tokens: 5 },
    });
    const record = await rig.record(response.headers.get('x-sluice-call-id'));
    expect(record).toMatchObject({
      outcome: 'succeeded',
      model_asked: model,
      lane: isByteLane ? 'byte' : 'block',
      caller_protocol: 'openai-chat',
      target_protocol: wire,
      input_tokens: 20,
      output_tokens: 7,
      cached_input_tokens: 5,
      usage_source: 'provider',
      finish_reason: 'stop',
    });
  });

  it('system, developer and several turns arrive in order', async () => {
    rig.answers(wire, { text: 'Berne' });
    await rig.openai.chat.completions.create({
      model,
      messages: [
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'Capital of France?' },
        { role: 'assistant', content: 'Paris' },
        { role: 'user', content: [{ type: 'text', text: 'And of Switzerland?' }] },
      ],
    });
    const sent = JSON.stringify((await rig.asked(wire)).json());
    const places = ['Be brief.', 'Capital of France?', 'Paris', 'And of Switzerland?'].map((text) =>
      sent.indexOf(text),
    );
    expect(places.every((place) => place > 0)).toBe(true);
    expect([...places].sort((a, b) => a - b)).toEqual(places);
  });

  it('images as data URI and as URL arrive in the form of the upstream', async () => {
    rig.answers(wire, { text: 'A pixel' });
    const dataUri = `data:image/png;base64,${PIXEL}`;
    await rig.openai.chat.completions.create({
      model,
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image_url', image_url: { url: dataUri } },
            { type: 'image_url', image_url: { url: 'https://example.com/cat.png' } },
          ],
        },
      ],
    });
    const { messages } = (await rig.asked(wire)).json();
    const images = isByteLane
      ? [
          { type: 'image_url', image_url: { url: dataUri } },
          { type: 'image_url', image_url: { url: 'https://example.com/cat.png' } },
        ]
      : [
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } },
          { type: 'image', source: { type: 'url', url: 'https://example.com/cat.png' } },
        ];
    expect(messages).toMatchObject([
      { role: 'user', content: [{ type: 'text', text: 'What is this?' }, ...images] },
    ]);
  });

  it('stop sequences arrive, one or several', async () => {
    for (const stop of ['END', ['END', 'FIN']]) {
      rig.answers(wire, {
        text: 'one two',
        ...(isByteLane ? {} : { finishReason: 'stop_sequence' }),
      });
      const answer = await rig.openai.chat.completions.create({ model, messages: HELLO, stop });
      expect(answer.choices[0]?.finish_reason).toBe('stop');
      const sent = (await rig.asked(wire)).json();
      expect(isByteLane ? sent['stop'] : sent['stop_sequences']).toEqual(isByteLane ? stop : [stop].flat());
    }
  });

  it('an answer cut by its token limit has finish_reason length', async () => {
    rig.answers(wire, { text: 'one two', finishReason: isByteLane ? 'length' : 'max_tokens' });
    const answer = await rig.openai.chat.completions.create({ model, messages: HELLO, max_tokens: 2 });
    expect(answer.choices[0]?.finish_reason).toBe('length');
    expect((await rig.asked(wire)).json()['max_tokens']).toBe(2);
  });

  it('a stream is iterated delta by delta, without a usage chunk nobody asked for', async () => {
    rig.streams(wire, { deltas: ['Grü', 'ezi ', '✓'], usage: USAGE });
    const { data: stream, response } = await rig.openai.chat.completions
      .create({ model, messages: HELLO, stream: true })
      .withResponse();
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe('Grüezi ✓');
    expect(chunks.every((chunk) => chunk.choices.length === 1)).toBe(true);
    expect(chunks.some((chunk) => chunk.usage)).toBe(false);
    expect(chunks[0]?.choices[0]?.delta.role).toBe('assistant');
    expect(chunks.map((chunk) => chunk.choices[0]?.finish_reason).filter(Boolean)).toEqual(['stop']);
    // Counted all the same.
    const record = await rig.record(response.headers.get('x-sluice-call-id'));
    expect(record).toMatchObject({ input_tokens: 20, output_tokens: 7, usage_source: 'provider' });
  });

  it('stream_options.include_usage adds one chunk without choices at the end', async () => {
    rig.streams(wire, { deltas: ['Hel', 'lo'], usage: USAGE });
    const stream = await rig.openai.chat.completions.create({
      model,
      messages: HELLO,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    const last = chunks.at(-1);
    expect(last?.choices).toEqual([]);
    expect(last?.usage).toMatchObject({
      prompt_tokens: 20,
      completion_tokens: 7,
      total_tokens: 27,
      prompt_tokens_details: { cached_tokens: 5 },
    });
    expect(chunks.slice(0, -1).some((chunk) => chunk.usage)).toBe(false);
  });

  it('the stream helper tells each delta and gives the final completion', async () => {
    rig.streams(wire, { deltas: ['Hel', 'lo', '!'], usage: USAGE });
    const stream = rig.openai.chat.completions.stream({
      model,
      messages: HELLO,
      stream_options: { include_usage: true },
    });
    const deltas: string[] = [];
    stream.on('content', (delta) => deltas.push(delta));
    const final = await stream.finalChatCompletion();
    expect(deltas.filter((delta) => delta !== '')).toEqual(['Hel', 'lo', '!']);
    expect(final.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'Hello!' } });
    expect(await stream.totalUsage()).toMatchObject({ prompt_tokens: 20, completion_tokens: 7 });
  });

  it('reasoning comes as reasoning_content, whole and streamed', async () => {
    rig.answers(wire, { text: '42', reasoning: 'Six times seven.' });
    const answer = await rig.openai.chat.completions.create({
      model,
      messages: HELLO,
      reasoning_effort: 'low',
      max_completion_tokens: 8_000,
    });
    expect(answer.choices[0]?.message).toMatchObject({
      content: '42',
      reasoning_content: 'Six times seven.',
    });
    const sent = (await rig.asked(wire)).json();
    if (isByteLane) expect(sent['reasoning_effort']).toBe('low');
    else expect(sent['thinking']).toMatchObject({ type: 'enabled' });

    rig.streams(wire, { deltas: ['4', '2'], reasoning: 'Six times seven.' });
    const stream = await rig.openai.chat.completions.create({ model, messages: HELLO, stream: true });
    let reasoning = '';
    let text = '';
    for await (const { choices } of stream) {
      const delta = choices[0]?.delta as { content?: string | null; reasoning_content?: string } | undefined;
      reasoning += delta?.reasoning_content ?? '';
      text += delta?.content ?? '';
    }
    expect({ reasoning, text }).toEqual({ reasoning: 'Six times seven.', text: '42' });
  });

  it('leaving a stream half-way closes the connection to the upstream', async () => {
    rig.streams(wire, { deltas: ['Hel', 'lo'], before: (at) => (at === 1 ? (e) => e.stall() : undefined) });
    const stream = await rig.openai.chat.completions.create({ model, messages: HELLO, stream: true });
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content === 'Hel') break;
    const { peerClosed } = await rig.asked(wire);
    expect(await peerClosed).toBeGreaterThan(0);
  });

  it('a stream that breaks off throws, in the iterator and in the helper', async () => {
    const broken = streamThen(wire, ['Hel', 'lo'], fin());
    rig.plays(wire, broken, broken);
    const stream = await rig.openai.chat.completions.create({ model, messages: HELLO, stream: true });
    let text = '';
    const read = async () => {
      for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
    };
    await expect(read()).rejects.toThrow();
    expect(text).toBe('Hello');
    const helper = rig.openai.chat.completions.stream({ model, messages: HELLO });
    await expect(helper.finalChatCompletion()).rejects.toThrow();
  });

  it.each([
    [400, OpenAI.BadRequestError, 'upstream_invalid_request'],
    [401, OpenAI.InternalServerError, 'upstream_credential'],
    [404, OpenAI.NotFoundError, 'upstream_model_unavailable'],
    [429, OpenAI.RateLimitError, 'upstream_rate_limited'],
    [500, OpenAI.InternalServerError, 'upstream_error'],
    [503, OpenAI.InternalServerError, 'upstream_error'],
    [529, OpenAI.InternalServerError, 'upstream_overloaded'],
  ])('the upstream answers %i: the SDK throws its class', async (status, errorClass, code) => {
    rig.plays(wire, isByteLane ? openaiError(status, 'no') : anthropicError(status, 'api_error', 'no'));
    const error = await failureOf(rig.openai.chat.completions.create({ model, messages: HELLO }));
    expect(error).toBeInstanceOf(errorClass);
    const record = await rig.record(error.headers?.get('x-sluice-call-id'));
    expect(record).toMatchObject({ outcome: 'failed', error_code: code });
  });
});

describe('openai SDK: what the gateway refuses itself', () => {
  it('models.list has what the key may use', async () => {
    const models = [];
    for await (const model of rig.openai.models.list()) models.push(model);
    expect(models.map((model) => model.id)).toEqual(expect.arrayContaining(['claude', 'gpt']));
    expect(models[0]).toMatchObject({ object: 'model' });
  });

  it('a wrong key is an AuthenticationError', async () => {
    const error = await failureOf(
      rig.openaiWith('sk-wrong').chat.completions.create({ model: 'gpt', messages: HELLO }),
    );
    expect(error).toBeInstanceOf(OpenAI.AuthenticationError);
    expect(error).toMatchObject({ code: 'invalid_key', type: 'authentication_error' });
    expect(error.requestID).toBe(error.headers?.get('x-sluice-call-id'));
    await expect(rig.openaiWith('sk-wrong').models.list()).rejects.toBeInstanceOf(OpenAI.AuthenticationError);
  });

  it('an unknown model is a NotFoundError with the name in its message', async () => {
    const error = await failureOf(
      rig.openai.chat.completions.create({ model: 'no-such-model', messages: HELLO }),
    );
    expect(error).toBeInstanceOf(OpenAI.NotFoundError);
    expect(error).toMatchObject({ code: 'model_not_found', param: 'model' });
    expect(error.message).toContain('no-such-model');
  });

  it('a bad field is a BadRequestError that names it', async () => {
    const messages = [{ role: 'wizard', content: 'x' }] as unknown as typeof HELLO;
    const error = await failureOf(rig.openai.chat.completions.create({ model: 'claude', messages }));
    expect(error).toBeInstanceOf(OpenAI.BadRequestError);
    expect(error).toMatchObject({ code: 'invalid_request', param: 'messages[0].role' });
  });

  it.each([
    ['a page', respondHtml],
    ['an error with status 200', json({ error: { message: 'the model is not loaded', type: 'x' } })],
    ['an error as text with status 200', json({ error: 'the model is not loaded' })],
  ])('%s from the upstream is an error, not an answer', async (_name, script) => {
    for (const wire of WIRES) {
      rig.plays(wire, script);
      const asked = rig.openai.chat.completions.create({ model: MODEL_OF[wire], messages: HELLO });
      const error = await failureOf(asked);
      expect(error).toBeInstanceOf(OpenAI.InternalServerError);
      expect(await rig.record(error.requestID)).toMatchObject({ outcome: 'failed' });
    }
  });
});

async function failureOf(promise: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  const error: unknown = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof OpenAI.APIError)) throw new Error(`no APIError: ${String(error)}`);
  return error;
}
