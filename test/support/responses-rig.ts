import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, beforeAll } from 'vitest';
import { APP_KEY, configText } from './config.ts';
import { FakeUpstream } from './fake-upstream.ts';
import type { FakeAnswer, FakeStream } from './fake-upstream-answer.ts';
import { anthropicAnswer, anthropicError, anthropicStream } from './fake-upstream-anthropic.ts';
import type { Script, Step } from './fake-upstream-exchange.ts';
import { openaiAnswer, openaiError, openaiStream } from './fake-upstream-openai.ts';
import { responsesAnswer, responsesStream } from './fake-upstream-responses.ts';
import { inTurn } from './fake-upstream-steps.ts';
import { type CallRow, startGateway, type TestGateway } from './gateway.ts';
import type { LedgerEntry } from './ledger.ts';
import { recordOf } from './sdk-rig.ts';

interface Spoken {
  /** What callers name for an upstream of this protocol. */
  readonly model: string;
  readonly answer: (answer?: FakeAnswer) => Step;
  readonly stream: (stream?: FakeStream) => Step;
  readonly error: (status: number, message: string) => Step;
}

/** The protocols of the upstreams. */
export const SPOKEN = {
  'openai-responses': {
    model: 'resp',
    answer: responsesAnswer,
    stream: responsesStream,
    error: openaiError,
  },
  'openai-chat': { model: 'gpt', answer: openaiAnswer, stream: openaiStream, error: openaiError },
  'anthropic-messages': {
    model: 'claude',
    answer: anthropicAnswer,
    stream: anthropicStream,
    error: (status, message) => anthropicError(status, 'api_error', message),
  },
} as const satisfies Record<string, Spoken>;

export type UpstreamWire = keyof typeof SPOKEN;
export const UPSTREAM_WIRES = Object.keys(SPOKEN) as readonly UpstreamWire[]; // the keys above

/** Clients before a gateway with one fake upstream of each protocol, Responses among them. */
export interface ResponsesRig {
  readonly gateway: TestGateway;
  readonly openai: OpenAI;
  readonly anthropic: Anthropic;
  /** What OpenAI's clients take as base URL. */
  readonly baseURL: string;
  openaiWith(apiKey: string): OpenAI;
  answers(wire: UpstreamWire, ...answers: readonly [FakeAnswer, ...FakeAnswer[]]): void;
  streams(wire: UpstreamWire, ...streams: readonly [FakeStream, ...FakeStream[]]): void;
  plays(wire: UpstreamWire, ...scripts: readonly [Script, ...Script[]]): void;
  /** The request that the upstream got, counted from the last script. */
  asked(wire: UpstreamWire, count?: number): Promise<LedgerEntry>;
  record(callId: string | null | undefined): Promise<CallRow>;
}

/** The rig of a test file. The clients repeat nothing by themselves: what goes wrong must be seen. */
export function useResponsesRig(): ResponsesRig {
  let gateway: TestGateway | null = null;
  const upstreams: Readonly<Record<UpstreamWire, FakeUpstream>> = {
    'openai-responses': new FakeUpstream(),
    'openai-chat': new FakeUpstream(),
    'anthropic-messages': new FakeUpstream(),
  };
  const running = () => {
    if (gateway === null) throw new Error('the gateway has not started');
    return gateway;
  };
  beforeAll(async () => {
    for (const wire of UPSTREAM_WIRES) await upstreams[wire].listen();
    const config = configText(
      UPSTREAM_WIRES.map((protocol) => ({
        name: SPOKEN[protocol].model,
        protocol,
        port: upstreams[protocol].port,
      })),
      UPSTREAM_WIRES.map((wire) => ({
        name: SPOKEN[wire].model,
        targets: [`${SPOKEN[wire].model}/upstream-model`],
      })),
    );
    gateway = await startGateway({ config });
  });
  afterAll(async () => {
    await gateway?.close();
    for (const wire of UPSTREAM_WIRES) await upstreams[wire].close();
  });
  const openaiWith = (apiKey: string) =>
    new OpenAI({ baseURL: `${running().baseUrl}/v1`, apiKey, maxRetries: 0 });
  const plays = (wire: UpstreamWire, ...scripts: readonly [Script, ...Script[]]) => {
    for (const each of UPSTREAM_WIRES) upstreams[each].requests.length = 0;
    upstreams[wire].answer(inTurn(...scripts));
  };
  return {
    openaiWith,
    plays,
    get gateway() {
      return running();
    },
    get baseURL() {
      return `${running().baseUrl}/v1`;
    },
    get openai() {
      return openaiWith(APP_KEY);
    },
    get anthropic() {
      return new Anthropic({ baseURL: running().baseUrl, apiKey: APP_KEY, authToken: null, maxRetries: 0 });
    },
    answers(wire, ...answers) {
      const [first, ...more] = answers.map((answer) => SPOKEN[wire].answer(answer));
      if (first !== undefined) plays(wire, first, ...more);
    },
    streams(wire, ...streams) {
      const [first, ...more] = streams.map((stream) => SPOKEN[wire].stream(stream));
      if (first !== undefined) plays(wire, first, ...more);
    },
    asked: (wire, count = 1) => upstreams[wire].seen(count),
    record: (callId) => recordOf(running(), callId),
  };
}
