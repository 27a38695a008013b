import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { type DemoProvider, startDemoProvider } from '../../src/demo/demo-provider.ts';
import { streamOf, streamThen } from '../support/call.ts';
import { APP_KEY, configText } from '../support/config.ts';
import { FakeUpstream } from '../support/fake-upstream.ts';
import type { FakeStream } from '../support/fake-upstream-answer.ts';
import { anthropicEvent } from '../support/fake-upstream-anthropic.ts';
import { end, fin, respondStream } from '../support/fake-upstream-steps.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { CLIENTS, type Data, type GraphqlClient, type Streamed } from '../support/graphql-clients.ts';
import { CHAT } from '../support/graphql-request.ts';
import { MODEL_OF, WIRES } from '../support/sdk-rig.ts';
import { silentLog } from '../support/silent-log.ts';
import { until } from '../support/wait.ts';

// Apollo's link looks at the global, which browsers have and Node 20 has not.
vi.stubGlobal('WebSocket', WebSocket);

const upstreams = { 'openai-chat': new FakeUpstream(), 'anthropic-messages': new FakeUpstream() };
let demo: DemoProvider;
let gateway: TestGateway;

beforeAll(async () => {
  demo = await startDemoProvider({ log: silentLog });
  for (const wire of WIRES) await upstreams[wire].listen();
  const file = JSON.parse(
    configText(
      WIRES.map((protocol) => ({ name: MODEL_OF[protocol], protocol, port: upstreams[protocol].port })),
      WIRES.map((wire) => ({ name: MODEL_OF[wire], targets: [`${MODEL_OF[wire]}/upstream-model`] })),
    ),
  ) as { connections: object[] };
  file.connections.push({ name: 'demo', provider: 'demo' });
  gateway = await startGateway({
    config: JSON.stringify(file),
    runtimeBaseUrls: { demo: demo.baseUrl },
  });
});
afterAll(async () => {
  await gateway?.close();
  for (const wire of WIRES) await upstreams[wire].close();
  await demo?.close();
});

const STREAM = /* GraphQL */ `
  subscription ($input: ChatInput!) {
    chatStream(input: $input) {
      __typename
      ... on ChatStarted { callId model }
      ... on ChatTextDelta { text }
      ... on ChatReasoningDelta { text }
      ... on ChatToolCallDelta { index id name arguments }
      ... on ChatCompleted {
        completion {
          callId text reasoning finishReason
          toolCalls { id name arguments }
          usage { inputTokens outputTokens }
          servedBy { connection protocol attempts }
        }
      }
    }
  }
`;
const CALL = /* GraphQL */ `
  query ($id: ID!) {
    call(id: $id) {
      id model modelServed outcome errorCode status isStream callerProtocol targetProtocol lane
      finishReason target provider usageSource startedAt keyId applicationId tenantId
      usage { inputTokens outputTokens totalTokens }
      timings { queueMs connectMs firstTokenMs totalMs }
      attempts { target provider status errorCode durationMs }
      receipt { entries { field action } }
    }
  }
`;
const CALLS = /* GraphQL */ `
  query ($first: Int!, $after: String, $filter: CallFilter) {
    calls(first: $first, after: $after, filter: $filter) {
      edges { node { id model outcome } }
      pageInfo { hasNextPage endCursor }
    }
  }
`;

interface StreamEvent {
  readonly __typename: string;
  readonly callId?: string;
  readonly text?: string;
  readonly arguments?: string;
  readonly completion?: Data & { readonly callId: string; readonly text: string | null };
}

function readEvents({ events }: Streamed) {
  const all = events.map((data) => data['chatStream'] as StreamEvent);
  const textOf = (kind: string) =>
    all.map((event) => (event.__typename === kind ? (event.text ?? event.arguments ?? '') : '')).join('');
  return {
    kinds: [...new Set(all.map((event) => event.__typename))],
    callId: all[0]?.callId ?? '',
    text: textOf('ChatTextDelta'),
    reasoning: textOf('ChatReasoningDelta'),
    toolArguments: textOf('ChatToolCallDelta'),
    completion: all.at(-1)?.completion ?? null,
  };
}

const inputOf = (model: string, content = 'Hello there') => ({
  input: { model, messages: [{ role: 'USER', content }] },
});

