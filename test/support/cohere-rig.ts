import Anthropic from '@anthropic-ai/sdk';
import { CohereClientV2 } from 'cohere-ai';
import OpenAI from 'openai';
import { afterAll, beforeAll } from 'vitest';
import { APP_KEY, configText } from './config.ts';
import { FakeUpstream } from './fake-upstream.ts';
import type { FakeAnswer, FakeStream } from './fake-upstream-answer.ts';
import { anthropicAnswer, anthropicStream } from './fake-upstream-anthropic.ts';
import { cohereAnswer, cohereStream } from './fake-upstream-cohere.ts';
import type { Script, Step } from './fake-upstream-exchange.ts';
import { openaiAnswer, openaiStream } from './fake-upstream-openai.ts';
import { inTurn } from './fake-upstream-steps.ts';
import { type CallRow, startGateway, type TestGateway } from './gateway.ts';
import type { LedgerEntry } from './ledger.ts';
import { recordOf } from './sdk-rig.ts';

export const COHERE_WIRES = ['cohere-chat', 'openai-chat', 'anthropic-messages'] as const;
export type CohereWire = (typeof COHERE_WIRES)[number];

/** What callers name for an upstream of each protocol. */
export const COHERE_MODELS: Readonly<Record<CohereWire, string>> = {
  'cohere-chat': 'command',
  'openai-chat': 'gpt',
  'anthropic-messages': 'claude',
};

/** Of the upstream that speaks it: dollars for a million tokens. */
export const COHERE_PRICE = { input: 3, output: 5 };

const ANSWERS: Readonly<Record<CohereWire, (answer?: FakeAnswer) => Step>> = {
  'cohere-chat': cohereAnswer,
  'openai-chat': openaiAnswer,
  'anthropic-messages': anthropicAnswer,
};
const STREAMS: Readonly<Record<CohereWire, (stream?: FakeStream) => Step>> = {
  'cohere-chat': cohereStream,
  'openai-chat': openaiStream,
  'anthropic-messages': anthropicStream,
};

/** The vendor's client, and those of others, before a gateway with one fake upstream of each protocol. */
export interface CohereRig {
  readonly gateway: TestGateway;
  readonly cohere: CohereClientV2;
  readonly openai: OpenAI;
  readonly anthropic: Anthropic;
  /** A client with another key. */
  cohereWith(token: string): CohereClientV2;
  /** The upstream's next answers in turn; what it sees from here on is counted anew. */
  answers(wire: CohereWire, ...answers: readonly [FakeAnswer, ...FakeAnswer[]]): void;
  streams(wire: CohereWire, ...streams: readonly [FakeStream, ...FakeStream[]]): void;
  plays(wire: CohereWire, ...scripts: readonly [Script, ...Script[]]): void;
  asked(wire: CohereWire, count?: number): Promise<LedgerEntry>;
  record(callId: string | null | undefined): Promise<CallRow>;
}

/**
 * The rig of a test file. The clients repeat nothing by themselves: what goes wrong must be seen.
 * @param targets which upstream stands behind each model; its own unless told.
 */
export function useCohereRig(targets: Partial<Record<CohereWire, CohereWire>> = {}): CohereRig {
  let gateway: TestGateway | null = null;
  const upstreams: Readonly<Record<CohereWire, FakeUpstream>> = {
    'cohere-chat': new FakeUpstream(),
    'openai-chat': new FakeUpstream(),
    'anthropic-messages': new FakeUpstream(),
  };
  const running = () => {
    if (gateway === null) throw new Error('the gateway has not started');
    return gateway;
  };
  beforeAll(async () => {
    for (const wire of COHERE_WIRES) await upstreams[wire].listen();
    const config = configText(
      COHERE_WIRES.map((protocol) => ({ name: `at-${protocol}`, protocol, port: upstreams[protocol].port })),
      COHERE_WIRES.map((wire) => ({
        name: COHERE_MODELS[wire],
        targets: [`at-${targets[wire] ?? wire}/upstream-model`],
      })),
    );
    const prices = [{ connection: 'at-cohere-chat', model: '*', ...COHERE_PRICE }];
    gateway = await startGateway({ config: JSON.stringify({ ...JSON.parse(config), prices }) });
  });
  afterAll(async () => {
    await gateway?.close();
    for (const wire of COHERE_WIRES) await upstreams[wire].close();
  });
  const cohereWith = (token: string) =>
    new CohereClientV2({ token, environment: running().baseUrl, maxRetries: 0 });
  const plays: CohereRig['plays'] = (wire, ...scripts) => {
    for (const each of COHERE_WIRES) upstreams[each].requests.length = 0;
    upstreams[wire].answer(inTurn(...scripts));
  };
  return {
    cohereWith,
    plays,
    get gateway() {
      return running();
    },
    get cohere() {
      return cohereWith(APP_KEY);
    },
    get openai() {
      return new OpenAI({ baseURL: `${running().baseUrl}/v1`, apiKey: APP_KEY, maxRetries: 0 });
    },
    get anthropic() {
      return new Anthropic({ baseURL: running().baseUrl, apiKey: APP_KEY, authToken: null, maxRetries: 0 });
    },
    answers: (wire, first, ...more) =>
      plays(wire, ANSWERS[wire](first), ...more.map((answer) => ANSWERS[wire](answer))),
    streams: (wire, first, ...more) =>
      plays(wire, STREAMS[wire](first), ...more.map((stream) => STREAMS[wire](stream))),
    asked: (wire, count = 1) => upstreams[wire].seen(count),
    record: (callId) => recordOf(running(), callId),
  };
}
