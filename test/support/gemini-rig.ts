import Anthropic from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import OpenAI from 'openai';
import { afterAll, beforeAll } from 'vitest';
import { APP_KEY, configText } from './config.ts';
import { FakeUpstream } from './fake-upstream.ts';
import type { FakeAnswer, FakeStream } from './fake-upstream-answer.ts';
import { anthropicAnswer, anthropicStream } from './fake-upstream-anthropic.ts';
import type { Script, Step } from './fake-upstream-exchange.ts';
import { geminiAnswer, geminiStream } from './fake-upstream-gemini.ts';
import { openaiAnswer, openaiStream } from './fake-upstream-openai.ts';
import { inTurn } from './fake-upstream-steps.ts';
import { type CallRow, startGateway, type TestGateway } from './gateway.ts';
import type { LedgerEntry } from './ledger.ts';
import { recordOf } from './sdk-rig.ts';

export const GEMINI_WIRES = ['gemini', 'openai-chat', 'anthropic-messages'] as const;
export type GeminiWire = (typeof GEMINI_WIRES)[number];

/** What callers name for an upstream of each protocol. */
export const GEMINI_MODELS: Readonly<Record<GeminiWire, string>> = {
  gemini: 'flash',
  'openai-chat': 'gpt',
  'anthropic-messages': 'claude',
};
/** Of a generation that wants its function calls signed. */
export const UPSTREAM_MODEL = 'gemini-3-flash-preview';

const ANSWERS: Readonly<Record<GeminiWire, (answer?: FakeAnswer) => Step>> = {
  gemini: geminiAnswer,
  'openai-chat': openaiAnswer,
  'anthropic-messages': anthropicAnswer,
};
const STREAMS: Readonly<Record<GeminiWire, (stream?: FakeStream) => Step>> = {
  gemini: geminiStream,
  'openai-chat': openaiStream,
  'anthropic-messages': anthropicStream,
};

/** The vendor's client, and those of others, before a gateway with one fake upstream of each protocol. */
export interface GeminiRig {
  readonly gateway: TestGateway;
  readonly google: GoogleGenAI;
  readonly openai: OpenAI;
  readonly anthropic: Anthropic;
  /** A client with another key. */
  googleWith(apiKey: string): GoogleGenAI;
  /** The upstream's next answers in turn; what it sees from here on is counted anew. */
  answers(wire: GeminiWire, ...answers: readonly [FakeAnswer, ...FakeAnswer[]]): void;
  streams(wire: GeminiWire, ...streams: readonly [FakeStream, ...FakeStream[]]): void;
  plays(wire: GeminiWire, ...scripts: readonly [Script, ...Script[]]): void;
  asked(wire: GeminiWire, count?: number): Promise<LedgerEntry>;
  record(callId: string | null | undefined): Promise<CallRow>;
}

/**
 * The rig of a test file. The clients repeat nothing by themselves: what goes wrong must be seen.
 * @param targets which upstream stands behind each model; its own unless told.
 */
export function useGeminiRig(targets: Partial<Record<GeminiWire, GeminiWire>> = {}): GeminiRig {
  let gateway: TestGateway | null = null;
  const upstreams: Readonly<Record<GeminiWire, FakeUpstream>> = {
    gemini: new FakeUpstream(),
    'openai-chat': new FakeUpstream(),
    'anthropic-messages': new FakeUpstream(),
  };
  const running = () => {
    if (gateway === null) throw new Error('the gateway has not started');
    return gateway;
  };
  beforeAll(async () => {
    for (const wire of GEMINI_WIRES) await upstreams[wire].listen();
    const config = configText(
      GEMINI_WIRES.map((protocol) => ({ name: `at-${protocol}`, protocol, port: upstreams[protocol].port })),
      GEMINI_WIRES.map((wire) => ({
        name: GEMINI_MODELS[wire],
        targets: [`at-${targets[wire] ?? wire}/${UPSTREAM_MODEL}`],
      })),
    );
    gateway = await startGateway({ config });
  });
  afterAll(async () => {
    await gateway?.close();
    for (const wire of GEMINI_WIRES) await upstreams[wire].close();
  });
  const googleWith = (apiKey: string) =>
    new GoogleGenAI({ apiKey, httpOptions: { baseUrl: running().baseUrl } });
  const plays: GeminiRig['plays'] = (wire, ...scripts) => {
    for (const each of GEMINI_WIRES) upstreams[each].requests.length = 0;
    upstreams[wire].answer(inTurn(...scripts));
  };
  return {
    googleWith,
    plays,
    get gateway() {
      return running();
    },
    get google() {
      return googleWith(APP_KEY);
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