/** The finished call as the graph tells it; records reach Postgres a moment after the answer. */
async function finishedCall(client: GraphqlClient, id: string): Promise<Data> {
  const read = async () => {
    const call = (await client.run(CALL, { id }))['call'] as Data | null;
    return call !== null && call['outcome'] !== 'RUNNING' ? call : null;
  };
  return await until(read, { what: `the record of ${id}`, pollMs: 20 });
}

describe.each(CLIENTS)('%s before the whole gateway', (_name, open) => {
  let client: GraphqlClient;
  beforeAll(() => {
    client = open({ baseUrl: gateway.baseUrl, key: APP_KEY });
  });
  afterAll(() => client?.close());

  it('models are those that the key may use', async () => {
    const { models } = await client.run('query { models { name provider isDeclared } }');
    expect(models).toMatchObject(
      expect.arrayContaining(
        [{ name: 'claude' }, { name: 'gpt' }].map((one) => expect.objectContaining(one)),
      ),
    );
  });

  it('chat with the demo, and its call afterwards', async () => {
    const { chat } = await client.run(CHAT, inputOf('demo/demo-chat'));
    const { callId, text } = chat as { callId: string; text: string };
    expect(text).toContain('You wrote: "Hello there".');
    expect(chat).toMatchObject({
      finishReason: 'STOP',
      usage: { inputTokens: 2 },
      servedBy: { connection: 'demo', provider: 'demo', model: 'demo-chat', attempts: 1 },
    });
    expect(await finishedCall(client, callId)).toMatchObject({
      id: callId,
      model: 'demo/demo-chat',
      outcome: 'SUCCEEDED',
      callerProtocol: 'graphql',
      targetProtocol: 'openai-chat',
      lane: 'BLOCK',
      isStream: false,
      finishReason: 'STOP',
      usageSource: 'PROVIDER',
      usage: (chat as Data)['usage'] && { inputTokens: 2 },
      attempts: [{ target: 'demo/demo-chat', status: 200, errorCode: null }],
    });
  });

  it('chatStream with the demo: the deltas are the text, and its call afterwards', async () => {
    const streamed = await client.stream(STREAM, inputOf('demo/demo-chat'));
    expect(streamed.error).toBeNull();
    const { kinds, callId, text, completion } = readEvents(streamed);
    expect(kinds).toEqual(['ChatStarted', 'ChatTextDelta', 'ChatCompleted']);
    expect(text).toContain('You wrote: "Hello there".');
    expect(completion).toMatchObject({ callId, text, finishReason: 'STOP' });
    const call = await finishedCall(client, callId);
    expect(call).toMatchObject({ outcome: 'SUCCEEDED', isStream: true, usageSource: 'PROVIDER' });
    const { firstTokenMs, totalMs } = call['timings'] as { firstTokenMs: number; totalMs: number };
    expect(firstTokenMs).toBeGreaterThan(0);
    expect(totalMs).toBeGreaterThanOrEqual(firstTokenMs);
  });

  it.each(WIRES)('chatStream from an %s upstream with reasoning and parallel tool calls', async (wire) => {
    const toolCalls = [
      { id: 'call_1', name: 'get_weather', arguments: '{"city":"Basel"}' },
      { id: 'call_2', name: 'get_weather', arguments: '{"city":"Zürich"}' },
    ];
    const answer: FakeStream = { deltas: ['Let me ', 'look.'], reasoning: 'Two cities.', toolCalls };
    upstreams[wire].answer(streamOf(wire, { ...answer, usage: { inputTokens: 20, outputTokens: 7 } }));
    const streamed = await client.stream(STREAM, inputOf(MODEL_OF[wire]));
    expect(streamed.error).toBeNull();
    const { kinds, callId, text, reasoning, toolArguments, completion } = readEvents(streamed);
    expect(new Set(kinds)).toEqual(
      new Set(['ChatStarted', 'ChatReasoningDelta', 'ChatTextDelta', 'ChatToolCallDelta', 'ChatCompleted']),
    );
    expect({ text, reasoning }).toEqual({ text: 'Let me look.', reasoning: 'Two cities.' });
    expect(toolArguments).toBe('{"city":"Basel"}{"city":"Zürich"}');
    expect(completion).toMatchObject({
      ...{ callId, text, reasoning, toolCalls, finishReason: 'TOOL_CALLS' },
      usage: { inputTokens: 20, outputTokens: 7 },
      servedBy: { connection: MODEL_OF[wire], protocol: wire, attempts: 1 },
    });
  });

  it.each(WIRES)('a stream of an %s upstream that breaks off is an error with its code', async (wire) => {
    upstreams[wire].answer(streamThen(wire, ['Hel', 'lo'], fin()));
    const streamed = await client.stream(STREAM, inputOf(MODEL_OF[wire]));
    const { kinds, callId, text, completion } = readEvents(streamed);
    expect(kinds).toEqual(['ChatStarted', 'ChatTextDelta']);
    expect({ text, completion }).toEqual({ text: 'Hello', completion: null });
    expect(streamed.error?.extensions).toMatchObject({ code: 'upstream_interrupted', callId });
    expect(await finishedCall(client, callId)).toMatchObject({
      outcome: 'INTERRUPTED',
      errorCode: 'upstream_interrupted',
    });
  });

  it('a refused model is an error with its code', async () => {
    const failure: unknown = await client
      .run(CHAT, inputOf('no-such-model'))
      .catch((thrown: unknown) => thrown);
    expect(failure).toMatchObject({ extensions: { code: 'model_not_found' } });
  });

  it('a REST call is found by its x-sluice-call-id', async () => {
    upstreams['anthropic-messages'].answer(
      streamOf('anthropic-messages', { deltas: ['Hi'], usage: { inputTokens: 5, outputTokens: 1 } }),
    );
    const openai = new OpenAI({ baseURL: `${gateway.baseUrl}/v1`, apiKey: APP_KEY, maxRetries: 0 });
    const { data, response } = await openai.chat.completions
      .create({
        model: 'claude',
        messages: [{ role: 'user', content: 'Hello' }],
        stream: true,
        seed: 7,
      })
      .withResponse();
    for await (const _chunk of data);
    const call = await finishedCall(client, response.headers.get('x-sluice-call-id') ?? '');
    expect(call).toMatchObject({
      model: 'claude',
      modelServed: 'claude-fake',
      callerProtocol: 'openai-chat',
      targetProtocol: 'anthropic-messages',
      target: 'claude/upstream-model',
      status: 200,
      usage: { inputTokens: 5, outputTokens: 1, totalTokens: 6 },
      attempts: [{ target: 'claude/upstream-model', status: 200, errorCode: null }],
    });
    expect((call['receipt'] as { entries: object[] }).entries).toContainEqual(
      expect.objectContaining({ field: 'seed', action: 'DROPPED' }),
    );
  });

  it('calls come newest first, in pages, filtered', async () => {
    type Page = {
      edges: { node: { id: string; model: string; outcome: string } }[];
      pageInfo: { hasNextPage: boolean; endCursor: string };
    };
    const first = (await client.run(CALLS, { first: 2 }))['calls'] as Page;
    const second = (await client.run(CALLS, { first: 2, after: first.pageInfo.endCursor }))['calls'] as Page;
    const ids = [...first.edges, ...second.edges].map(({ node }) => node.id);
    expect(ids).toHaveLength(4);
    expect([...ids].sort().reverse()).toEqual(ids);
    const filter = { model: 'demo/demo-chat', outcome: 'SUCCEEDED' };
    const filtered = (await client.run(CALLS, { first: 50, filter }))['calls'] as Page;
    expect(filtered.edges.length).toBeGreaterThan(1);
    for (const { node } of filtered.edges) expect(node).toMatchObject(filter);
  });
});

