import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  answerOf,
  type CallAnswer,
  type CallOptions,
  callBytes,
  OpenCall,
  PAIRS,
  streamOf,
  type Wire,
} from '../support/call.ts';
import { nonce } from '../support/canary.ts';
import { APP_KEY, configText } from '../support/config.ts';
import { FakeUpstream } from '../support/fake-upstream.ts';
import type { FakeUsage } from '../support/fake-upstream-answer.ts';
import type { Step } from '../support/fake-upstream-exchange.ts';
import { wait } from '../support/fake-upstream-steps.ts';
import { type CallRow, startGateway, type TestGateway, type TestGatewayOptions } from '../support/gateway.ts';
import { CHAT, post } from '../support/graphql-request.ts';
import { connectRaw } from '../support/raw-client.ts';
import { until } from '../support/wait.ts';

const WIRES: readonly Wire[] = ['openai-chat', 'anthropic-messages'];
/** Said in events of many tokens each, so that a count of the events is far off. */
const SENTENCES = Array.from(
  { length: 40 },
  (_, at) => `Sentence ${at}: Zürich’s tram no. ${at * 7} passes the Bahnhofstrasse, 東京 does not. `,
);
const ANSWER = SENTENCES.join('');
const OUTPUT = countTokens(ANSWER);
/** Short words and numbers: far more tokens than a quarter of the bytes. */
const SYSTEM = Array.from({ length: 300 }, (_, at) => `${at} é?! `).join('');
const INPUT = countTokens(SYSTEM);

let upstreams: Record<Wire, FakeUpstream>;
beforeAll(async () => {
  upstreams = { 'openai-chat': new FakeUpstream(), 'anthropic-messages': new FakeUpstream() };
  for (const wire of WIRES) await upstreams[wire].listen();
});
afterAll(async () => {
  for (const wire of WIRES) await upstreams[wire].close();
});

/** Each upstream under several names: what is known of one target is not known of another. */
const TARGETS = ['one', 'two', 'three', 'four'];

function start(limits: TestGatewayOptions['limits'] = {}): Promise<TestGateway> {
  const connections = WIRES.map((wire) => ({ name: wire, protocol: wire, port: upstreams[wire].port }));
  const models = WIRES.flatMap((wire) =>
    TARGETS.map((name) => ({ name: `${wire}.${name}`, targets: [`${wire}/${name}`] })),
  );
  return startGateway({ config: configText(connections, models), limits });
}

