import { describe, expect, it } from 'vitest';
import { answerOf, streamOf, type Wire } from '../support/call.ts';
import { APP_KEY } from '../support/config.ts';
import { json } from '../support/fake-upstream-steps.ts';
import { CHAT_STREAM, eventsOf, post } from '../support/graphql-request.ts';
import { MODEL_OF, useSdkRig, WIRES } from '../support/sdk-rig.ts';

const rig = useSdkRig();
const HELLO = [{ role: 'user' as const, content: 'Hello' }];
const TOOLS = [{ id: 'call_1', name: 'get_weather', arguments: '{"city":"Zürich"}' }];
const SAID = {
  text: 'Hi, Zürich 😀',
  toolCalls: TOOLS,
  usage: { inputTokens: 12, outputTokens: 9 },
};
const STREAMED = { deltas: ['Hi, ', 'Zürich 😀'], toolCalls: TOOLS, usage: SAID.usage };

describe.each(WIRES)('an %s upstream whose answer has the other form', (wire: Wire) => {
  const model = MODEL_OF[wire];

  it('trap 65 one JSON body for a stream reaches the OpenAI SDK as a stream', async () => {
    rig.plays(wire, answerOf(wire, SAID));
    const asked = rig.openai.chat.completions
      .create({ model, messages: HELLO, stream: true, stream_options: { include_usage: true } })
      .withResponse();
    const { data, response } = await asked;
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    let text = '';
    let args = '';
    let finish: string | null = null;
    let usage: unknown = null;
    for await (const chunk of data) {
      const [choice] = chunk.choices;
      text += choice?.delta.content ?? '';
      args += choice?.delta.tool_calls?.[0]?.function?.arguments ?? '';
      finish = choice?.finish_reason ?? finish;
      usage = chunk.usage ?? usage;
    }
    expect({ text, args, finish }).toEqual({
      text: SAID.text,
      args: '{"city":"Zürich"}',
      finish: 'tool_calls',
    });
    expect(usage).toMatchObject({ prompt_tokens: 12, completion_tokens: 9 });
    const record = await rig.record(response.headers.get('x-sluice-call-id'));
    expect(record).toMatchObject({
      outcome: 'succeeded',
      is_stream: true,
      lane: 'block',
      input_tokens: 12,
      output_tokens: 9,
      usage_source: 'provider',
      finish_reason: 'tool_calls',
    });
    expect(record.first_token_ms).not.toBeNull();
  });

  it('trap 65 one JSON body for a stream reaches the Anthropic SDK as a stream', async () => {
    rig.plays(wire, answerOf(wire, SAID));
    const message = await rig.anthropic.messages
      .stream({ model, max_tokens: 500, messages: HELLO })
      .finalMessage();
    expect(message.stop_reason).toBe('tool_use');
    expect(message.usage).toMatchObject({ input_tokens: 12, output_tokens: 9 });
    expect(message.content).toMatchObject([
      { type: 'text', text: SAID.text },
      { type: 'tool_use', name: 'get_weather', input: { city: 'Zürich' } },
    ]);
  });

  it('trap 65 one JSON body for a stream reaches the graph as deltas', async () => {
    rig.plays(wire, answerOf(wire, { text: SAID.text, usage: SAID.usage }));
    const input = { model, messages: [{ role: 'USER', content: 'Hello' }] };
    const { text } = await post(
      `${rig.gateway.baseUrl}/graphql`,
      { query: CHAT_STREAM, variables: { input } },
      { key: APP_KEY, headers: { accept: 'text/event-stream' } },
    );
    const { results, isComplete } = eventsOf(text);
    const events = results.map(({ data }) => data?.['chatStream'] as Record<string, unknown>);
    expect(isComplete).toBe(true);
    expect(events.find((one) => one['__typename'] === 'ChatTextDelta')?.['text']).toBe(SAID.text);
    expect(events.at(-1)).toMatchObject({ completion: { text: SAID.text, finishReason: 'STOP' } });
  });

  it('trap 65 a stream for a whole answer reaches both SDKs in one piece', async () => {
    rig.plays(wire, streamOf(wire, STREAMED));
    const { data, response } = await rig.openai.chat.completions
      .create({ model, messages: HELLO })
      .withResponse();
    expect(data.choices[0]).toMatchObject({
      finish_reason: 'tool_calls',
      message: { content: SAID.text, tool_calls: [{ function: { arguments: '{"city":"Zürich"}' } }] },
    });
    expect(data.usage).toMatchObject({ prompt_tokens: 12, completion_tokens: 9 });
    expect(await rig.record(response.headers.get('x-sluice-call-id'))).toMatchObject({
      outcome: 'succeeded',
      lane: 'block',
      output_tokens: 9,
      finish_reason: 'tool_calls',
    });

    rig.plays(wire, streamOf(wire, STREAMED));
    const message = await rig.anthropic.messages.create({ model, max_tokens: 500, messages: HELLO });
    expect(message).toMatchObject({ stop_reason: 'tool_use', usage: { input_tokens: 12, output_tokens: 9 } });
  });

  it('trap 65 a stream that breaks off is no whole answer', async () => {
    rig.plays(wire, streamOf(wire, { deltas: ['Hi'], until: 'terminator' }));
    await expect(rig.openai.chat.completions.create({ model, messages: HELLO })).rejects.toMatchObject({
      status: 502,
      code: 'upstream_interrupted',
    });
  });

  it('trap 65 an error as one JSON body for a stream is an error with its status', async () => {
    rig.plays(wire, json({ error: { message: 'no', type: 'server_error' }, type: 'error' }));
    await expect(
      rig.openai.chat.completions.create({ model, messages: HELLO, stream: true }),
    ).rejects.toMatchObject({ status: 502 });
    rig.plays(wire, json({ ok: true, is: 'no answer' }));
    await expect(
      rig.openai.chat.completions.create({ model, messages: HELLO, stream: true }),
    ).rejects.toMatchObject({ status: 502 });
  });

  it('a stream that only says it is JSON, and JSON that says it is a stream, are what they are', async () => {
    const wrong = { 'content-type': 'application/json' };
    rig.plays(wire, streamOf(wire, { ...STREAMED, headers: wrong }));
    const stream = rig.openai.chat.completions.stream({ model, messages: HELLO });
    expect((await stream.finalChatCompletion()).choices[0]?.message.content).toBe(SAID.text);

    rig.plays(wire, answerOf(wire, { ...SAID, headers: { 'content-type': 'text/event-stream' } }));
    const { data, response } = await rig.openai.chat.completions
      .create({ model, messages: HELLO })
      .withResponse();
    expect(data.choices[0]?.message.content).toBe(SAID.text);
    expect(response.headers.get('content-type')).toBe('application/json');
  });
});
