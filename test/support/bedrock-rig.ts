import Anthropic from '@anthropic-ai/sdk';
import { BedrockRuntimeClient } from '@aws-sdk/client-bedrock-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import OpenAI from 'openai';
import { afterAll, beforeAll } from 'vitest';
import { APP_KEY } from './config.ts';
import { FakeUpstream } from './fake-upstream.ts';
import type { FakeAnswer, FakeStream } from './fake-upstream-answer.ts';
import { anthropicAnswer, anthropicStream } from './fake-upstream-anthropic.ts';
import { bedrockAnswer, bedrockStream } from './fake-upstream-bedrock.ts';
import type { Script, Step } from './fake-upstream-exchange.ts';
import { openaiAnswer, openaiStream } from './fake-upstream-openai.ts';
import { inTurn } from './fake-upstream-steps.ts';
import { type CallRow, startGateway, type TestGateway, type TestGatewayOptions } from './gateway.ts';
import type { LedgerEntry } from './ledger.ts';
import { recordOf } from './sdk-rig.ts';

export type BedrockWire = 'bedrock-converse' | 'openai-chat' | 'anthropic-messages';
export const BEDROCK_WIRES: readonly BedrockWire[] = [
  'bedrock-converse',
  'openai-chat',
  'anthropic-messages',
];

/** What callers name for an upstream of each protocol; `keyed` is Bedrock with a key instead of signatures. */
export const BEDROCK_MODELS: Readonly<Record<BedrockWire, string>> = {
  'bedrock-converse': 'claude-on-aws',
  'openai-chat': 'gpt',
  'anthropic-messages': 'claude',
};
export const UPSTREAM_MODEL = 'us.anthropic.claude-3-7-sonnet-20250219-v1:0';
export const AWS = {
  region: 'eu-central-1',
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  sessionToken: 'session-token/with+signs==',
};

const ANSWERS: Readonly<Record<BedrockWire, (answer: FakeAnswer) => Step>> = {
  'bedrock-converse': bedrockAnswer,
  'openai-chat': openaiAnswer,
  'anthropic-messages': anthropicAnswer,
};
const STREAMS: Readonly<Record<BedrockWire, (stream: FakeStream) => Step>> = {
  'bedrock-converse': bedrockStream,
  'openai-chat': openaiStream,
  'anthropic-messages': anthropicStream,
};

/** AWS' own client, and two others, before a gateway with a fake upstream of each protocol. */
export interface BedrockRig {
  readonly gateway: TestGateway;
  readonly aws: BedrockRuntimeClient;
  readonly openai: OpenAI;
  readonly anthropic: Anthropic;
  readonly upstreams: Readonly<Record<BedrockWire, FakeUpstream>>;
  /** AWS' client with another key. */
  awsWith(key: string): BedrockRuntimeClient;
  answers(wire: BedrockWire, answer: FakeAnswer): void;
  streams(wire: BedrockWire, stream: FakeStream): void;
  plays(wire: BedrockWire, ...scripts: readonly [Script, ...Script[]]): void;
  asked(wire: BedrockWire, count?: number): Promise<LedgerEntry>;
  record(callId: string | null | undefined): Promise<CallRow>;
}

export function useBedrockRig(options: Partial<TestGatewayOptions> = {}): BedrockRig {
  let gateway: TestGateway | null = null;
  const upstreams: Record<BedrockWire, FakeUpstream> = {
    'bedrock-converse': new FakeUpstream(),
    'openai-chat': new FakeUpstream(),
    'anthropic-messages': new FakeUpstream(),
  };
  const clients: BedrockRuntimeClient[] = [];
  const running = () => {
    if (gateway === null) throw new Error('the gateway has not started');
    return gateway;
  };
  beforeAll(async () => {
    for (const wire of BEDROCK_WIRES) await upstreams[wire].listen();
    gateway = await startGateway({ config: configText(upstreams), ...options });
  });
  afterAll(async () => {
    for (const client of clients) client.destroy();
    await gateway?.close();
    for (const wire of BEDROCK_WIRES) await upstreams[wire].close();
  });
  const awsWith = (key: string) => {
    const client = bedrockClient(running().baseUrl, key);
    clients.push(client);
    return client;
  };
  const plays = (wire: BedrockWire, ...scripts: readonly [Script, ...Script[]]) => {
    for (const each of BEDROCK_WIRES) upstreams[each].requests.length = 0;
    upstreams[wire].answer(inTurn(...scripts));
  };
  return {
    upstreams,
    awsWith,
    plays,
    get gateway() {
      return running();
    },
    get aws() {
      return awsWith(APP_KEY);
    },
    get openai() {
      return new OpenAI({ baseURL: `${running().baseUrl}/v1`, apiKey: APP_KEY, maxRetries: 0 });
    },
    get anthropic() {
      return new Anthropic({ baseURL: running().baseUrl, apiKey: APP_KEY, authToken: null, maxRetries: 0 });
    },
    answers: (wire, answer) => plays(wire, ANSWERS[wire](answer)),
    streams: (wire, stream) => plays(wire, STREAMS[wire](stream)),
    asked: (wire, count = 1) => upstreams[wire].seen(count),
    record: (callId) => recordOf(running(), callId),
  };
}

/**
 * AWS' client as the documentation says to set it up: by itself it speaks HTTP/2, also without TLS. It repeats
 * nothing: what goes wrong must be seen.
 */
export function bedrockClient(endpoint: string, key: string): BedrockRuntimeClient {
  return new BedrockRuntimeClient({
    endpoint,
    region: 'us-east-1',
    token: { token: key },
    authSchemePreference: ['httpBearerAuth'],
    requestHandler: new NodeHttpHandler(),
    maxAttempts: 1,
  });
}

function configText(upstreams: Readonly<Record<BedrockWire, FakeUpstream>>): string {
  const url = (wire: BedrockWire) => upstreams[wire].origin;
  return JSON.stringify({
    connections: [
      { name: 'aws', provider: 'bedrock', baseUrl: url('bedrock-converse'), aws: AWS },
      {
        name: 'keyed',
        provider: 'bedrock',
        baseUrl: url('bedrock-converse'),
        apiKey: 'bedrock-api-key-0001',
      },
      {
        name: 'openai',
        provider: 'custom',
        protocol: 'openai-chat',
        baseUrl: `${url('openai-chat')}/v1`,
        apiKey: 'sk-1',
      },
      {
        name: 'anthropic',
        provider: 'custom',
        protocol: 'anthropic-messages',
        baseUrl: url('anthropic-messages'),
        apiKey: 'sk-2',
      },
    ],
    models: [
      { name: BEDROCK_MODELS['bedrock-converse'], targets: [{ connection: 'aws', model: UPSTREAM_MODEL }] },
      { name: BEDROCK_MODELS['openai-chat'], targets: [{ connection: 'openai', model: 'upstream-model' }] },
      {
        name: BEDROCK_MODELS['anthropic-messages'],
        targets: [{ connection: 'anthropic', model: 'upstream-model' }],
      },
      {
        name: 'first-aws',
        targets: [
          { connection: 'aws', model: UPSTREAM_MODEL, priority: 1 },
          { connection: 'openai', model: 'upstream-model', priority: 2 },
        ],
      },
    ],
    tenants: [{ name: 'acme', applications: [{ name: 'web', keys: [APP_KEY] }] }],
  });
}