async function metric(gateway: TestGateway, name: string): Promise<number> {
  const text = await (await fetch(`${gateway.baseUrl}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
}
const counted = (gateway: TestGateway) => metric(gateway, 'sluice_tokens_counted');
const waiting = (gateway: TestGateway) => metric(gateway, 'sluice_tokens_waiting');

interface Asked extends CallOptions {
  readonly model: string;
}

async function ask(gateway: TestGateway, options: Asked): Promise<CallAnswer> {
  const word = nonce();
  const messages = [
    { role: 'system', content: SYSTEM },
    { role: 'user', content: `Say ${word}` },
  ];
  const body = options.caller === 'anthropic-messages' ? { system: SYSTEM } : { messages };
  const client = await connectRaw({ port: gateway.port });
  try {
    await client.send(callBytes(word, options.model, { ...options, body }));
    const answer = await new OpenCall(word, client).answer();
    expect(answer.read).toMatchObject({ isComplete: true, text: ANSWER });
    return answer;
  } finally {
    client.destroy();
  }
}

async function recorded(gateway: TestGateway, options: Asked): Promise<CallRow> {
  const { callId } = await ask(gateway, options);
  return rowOf(gateway, callId);
}

function rowOf(gateway: TestGateway, callId: string): Promise<CallRow> {
  const find = async () =>
    (await gateway.rows()).find(({ id, outcome }) => id === callId && outcome !== 'running');
  return until(find, { what: 'the record' });
}

const plain = (wire: Wire, usage: FakeUsage | null = null): Step =>
  streamOf(wire, { deltas: SENTENCES, usage });

/** Says its last sentence when so many more texts have been counted. */
async function whenCounted(gateway: TestGateway, wire: Wire, more: number): Promise<Step> {
  const before = await counted(gateway);
  const isCounted = async () => (await counted(gateway)) >= before + more && (await waiting(gateway)) === 0;
  return streamOf(wire, {
    deltas: SENTENCES,
    usage: null,
    before: (index) =>
      index === SENTENCES.length - 1 ? wait(until(isCounted, { what: 'the count' })) : undefined,
  });
}

function expectNear(actual: number | null, expected: number, share: number): void {
  expect(actual).toBeGreaterThan(expected * (1 - share));
  expect(actual).toBeLessThan(expected * (1 + share));
}

/** Events, and a quarter of the request's bytes. */
function expectRough(row: CallRow): void {
  expect(row.usage_source).toBe('estimated');
  expect(row.output_tokens).toBeGreaterThanOrEqual(SENTENCES.length);
  expect(row.output_tokens).toBeLessThanOrEqual(SENTENCES.length + 1);
  expectNear(row.input_tokens, Buffer.byteLength(SYSTEM) / 4, 0.1);
}

describe('a provider that sends no usage', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await start();
  });
  afterAll(() => gateway.close());

  it.each(PAIRS)(
    'is estimated roughly at first, then near the tokenizer’s own count ($caller ← $upstream)',
    async ({ caller, upstream }) => {
      const asked = { caller, model: `${upstream}.${caller === upstream ? 'one' : 'two'}`, stream: true };
      upstreams[upstream].answer(plain(upstream));
      expectRough(await recorded(gateway, asked));

      upstreams[upstream].answer(await whenCounted(gateway, upstream, 2));
      const row = await recorded(gateway, asked);
      expect(row).toMatchObject({ usage_source: 'estimated', outcome: 'succeeded' });
      // The request's own nonce, and the frames of its messages, are beside the system prompt.
      expectNear(row.input_tokens, INPUT + 25, 0.02);
      expectNear(row.output_tokens, OUTPUT, 0.05);
      expect(row.total_tokens).toBe((row.input_tokens ?? 0) + (row.output_tokens ?? 0));
    },
  );

  it.each(PAIRS)(
    'a whole answer is estimated by what earlier ones had ($caller ← $upstream)',
    async ({ caller, upstream }) => {
      const asked = { caller, model: `${upstream}.${caller === upstream ? 'three' : 'four'}` };
      upstreams[upstream].answer(answerOf(upstream, { text: ANSWER, usage: null }));
      const before = await counted(gateway);
      const first = await recorded(gateway, asked);
      expect(first.usage_source).toBe('estimated');
      expect(await counted(gateway)).toBe(before);
      // The second one is counted after its end, for those that follow.
      await recorded(gateway, asked);
      await until(async () => (await counted(gateway)) >= before + 2, { what: 'the count' });
      const third = await recorded(gateway, asked);
      expect(third.usage_source).toBe('estimated');
      expectNear(third.output_tokens, OUTPUT, 0.02);
    },
  );

  it('is counted behind GraphQL too, whose caller is told nothing', async () => {
    upstreams['openai-chat'].answer(answerOf('openai-chat', { text: ANSWER, usage: null }));
    await graphChat(gateway, SYSTEM);
    const before = await counted(gateway);
    await graphChat(gateway, SYSTEM);
    await until(async () => (await counted(gateway)) >= before + 2, { what: 'the count' });
    const row = await graphChat(gateway, SYSTEM);
    expect(row.usage_source).toBe('estimated');
    expectNear(row.output_tokens, OUTPUT, 0.05);
  });

  it('is not waited for: a call ends while the thread is busy with something else', async () => {
    const asked = { model: 'openai-chat.one', stream: true };
    upstreams['openai-chat'].answer(plain('openai-chat'));
    await ask(gateway, asked);
    let isCounted = false;
    const busy = Promise.all([longText(gateway), longText(gateway), longText(gateway)]).then((tokens) => {
      isCounted = true;
      return tokens;
    });
    await until(async () => (await waiting(gateway)) === 3, { what: 'the long texts wait' });
    const { callId } = await ask(gateway, asked);
    expect(isCounted).toBe(false);
    expectRough(await rowOf(gateway, callId));
    for (const tokens of await busy) expect(tokens).toBeGreaterThan(100_000);
  });
});

/** A chat over GraphQL, whose caller is told no estimates. */
async function graphChat(gateway: TestGateway, system: string): Promise<CallRow> {
  const messages = [
    { role: 'SYSTEM', content: system },
    { role: 'USER', content: 'Say it' },
  ];
  const variables = { input: { model: 'openai-chat.one', messages } };
  const { json } = await post(`${gateway.baseUrl}/graphql`, { query: CHAT, variables }, { key: APP_KEY });
  const answer = json.data?.['chat'] as { callId: string; usage: unknown } | undefined;
  if (answer === undefined) throw new Error(JSON.stringify(json));
  expect(answer.usage).toMatchObject({ inputTokens: null, outputTokens: null });
  return rowOf(gateway, answer.callId);
}

/** Has letters counted that the tokenizer does not remember, which takes it long. */
function longText(gateway: TestGateway): Promise<number> {
  const letters = Array.from({ length: 500_000 }, () => String.fromCharCode(97 + Math.random() * 26));
  return countOf(gateway, letters.join(''));
}

async function countOf(gateway: TestGateway, content: string): Promise<number> {
  const response = await fetch(`${gateway.baseUrl}/v1/messages/count_tokens`, {
    method: 'POST',
    headers: { authorization: `Bearer ${APP_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'openai-chat.one', messages: [{ role: 'user', content }] }),
  });
  const { input_tokens: tokens } = (await response.json()) as { input_tokens: number };
  return tokens;
}

