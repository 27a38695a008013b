import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { ENCRYPTED } from '../support/fake-upstream-responses.ts';
import { fin, json } from '../support/fake-upstream-steps.ts';
import { SPOKEN, UPSTREAM_WIRES, useResponsesRig } from '../support/responses-rig.ts';

const rig = useResponsesRig();
const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==';
const USAGE = { inputTokens: 20, outputTokens: 7, cachedInputTokens: 5 };
/** The upstream's own word for "no more tokens". */
const LENGTH = {
  'openai-responses': 'max_output_tokens',
  'openai-chat': 'length',
  'anthropic-messages': 'max_tokens',
};

describe.each(UPSTREAM_WIRES)('openai SDK, Responses, before an %s upstream', (wire) => {
  const { model } = SPOKEN[wire];
  const isByteLane = wire === 'openai-responses';

  it('create gives text, state and usage, and the record says the same', async () => {
    rig.answers(wire, { text: 'Grüezi ✓', usage: USAGE });
    const { data, response } = await rig.openai.responses
      .create({ model, input: 'Hello', instructions: 'Be brief.', max_output_tokens: 50 })
      .withResponse();
    expect(data.output_text).toBe('Grüezi ✓');
    expect(data).toMatchObject({
      object: 'response',
      status: 'completed',
      error: null,
      incomplete_details: null,
      store: false,
      output: [
        {
          type: 'message',
          role: 'assistant',
          status: 'completed',
          content: [{ type: 'output_text', text: 'Grüezi ✓', annotations: [] }],
        },
      ],
      usage: {
        input_tokens: 20,
        input_tokens_details: { cached_tokens: 5 },
        output_tokens: 7,
        total_tokens: 27,
      },
    });
    if (!isByteLane) {
      expect(data).toMatchObject({ model, instructions: 'Be brief.', max_output_tokens: 50 });
    }
    const record = await rig.record(response.headers.get('x-sluice-call-id'));
    expect(record).toMatchObject({
      outcome: 'succeeded',
      model_asked: model,
      lane: isByteLane ? 'byte' : 'block',
      caller_protocol: 'openai-responses',
      target_protocol: wire,
      input_tokens: 20,
      output_tokens: 7,
      cached_input_tokens: 5,
      usage_source: 'provider',
      finish_reason: 'stop',
    });
  });

  it('instructions and several turns arrive in order', async () => {
    rig.answers(wire, { text: 'Berne' });
    await rig.openai.responses.create({
      model,
      instructions: 'Be brief.',
      input: [
        { role: 'user', content: 'Capital of France?' },
        { role: 'assistant', content: 'Paris' },
        { role: 'user', content: [{ type: 'input_text', text: 'And of Switzerland?' }] },
      ],
    });
    const sent = JSON.stringify((await rig.asked(wire)).json());
    const places = ['Capital of France?', 'Paris', 'And of Switzerland?'].map((text) => sent.indexOf(text));
    expect(sent).toContain('Be brief.');
    expect(places.every((place) => place > 0)).toBe(true);
    expect([...places].sort((a, b) => a - b)).toEqual(places);
  });

  it('images as data URI and as URL arrive in the form of the upstream', async () => {
    rig.answers(wire, { text: 'A pixel' });
    const dataUri = `data:image/png;base64,${PIXEL}`;
    await rig.openai.responses.create({
      model,
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_text', text: 'What is this?' },
            { type: 'input_image', image_url: dataUri, detail: 'auto' },
            { type: 'input_image', image_url: 'https://example.com/cat.png', detail: 'auto' },
          ],
        },
      ],
    });
    const sent = (await rig.asked(wire)).json();
    const url = 'https://example.com/cat.png';
    const expected = {
      'openai-responses': [{ image_url: dataUri }, { image_url: url }],
      'openai-chat': [{ image_url: { url: dataUri } }, { image_url: { url } }],
      'anthropic-messages': [
        { source: { type: 'base64', media_type: 'image/png', data: PIXEL } },
        { source: { type: 'url', url } },
      ],
    };
    const [turn] = (sent['input'] ?? sent['messages']) as { content: unknown[] }[];
    expect(turn?.content.slice(1)).toMatchObject(expected[wire]);
  });

  it('an answer cut by its token limit is incomplete', async () => {
    rig.answers(wire, { text: 'one two', finishReason: LENGTH[wire] });
    const answer = await rig.openai.responses.create({ model, input: 'Hello', max_output_tokens: 16 });
    expect(answer).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      output_text: 'one two',
    });
  });

  it('a stream is iterated event by event, numbered without gaps', async () => {
    rig.streams(wire, { deltas: ['Grü', 'ezi ', '✓'], usage: USAGE });
    const { data: stream, response } = await rig.openai.responses
      .create({ model, input: 'Hello', stream: true })
      .withResponse();
    const events = [];
    for await (const event of stream) events.push(event);
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, at) => at));
    expect(events.map(({ type }) => type)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
      'response.content_part.added',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.done',
      'response.content_part.done',
      'response.output_item.done',
      'response.completed',
    ]);
    const text = events.map((event) => (event.type === 'response.output_text.delta' ? event.delta : ''));
    expect(text.join('')).toBe('Grüezi ✓');
    expect(events.at(-1)).toMatchObject({
      response: { status: 'completed', store: false, usage: { input_tokens: 20, output_tokens: 7 } },
    });
    const record = await rig.record(response.headers.get('x-sluice-call-id'));
    expect(record).toMatchObject({
      lane: isByteLane ? 'byte' : 'block',
      input_tokens: 20,
      output_tokens: 7,
      usage_source: 'provider',
      finish_reason: 'stop',
    });
  });

  it('the stream helper tells snapshots and gives the final response', async () => {
    rig.streams(wire, { deltas: ['Hel', 'lo', '!'], usage: USAGE });
    const stream = rig.openai.responses.stream({ model, input: 'Hello' });
    const snapshots: string[] = [];
    stream.on('response.output_text.delta', (event) => {
      snapshots.push((event as unknown as { snapshot: string }).snapshot);
    });
    const final = await stream.finalResponse();
    expect(snapshots).toEqual(['Hel', 'Hello', 'Hello!']);
    expect(final).toMatchObject({ status: 'completed', usage: { input_tokens: 20, output_tokens: 7 } });
    expect(final.output).toMatchObject([{ type: 'message', content: [{ text: 'Hello!' }] }]);
  });

  it('reasoning comes as a summary, whole and streamed', async () => {
    rig.answers(wire, { text: '42', reasoning: 'Six times seven.' });
    const reasoning = { effort: 'low' } as const;
    const answer = await rig.openai.responses.create({ model, input: 'Hello', reasoning });
    expect(answer.output).toMatchObject([
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'Six times seven.' }] },
      { type: 'message', content: [{ text: '42' }] },
    ]);
    const sent = (await rig.asked(wire)).json();
    if (wire === 'openai-responses') expect(sent['reasoning']).toEqual(reasoning);
    if (wire === 'openai-chat') expect(sent['reasoning_effort']).toBe('low');
    if (wire === 'anthropic-messages') expect(sent).toHaveProperty('thinking');

    rig.streams(wire, { deltas: ['4', '2'], reasoning: 'Six times seven.' });
    const final = await rig.openai.responses.stream({ model, input: 'Hello', reasoning }).finalResponse();
    expect(final.output).toMatchObject([
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'Six times seven.' }] },
      { type: 'message', content: [{ text: '42' }] },
    ]);
  });

  it('leaving a stream half-way closes the connection to the upstream', async () => {
    rig.streams(wire, { deltas: ['Hel', 'lo'], before: (at) => (at === 1 ? (e) => e.stall() : undefined) });
    const stream = await rig.openai.responses.create({ model, input: 'Hello', stream: true });
    for await (const event of stream) if (event.type === 'response.output_text.delta') break;
    const { peerClosed } = await rig.asked(wire);
    expect(await peerClosed).toBeGreaterThan(0);
  });

  it('a stream that breaks off throws, in the iterator and in the helper', async () => {
    const broken = [SPOKEN[wire].stream({ deltas: ['Hel', 'lo'], until: 'content' }), fin()];
    rig.plays(wire, broken, broken);
    const stream = await rig.openai.responses.create({ model, input: 'Hello', stream: true });
    let text = '';
    const read = async () => {
      for await (const event of stream) if (event.type === 'response.output_text.delta') text += event.delta;
    };
    const error: unknown = await read().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(OpenAI.APIError);
    expect(error).toMatchObject({ code: 'upstream_interrupted' });
    expect(text).toBe('Hello');
    await expect(rig.openai.responses.stream({ model, input: 'Hello' }).finalResponse()).rejects.toThrow();
  });

  it.each([
    [400, OpenAI.BadRequestError, 'upstream_invalid_request'],
    [401, OpenAI.InternalServerError, 'upstream_credential'],
    [404, OpenAI.NotFoundError, 'upstream_model_unavailable'],
    [429, OpenAI.RateLimitError, 'upstream_rate_limited'],
    [500, OpenAI.InternalServerError, 'upstream_error'],
    [503, OpenAI.InternalServerError, 'upstream_error'],
  ])('the upstream answers %i: the SDK throws its class', async (status, errorClass, code) => {
    rig.plays(wire, SPOKEN[wire].error(status, 'no'));
    const error = await failureOf(rig.openai.responses.create({ model, input: 'Hello' }));
    expect(error).toBeInstanceOf(errorClass);
    const record = await rig.record(error.headers?.get('x-sluice-call-id'));
    expect(record).toMatchObject({ outcome: 'failed', error_code: code });
  });

  it('what needs something stored is refused before the upstream is asked', async () => {
    const input = 'Hello';
    for (const [body, param] of [
      [{ input, previous_response_id: 'resp_1' }, 'previous_response_id'],
      [{ input, conversation: 'conv_1' }, 'conversation'],
      [{ input, prompt: { id: 'pmpt_1' } }, 'prompt'],
      [{ input, background: true }, 'background'],
      [{ input: [{ type: 'item_reference' as const, id: 'msg_1' }] }, 'input[0]'],
    ] as const) {
      const asked = rig.openai.responses.create({ model, ...body, input: body.input as string });
      const error = await failureOf(asked);
      expect(error).toBeInstanceOf(OpenAI.BadRequestError);
      expect(error).toMatchObject({ code: 'invalid_request', param });
      expect(error.message).toContain('stored conversations are not available');
    }
  });
});