it("what a provider's own tool is asked is no text of the answer", async () => {
  const tool = { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {} };
  const query = { type: 'input_json_delta', partial_json: '{"query":"weather"}' };
  const usage = { input_tokens: 5, output_tokens: 1 };
  const block = (index: number, start: object, delta: object) => [
    anthropicEvent('content_block_start', { index, content_block: start }),
    anthropicEvent('content_block_delta', { index, delta }),
    anthropicEvent('content_block_stop', { index }),
  ];
  upstreams['anthropic-messages'].answer([
    respondStream(),
    anthropicEvent('message_start', {
      message: { id: 'msg_1', type: 'message', role: 'assistant', model: 'm', content: [], usage },
    }),
    block(0, tool, query),
    block(1, { type: 'text', text: '' }, { type: 'text_delta', text: 'It rains.' }),
    anthropicEvent('message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 9 } }),
    anthropicEvent('message_stop'),
    end(),
  ]);
  for (const [, open] of CLIENTS) {
    const client = open({ baseUrl: gateway.baseUrl, key: APP_KEY });
    const { text, completion } = readEvents(await client.stream(STREAM, inputOf('claude')));
    expect({ text, told: completion?.text }).toEqual({ text: 'It rains.', told: 'It rains.' });
    await client.close();
  }
});
