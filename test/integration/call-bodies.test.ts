import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../../src/limits.ts';
import { answerOf, streamOf } from '../support/call.ts';
import { APP_KEY, configText } from '../support/config.ts';
import { FakeUpstream } from '../support/fake-upstream.ts';
import { startGateway, type TestGateway } from '../support/gateway.ts';
import { until } from '../support/wait.ts';

const OTHER_KEY = 'another-application-key-0001';
const MESSAGES = [{ role: 'user', content: 'Grüße, please answer.' }];
const BODIES = /* GraphQL */ `
  query ($id: ID!) {
    call(id: $id) {
      outcome
      bodies {
        request { text base64 sizeBytes isCut }
        response { text sizeBytes isCut }
      }
    }
  }
`;

interface Body {
  readonly text: string | null;
  readonly base64?: string;
  readonly sizeBytes: number;
  readonly isCut: boolean;
}
interface Seen {
  readonly outcome: string;
  readonly bodies: { readonly request: Body | null; readonly response: Body | null } | null;
}

const upstreams = { 'openai-chat': new FakeUpstream(), 'anthropic-messages': new FakeUpstream() };
let gateway: TestGateway;

function config(records: object | undefined): string {
  const file = JSON.parse(
    configText(
      [
        { name: 'gpt', protocol: 'openai-chat', port: upstreams['openai-chat'].port },
        { name: 'claude', protocol: 'anthropic-messages', port: upstreams['anthropic-messages'].port },
      ],
      [
        { name: 'gpt', targets: ['gpt/upstream-model'] },
        { name: 'claude', targets: ['claude/upstream-model'] },
      ],
    ),
  ) as { tenants: { applications: object[] }[]; records?: object };
  file.tenants[0]?.applications.push({ name: 'other', keys: [OTHER_KEY] });
  if (records !== undefined) file.records = records;
  return JSON.stringify(file);
}

async function post(path: string, body: object): Promise<{ id: string; text: string; sent: string }> {
  const sent = JSON.stringify(body);
  const response = await fetch(`${gateway.baseUrl}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${APP_KEY}` },
    body: sent,
  });
  const text = await response.text();
  return { id: response.headers.get('x-sluice-call-id') ?? '', text, sent };
}

async function graphql(query: string, variables: object, key = APP_KEY): Promise<{ data: never }> {
  const response = await fetch(`${gateway.baseUrl}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as { data: never };
}

/** As soon as the record is in Postgres. */
async function seen(id: string, key?: string): Promise<Seen> {
  let call: Seen | null = null;
  await until(
    async () => {
      const { data } = (await graphql(BODIES, { id }, key)) as { data: { call: Seen | null } };
      call = data.call;
      return call !== null && call.outcome !== 'RUNNING';
    },
    { what: 'the record' },
  );
  if (call === null) throw new Error('no record');
  return call;
}

describe.each([
  ['openai-chat', 'gpt', 'through the byte lane'],
  ['anthropic-messages', 'claude', 'through the block lane'],
] as const)('with bodies kept, %s upstream', (wire, model, lane) => {
  beforeAll(async () => {
    for (const each of Object.values(upstreams)) await each.listen();
    gateway = await startGateway({ config: config({ bodies: true }) });
  });
  afterAll(async () => {
    await gateway.close();
    for (const each of Object.values(upstreams)) await each.close();
  });

  it(`a whole answer ${lane} is in the record as the caller got it`, async () => {
    upstreams[wire].answer(answerOf(wire));
    const { id, text, sent } = await post('/v1/chat/completions', { model, messages: MESSAGES });
    const { bodies } = await seen(id);
    expect(bodies?.request?.text).toBe(sent);
    expect(Buffer.from(bodies?.request?.base64 ?? '', 'base64').toString()).toBe(sent);
    expect(bodies?.response).toEqual({ text, sizeBytes: Buffer.byteLength(text), isCut: false });
  });

  it(`a stream ${lane} is in the record to its last byte`, async () => {
    upstreams[wire].answer(streamOf(wire));
    const { id, text } = await post('/v1/chat/completions', { model, messages: MESSAGES, stream: true });
    expect(text).toContain('[DONE]');
    expect((await seen(id)).bodies?.response?.text).toBe(text);
  });

  it('what is longer than the bound is cut, and says so', async () => {
    upstreams[wire].answer(answerOf(wire));
    const long = 'ü'.repeat(LIMITS.recordBodyBytesMax);
    const { id, sent } = await post('/v1/chat/completions', {
      model,
      messages: [{ role: 'user', content: long }],
    });
    const request = (await seen(id)).bodies?.request;
    expect(request).toMatchObject({ isCut: true, sizeBytes: Buffer.byteLength(sent) });
    expect(sent.startsWith(request?.text ?? '?')).toBe(true);
    expect(Buffer.from(request?.base64 ?? '', 'base64')).toHaveLength(LIMITS.recordBodyBytesMax);
  });

  it("a call of the graph has its request and its answer in the graph's own form", async () => {
    upstreams[wire].answer(answerOf(wire));
    const chat = 'mutation ($input: ChatInput!) { chat(input: $input) { callId text } }';
    const { data } = (await graphql(chat, {
      input: { model, messages: [{ role: 'USER', content: 'Hi there' }] },
    })) as { data: { chat: { callId: string; text: string } } };
    const { bodies } = await seen(data.chat.callId);
    expect(bodies?.request?.text).toContain('Hi there');
    expect(bodies?.response?.text).toContain(data.chat.text);
  });

  it('another application sees neither the call nor its bodies', async () => {
    upstreams[wire].answer(answerOf(wire));
    const { id } = await post('/v1/chat/completions', { model, messages: MESSAGES });
    await seen(id);
    expect(await graphql(BODIES, { id }, OTHER_KEY)).toEqual({ data: { call: null } });
  });
});

describe('without a word in the configuration', () => {
  it('no body is kept, until the file says so; then without a restart', async () => {
    const upstream = upstreams['openai-chat'];
    await upstream.listen();
    upstream.answer(answerOf('openai-chat'));
    gateway = await startGateway({ config: config(undefined) });
    try {
      const before = await post('/v1/chat/completions', { model: 'gpt', messages: MESSAGES });
      expect((await seen(before.id)).bodies).toBeNull();
      gateway.writeConfig(config({ bodies: true }));
      await until(
        async () => {
          const { id } = await post('/v1/chat/completions', { model: 'gpt', messages: MESSAGES });
          return (await seen(id)).bodies !== null;
        },
        { what: 'a call with bodies' },
      );
    } finally {
      await gateway.close();
      await upstream.close();
    }
  });
});
