import Anthropic from '@anthropic-ai/sdk';
import { describe, expect, it } from 'vitest';
import { streamThen } from '../support/call.ts';
import { anthropicError } from '../support/fake-upstream-anthropic.ts';
import { openaiError } from '../support/fake-upstream-openai.ts';
import { fin } from '../support/fake-upstream-steps.ts';
import { MODEL_OF, useSdkRig, WIRES } from '../support/sdk-rig.ts';

const rig = useSdkRig();
const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
const USAGE = { inputTokens: 20, outputTokens: 7, cachedInputTokens: 5 };
const HELLO = [{ role: 'user' as const, content: 'Hello' }];

describe.each(WIRES)('Anthropic SDK before an %s upstream', (wire) => {
  const model = MODEL_OF[wire];
  const isByteLane = wire === 'anthropic-messages';
  const base = { model, max_tokens: 2_000, messages: HELLO };

  it('create gives content, stop reason and usage, and the record says the same', async () => {
    rig.answers(wire, { text: 'Grüezi ✓', usage: USAGE });
    const { data, response } = await rig.anthropic.messages.create(base).withResponse();
    expect(data).toMatchObject({
      type: 'message',
      role: 'assistant',
      content: [{ type: 'text', text: 'Grüezi ✓' }],
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 15, cache_read_input_tokens: 5, output_tokens: 7 },
    });
    const record = await rig.record(response.headers.get('x-sluice-call-id'));
    expect(record).toMatchObject({
      outcome: 'succeeded',
      lane: isByteLane ? 'byte' : 'block',
      caller_protocol: 'anthropic-messages',
      target_protocol: wire,
      input_tokens: 20,
      output_tokens: 7,
      cached_input_tokens: 5,
      usage_source: 'provider',
      finish_reason: 'stop',
    });
  });

  it('system, several turns and images arrive in the form of the upstream', async () => {
    rig.answers(wire, { text: 'A pixel' });
    await rig.anthropic.messages.create({
      ...base,
      system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
      messages: [
        { role: 'user', content: 'Hello' },
        { role: 'assistant', content: [{ type: 'text', text: 'Hello!' }] },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } },
            { type: 'image', source: { type: 'url', url: 'https://example.com/cat.png' } },
          ],
        },
      ],
    });
    const sent = (await rig.asked(wire)).json();
    const messages = sent['messages'] as { role: string; content: unknown }[];
    if (isByteLane) {
      expect(sent['system']).toMatchObject([{ text: 'Be brief.', cache_control: { type: 'ephemeral' } }]);
      expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user']);
    } else {
      expect(messages.map(({ role }) => role)).toEqual(['system', 'user', 'assistant', 'user']);
      expect(JSON.stringify(messages[0])).toContain('Be brief.');
    }
    const images = isByteLane
      ? [
          { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } },
          { type: 'image', source: { type: 'url', url: 'https://example.com/cat.png' } },
        ]
      : [
          { type: 'image_url', image_url: { url: `data:image/png;base64,${PIXEL}` } },
          { type: 'image_url', image_url: { url: 'https://example.com/cat.png' } },
        ];
    expect(messages.at(-1)?.content).toMatchObject([{ type: 'text', text: 'What is this?' }, ...images]);
  });

  it('stop_sequences arrive, and the reason comes back', async () => {
    rig.answers(wire, { text: 'one', finishReason: isByteLane ? 'stop_sequence' : 'stop' });
    const answer = await rig.anthropic.messages.create({ ...base, stop_sequences: ['END', 'FIN'] });
    expect(answer.stop_reason).toBe(isByteLane ? 'stop_sequence' : 'end_turn');
    const sent = (await rig.asked(wire)).json();
    expect(sent[isByteLane ? 'stop_sequences' : 'stop']).toEqual(['END', 'FIN']);
  });

  it('an answer cut by its token limit has stop reason max_tokens', async () => {
    rig.answers(wire, { text: 'one two', finishReason: isByteLane ? 'max_tokens' : 'length' });
    const answer = await rig.anthropic.messages.create({ ...base, max_tokens: 2 });
    expect(answer.stop_reason).toBe('max_tokens');
    expect((await rig.asked(wire)).json()['max_tokens']).toBe(2);
  });

  it('a raw stream has the events of the protocol in their order', async () => {
    rig.streams(wire, { deltas: ['Hel', 'lo'], usage: USAGE });
    const stream = await rig.anthropic.messages.create({ ...base, stream: true });
    const types: string[] = [];
    for await (const event of stream) types.push(event.type);
    expect(types).toEqual([
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ]);
  });

  it('the stream helper tells each text and gives the final message', async () => {
    rig.streams(wire, { deltas: ['Grü', 'ezi ', '✓'], usage: USAGE });
    const stream = rig.anthropic.messages.stream(base);
    const texts: string[] = [];
    const events: string[] = [];
    stream.on('text', (text) => texts.push(text));
    stream.on('streamEvent', (event) => events.push(event.type));
    const message = await stream.finalMessage();
    expect(texts).toEqual(['Grü', 'ezi ', '✓']);
    expect(events.at(-1)).toBe('message_stop');
    expect(message).toMatchObject({
      content: [{ type: 'text', text: 'Grüezi ✓' }],
      stop_reason: 'end_turn',
      usage: { output_tokens: 7 },
    });
    const { input_tokens: input, cache_read_input_tokens: cached } = message.usage;
    expect(input + (cached ?? 0)).toBe(20);
    const record = await rig.record(stream.response?.headers.get('x-sluice-call-id'));
    expect(record).toMatchObject({ input_tokens: 20, output_tokens: 7, cached_input_tokens: 5 });
  });

  it('thinking comes as a thinking block, whole and streamed, and may be sent back', async () => {
    const thinking = { type: 'enabled' as const, budget_tokens: 1_024 };
    rig.answers(wire, { text: '42', reasoning: 'Six times seven.' }, { text: 'Sure.' });
    const answer = await rig.anthropic.messages.create({ ...base, thinking });
    expect(answer.content).toMatchObject([
      { type: 'thinking', thinking: 'Six times seven.' },
      { type: 'text', text: '42' },
    ]);
    const sent = (await rig.asked(wire)).json();
    if (isByteLane) expect(sent['thinking']).toEqual(thinking);
    else expect(sent['reasoning_effort']).toBe('low');

    const turns = [...HELLO, { role: 'assistant' as const, content: answer.content }, ...HELLO];
    await rig.anthropic.messages.create({ ...base, thinking, messages: turns });
    const again = JSON.stringify((await rig.asked(wire, 2)).json());
    if (isByteLane) expect(again).toContain('c2lnbmF0dXJl');

    rig.streams(wire, { deltas: ['4', '2'], reasoning: 'Six times seven.' });
    const stream = rig.anthropic.messages.stream({ ...base, thinking });
    const heard: string[] = [];
    stream.on('thinking', (delta) => heard.push(delta));
    const message = await stream.finalMessage();
    expect(heard.join('')).toBe('Six times seven.');
    expect(message.content).toMatchObject([
      { type: 'thinking', thinking: 'Six times seven.' },
      { type: 'text', text: '42' },
    ]);
  });

  it('aborting the helper closes the connection to the upstream', async () => {
    rig.streams(wire, { deltas: ['Hel', 'lo'], before: (at) => (at === 1 ? (e) => e.stall() : undefined) });
    const stream = rig.anthropic.messages.stream(base);
    stream.on('text', () => stream.abort());
    await expect(stream.finalMessage()).rejects.toBeInstanceOf(Anthropic.APIUserAbortError);
    const { peerClosed } = await rig.asked(wire);
    expect(await peerClosed).toBeGreaterThan(0);
  });

  it('a stream that breaks off throws, in the iterator and in the helper', async () => {
    const broken = streamThen(wire, ['Hel', 'lo'], fin());
    rig.plays(wire, broken, broken);
    const stream = await rig.anthropic.messages.create({ ...base, stream: true });
    const types: string[] = [];
    const read = async () => {
      for await (const event of stream) types.push(event.type);
    };
    await expect(read()).rejects.toThrow();
    expect(types.filter((type) => type === 'content_block_delta')).toHaveLength(2);
    expect(types).not.toContain('message_stop');
    await expect(rig.anthropic.messages.stream(base).finalMessage()).rejects.toThrow();
  });

  it.each([
    [400, Anthropic.BadRequestError, 'upstream_invalid_request'],
    [401, Anthropic.InternalServerError, 'upstream_credential'],
    [404, Anthropic.NotFoundError, 'upstream_model_unavailable'],
    [429, Anthropic.RateLimitError, 'upstream_rate_limited'],
    [500, Anthropic.InternalServerError, 'upstream_error'],
    [529, Anthropic.InternalServerError, 'upstream_overloaded'],
  ])('the upstream answers %i: the SDK throws its class', async (status, errorClass, code) => {
    rig.plays(wire, isByteLane ? anthropicError(status, 'api_error', 'no') : openaiError(status, 'no'));
    const error = await failureOf(rig.anthropic.messages.create(base));
    expect(error).toBeInstanceOf(errorClass);
    const record = await rig.record(error.headers?.get('x-sluice-call-id'));
    expect(record).toMatchObject({ outcome: 'failed', error_code: code });
  });
});

