import { describe, expect, it } from 'vitest';
import { APP_KEY } from '../support/config.ts';
import type { FakeToolCall } from '../support/fake-upstream-answer.ts';
import { anthropicAnswer, anthropicStream } from '../support/fake-upstream-anthropic.ts';
import type { Step } from '../support/fake-upstream-exchange.ts';
import { openaiAnswer, openaiStream } from '../support/fake-upstream-openai.ts';
import { CHAT, post } from '../support/graphql-request.ts';
import { useSdkRig } from '../support/sdk-rig.ts';

const rig = useSdkRig();
const ASK = [{ role: 'user' as const, content: 'Read it.' }];
/** As MCP servers name their tools, and longer than OpenAI takes. */
const NAMES = ['files/read', 'files.read', 'x'.repeat(90)];

/** A model that calls each tool it was given, by the name it was given. */
const callsAll =
  (
    nameOf: (tool: Record<string, Record<string, unknown>>) => unknown,
    play: (answer: { deltas: []; text: string; toolCalls: readonly FakeToolCall[] }) => Step,
  ): Step =>
  (exchange) => {
    const tools = exchange.request.json()['tools'] as Record<string, Record<string, unknown>>[];
    const toolCalls = tools.map((tool, at) => ({
      id: `call_${at}`,
      name: String(nameOf(tool)),
      arguments: '{"path":"a"}',
    }));
    return play({ deltas: [], text: '', toolCalls })(exchange);
  };
const anthropicName = (tool: Record<string, unknown>) => tool['name'];
const openaiName = (tool: Record<string, Record<string, unknown>>) => tool['function']?.['name'];

describe('trap 21 the openai SDK before Anthropic', () => {
  const tools = NAMES.map((name) => ({ type: 'function' as const, function: { name } }));

  it('trap 21 gets calls by its own names, whole and streamed, and may send them back', async () => {
    rig.plays(
      'anthropic-messages',
      callsAll(anthropicName, anthropicAnswer),
      callsAll(anthropicName, anthropicStream),
    );
    const answer = await rig.openai.chat.completions.create({ model: 'claude', messages: ASK, tools });
    const message = answer.choices[0]?.message;
    expect(message?.tool_calls?.map((call) => ('function' in call ? call.function.name : ''))).toEqual(NAMES);
    if (message === undefined) throw new Error('no message');
    const results = (message.tool_calls ?? []).map(({ id }) => ({
      role: 'tool' as const,
      tool_call_id: id,
      content: 'x',
    }));
    const stream = rig.openai.chat.completions.stream({
      model: 'claude',
      messages: [...ASK, message, ...results],
      tools,
    });
    const { choices } = await stream.finalChatCompletion();
    expect(choices[0]?.message.tool_calls?.map((call) => call.function.name)).toEqual(NAMES);
    const sent = (await rig.asked('anthropic-messages', 2)).json() as {
      tools: { name: string }[];
      messages: { content: { type: string; name?: string }[] }[];
    };
    const given = sent.tools.map(({ name }) => name);
    for (const name of given) expect(name).toMatch(/^[a-zA-Z0-9_-]{1,128}$/);
    expect(new Set(given).size).toBe(3);
    expect(sent.messages[1]?.content.map(({ name }) => name)).toEqual(given);
  });
});

describe('trap 21 before OpenAI', () => {
  it('trap 21 the Anthropic SDK gets calls by its own names, whole and streamed', async () => {
    const tools = NAMES.map((name) => ({ name, input_schema: { type: 'object' as const } }));
    rig.plays('openai-chat', callsAll(openaiName, openaiAnswer), callsAll(openaiName, openaiStream));
    const body = { model: 'gpt', max_tokens: 100, messages: ASK, tools };
    const whole = await rig.anthropic.messages.create(body);
    const streamed = await rig.anthropic.messages.stream(body).finalMessage();
    for (const { content } of [whole, streamed]) {
      expect(content.map((block) => (block.type === 'tool_use' ? block.name : ''))).toEqual(NAMES);
    }
    const sent = (await rig.asked('openai-chat', 2)).json() as { tools: { function: { name: string } }[] };
    for (const tool of sent.tools) expect(tool.function.name).toMatch(/^[a-zA-Z0-9_-]{1,64}$/);
  });

  it('trap 21 GraphQL gets calls by its own names, and the receipt says what became of them', async () => {
    rig.plays('openai-chat', callsAll(openaiName, openaiAnswer));
    const messages = [{ role: 'USER', content: 'Read it.' }];
    const { json } = await post(
      `${rig.gateway.baseUrl}/graphql`,
      {
        query: CHAT,
        variables: { input: { model: 'gpt', messages, tools: NAMES.map((name) => ({ name })) } },
      },
      { key: APP_KEY },
    );
    expect(json.data?.['chat']).toMatchObject({
      toolCalls: NAMES.map((name) => ({ name })),
      receipt: {
        entries: expect.arrayContaining([expect.objectContaining({ field: 'tools[].name' })]) as unknown,
      },
    });
  });
});