describe('the thread that counts', () => {
  it('is not started for providers that tell their usage', async () => {
    const gateway = await start();
    try {
      for (const upstream of WIRES) {
        upstreams[upstream].answer(plain(upstream, { inputTokens: 3, outputTokens: 9 }));
        for (let calls = 0; calls < 3; calls += 1) {
          const row = await recorded(gateway, { model: `${upstream}.one`, stream: true });
          expect(row).toMatchObject({ usage_source: 'provider', input_tokens: 3, output_tokens: 9 });
        }
      }
      expect([await counted(gateway), await waiting(gateway)]).toEqual([0, 0]);
    } finally {
      await gateway.close();
    }
  });

  it.each([
    { bound: 'work that waits', limits: { tokenWorkMax: 0 } },
    { bound: 'the time of one text', limits: { tokenWorkTimeoutMs: 0, tokenWatchMs: 1 } },
  ])('at the bound of $bound the rough estimate stands', async ({ limits }) => {
    const gateway = await start(limits);
    try {
      upstreams['openai-chat'].answer(plain('openai-chat'));
      for (let calls = 0; calls < 3; calls += 1) {
        expectRough(await recorded(gateway, { model: 'openai-chat.one', stream: true }));
      }
      expectNear(await countOf(gateway, SYSTEM), Buffer.byteLength(SYSTEM) / 4, 0.02);
      expect(await counted(gateway)).toBe(0);
    } finally {
      await gateway.close();
    }
  });

  it('a request above the bound is estimated, and its answer is counted', async () => {
    const gateway = await start({ tokenTextCharsMax: 1_000 });
    try {
      const asked = { model: 'openai-chat.one', stream: true };
      upstreams['openai-chat'].answer(plain('openai-chat'));
      await ask(gateway, asked);
      upstreams['openai-chat'].answer(await whenCounted(gateway, 'openai-chat', 1));
      const row = await recorded(gateway, asked);
      expectNear(row.input_tokens, Buffer.byteLength(SYSTEM) / 4, 0.1);
      expectNear(row.output_tokens, OUTPUT, 0.05);

      upstreams['openai-chat'].answer(answerOf('openai-chat', { text: ANSWER, usage: null }));
      const before = await counted(gateway);
      const short = await graphChat(gateway, 'Be brief.');
      await until(async () => (await counted(gateway)) > before, { what: 'the short request is counted' });
      const after = await counted(gateway);
      const long = await graphChat(gateway, SYSTEM);
      expect(short.usage_source).toBe('estimated');
      expectNear(long.input_tokens, Buffer.byteLength(SYSTEM) / 4, 0.1);
      expect(await counted(gateway)).toBe(after);
    } finally {
      await gateway.close();
    }
  });
});