describe('Anthropic SDK: what the gateway refuses itself', () => {
  const base = { model: 'claude', max_tokens: 100, messages: HELLO };

  it('models.list has what the key may use', async () => {
    const models = [];
    for await (const model of rig.anthropic.models.list()) models.push(model);
    expect(models.map(({ id }) => id)).toEqual(expect.arrayContaining(['claude', 'gpt']));
    expect(models[0]).toMatchObject({ type: 'model', display_name: models[0]?.id });
  });

  it('a wrong key is an AuthenticationError', async () => {
    const wrong = rig.anthropicWith('sk-ant-wrong');
    const error = await failureOf(wrong.messages.create(base));
    expect(error).toBeInstanceOf(Anthropic.AuthenticationError);
    expect(error.error).toMatchObject({
      type: 'error',
      error: { type: 'authentication_error', code: 'invalid_key' },
    });
    expect(error.requestID).toBe(error.headers?.get('x-sluice-call-id'));
    await expect(wrong.models.list()).rejects.toBeInstanceOf(Anthropic.AuthenticationError);
  });

  it('an unknown model is a NotFoundError with the name in its message', async () => {
    const error = await failureOf(rig.anthropic.messages.create({ ...base, model: 'no-such-model' }));
    expect(error).toBeInstanceOf(Anthropic.NotFoundError);
    expect(error.error).toMatchObject({ error: { type: 'not_found_error', code: 'model_not_found' } });
    expect(error.message).toContain('no-such-model');
  });

  it('a bad field is a BadRequestError that names it', async () => {
    const messages = [{ role: 'wizard', content: 'x' }] as unknown as typeof HELLO;
    const error = await failureOf(rig.anthropic.messages.create({ ...base, model: 'gpt', messages }));
    expect(error).toBeInstanceOf(Anthropic.BadRequestError);
    expect(error.error).toMatchObject({ error: { code: 'invalid_request', param: 'messages[0].role' } });
  });
});

async function failureOf(promise: Promise<unknown>): Promise<InstanceType<typeof Anthropic.APIError>> {
  const error: unknown = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Anthropic.APIError)) throw new Error(`no APIError: ${String(error)}`);
  return error;
}
