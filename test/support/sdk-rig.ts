import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, beforeAll } from 'vitest';
import type { ProtocolName } from '../../src/protocols/blocks.ts';
import { answerOf, streamOf, type Wire } from './call.ts';
import { APP_KEY, configText } from './config.ts';
import { FakeUpstream } from './fake-upstream.ts';
import type { FakeAnswer, FakeStream } from './fake-upstream-answer.ts';
import type { Script } from './fake-upstream-exchange.ts';
import { inTurn } from './fake-upstream-steps.ts';
import { type CallRow, startGateway, type TestGateway } from './gateway.ts';
import type { LedgerEntry } from './ledger.ts';
import { until } from './wait.ts';

export const WIRES: readonly Wire[] = ['openai-chat', 'anthropic-messages'];

/** What callers name for an upstream of each protocol. */
export const MODEL_OF: Readonly<Record<ProtocolName, string>> = {
  'openai-chat': 'gpt',
  'openai-responses': 'resp',
  'anthropic-messages': 'claude',
  gemini: 'flash',
  'bedrock-converse': 'nova',
  'cohere-chat': 'command',
};

/** The official clients before a gateway with one fake upstream of each protocol. */
export interface SdkRig {
  readonly gateway: TestGateway;
  readonly openai: OpenAI;
  readonly anthropic: Anthropic;
  readonly upstreams: Readonly<Record<Wire, FakeUpstream>>;
  /** A client with another key, or none of ours. */
  openaiWith(apiKey: string): OpenAI;
  anthropicWith(apiKey: string): Anthropic;
  /** The upstream's next answers in turn, whole; what it sees from here on is counted anew. */
  answers(wire: Wire, ...answers: readonly [FakeAnswer, ...FakeAnswer[]]): void;
  /** The same, streamed. */
  streams(wire: Wire, ...streams: readonly [FakeStream, ...FakeStream[]]): void;
  plays(wire: Wire, ...scripts: readonly [Script, ...Script[]]): void;
  /** The request that the upstream got, counted from the last script. */
  asked(wire: Wire, count?: number): Promise<LedgerEntry>;
  /** The final record of a call, as Postgres has it. */
  record(callId: string | null | undefined): Promise<CallRow>;
}

/** The rig of a test file. The clients repeat nothing by themselves: what goes wrong must be seen. */
export function useSdkRig(): SdkRig {
  let gateway: TestGateway | null = null;
  const upstreams = { 'openai-chat': new FakeUpstream(), 'anthropic-messages': new FakeUpstream() };
  const running = () => {
    if (gateway === null) throw new Error('the gateway has not started');
    return gateway;
  };
  beforeAll(async () => {
    for (const wire of WIRES) await upstreams[wire].listen();
    gateway = await startGateway({ config: sdkConfig(upstreams) });
  });
  afterAll(async () => {
    await gateway?.close();
    for (const wire of WIRES) await upstreams[wire].close();
  });
  const openaiWith = (apiKey: string) =>
    new OpenAI({ baseURL: `${running().baseUrl}/v1`, apiKey, maxRetries: 0 });
  const anthropicWith = (apiKey: string) =>
    new Anthropic({ baseURL: running().baseUrl, apiKey, authToken: null, maxRetries: 0 });
  const plays = (wire: Wire, ...scripts: readonly [Script, ...Script[]]) => {
    for (const each of WIRES) upstreams[each].requests.length = 0;
    upstreams[wire].answer(inTurn(...scripts));
  };
  return {
    upstreams,
    openaiWith,
    anthropicWith,
    plays,
    get gateway() {
      return running();
    },
    get openai() {
      return openaiWith(APP_KEY);
    },
    get anthropic() {
      return anthropicWith(APP_KEY);
    },
    answers: (wire, first, ...more) =>
      plays(wire, answerOf(wire, first), ...more.map((answer) => answerOf(wire, answer))),
    streams: (wire, first, ...more) =>
      plays(wire, streamOf(wire, first), ...more.map((stream) => streamOf(wire, stream))),
    asked: (wire, count = 1) => upstreams[wire].seen(count),
    record: (callId) => recordOf(running(), callId),
  };
}

const sdkConfig = (upstreams: Readonly<Record<Wire, FakeUpstream>>): string =>
  configText(
    WIRES.map((protocol) => ({ name: MODEL_OF[protocol], protocol, port: upstreams[protocol].port })),
    WIRES.map((wire) => ({ name: MODEL_OF[wire], targets: [`${MODEL_OF[wire]}/upstream-model`] })),
  );

/** The final record with this id; waits for it. */
export async function recordOf(gateway: TestGateway, callId: string | null | undefined): Promise<CallRow> {
  const find = async () =>
    (await gateway.rows()).find((row) => row.id === callId && row.outcome !== 'running');
  return await until(find, { what: `the record of ${callId}`, pollMs: 10 });
}