describe('openai SDK, Responses: what the gateway says itself', () => {
  it('trap 13 tells the upstream to store nothing, also where the caller’s bytes go through', async () => {
    for (const store of [true, undefined, false]) {
      rig.answers('openai-responses', { text: 'x' });
      const answer = await rig.openai.responses.create({ model: 'resp', input: 'x', store: store ?? null });
      expect(answer).toMatchObject({ store: false });
      expect((await rig.asked('openai-responses')).json()).toMatchObject({
        model: 'upstream-model',
        store: false,
      });
    }
  });

  it('looking for a stored response is a NotFoundError that says why', async () => {
    const { responses } = rig.openai;
    for (const ask of [
      () => responses.retrieve('resp_1'),
      () => responses.delete('resp_1'),
      () => responses.cancel('resp_1'),
      () => responses.inputItems.list('resp_1'),
    ]) {
      const error = await failureOf(ask());
      expect(error).toBeInstanceOf(OpenAI.NotFoundError);
      expect(error.code).toBe('not_found');
      expect(error.message).toContain('not stored');
    }
    const error = await failureOf(rig.openaiWith('sk-wrong').responses.retrieve('resp_1'));
    expect(error).toBeInstanceOf(OpenAI.AuthenticationError);
  });

  it('a wrong key, an unknown model and a bad field are errors of their classes', async () => {
    const key = await failureOf(rig.openaiWith('sk-wrong').responses.create({ model: 'resp', input: 'x' }));
    expect(key).toBeInstanceOf(OpenAI.AuthenticationError);
    expect(key.requestID).toBe(key.headers?.get('x-sluice-call-id'));
    const model = await failureOf(rig.openai.responses.create({ model: 'none', input: 'x' }));
    expect(model).toBeInstanceOf(OpenAI.NotFoundError);
    expect(model).toMatchObject({ code: 'model_not_found', param: 'model' });
    const input = [{ role: 'wizard', content: 'x' }] as unknown as string;
    const field = await failureOf(rig.openai.responses.create({ model: 'claude', input }));
    expect(field).toBeInstanceOf(OpenAI.BadRequestError);
    expect(field).toMatchObject({ code: 'invalid_request', param: 'input[0].role' });
  });

  it('trap 71 reasoning goes back to where it came from, and nowhere else', async () => {
    const ask = { role: 'user' as const, content: 'Hello' };
    rig.answers('anthropic-messages', { text: '42', reasoning: 'Six times seven.' });
    const first = await rig.openai.responses.create({ model: 'claude', input: [ask] });
    const input = [ask, ...first.output, ask] as OpenAI.Responses.ResponseInput;
    rig.answers('anthropic-messages', { text: 'x' });
    await rig.openai.responses.create({ model: 'claude', input });
    const back = (await rig.asked('anthropic-messages')).json() as { messages: unknown[] };
    expect(back.messages[1]).toMatchObject({
      content: [
        { type: 'thinking', thinking: 'Six times seven.', signature: 'c2lnbmF0dXJl' },
        { type: 'text', text: '42' },
      ],
    });
    for (const store of [true, false]) {
      rig.answers('openai-responses', { text: 'x' });
      await rig.openai.responses.create({ model: 'resp', input, store });
      const other = (await rig.asked('openai-responses')).json() as { input: { type?: string }[] };
      expect(other.input.map(({ type }) => type)).toEqual([undefined, 'message', undefined]);
    }
    rig.answers('openai-responses', { text: '42', reasoning: 'Six times seven.' });
    const own = await rig.openai.responses.create({ model: 'resp', input: [ask] });
    rig.answers('openai-responses', { text: 'x' });
    await rig.openai.responses.create({
      model: 'resp',
      input: [ask, ...own.output, ask] as OpenAI.Responses.ResponseInput,
    });
    const again = (await rig.asked('openai-responses')).json() as { input: object[] };
    expect(again.input[1]).toMatchObject({ type: 'reasoning', encrypted_content: ENCRYPTED });
  });

  it('a failed response with status 200 is an error, not an answer', async () => {
    const error = { code: 'server_error', message: 'the model is not loaded' };
    const failed = json({ id: 'r', object: 'response', status: 'failed', output: [], error });
    rig.plays('openai-responses', failed);
    const thrown = await failureOf(rig.openai.responses.create({ model: 'resp', input: 'x' }));
    expect(thrown).toBeInstanceOf(OpenAI.InternalServerError);
    expect(await rig.record(thrown.requestID)).toMatchObject({
      outcome: 'failed',
      error_code: 'upstream_error',
    });
  });
});

async function failureOf(promise: PromiseLike<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> {
  const error: unknown = await Promise.resolve(promise).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof OpenAI.APIError)) throw new Error(`no APIError: ${String(error)}`);
  return error;
}
