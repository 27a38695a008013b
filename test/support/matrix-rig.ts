import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterAll, beforeAll } from 'vitest';
import { PROTOCOL_NAMES, type ProtocolName } from '../../src/protocols/blocks.ts';
import { APP_KEY } from './config.ts';
import { divided } from './divisions.ts';
import { FakeUpstream } from './fake-upstream.ts';
import { respondEventStream } from './fake-upstream-bedrock.ts';
import type { Script } from './fake-upstream-exchange.ts';
import { end, fin, pieces, respondStream, send } from './fake-upstream-steps.ts';
import { startGateway, type TestGateway } from './gateway.ts';
import type { ReplayRig } from './heard.ts';
import type { Cut } from './replay.ts';
import { MODEL_OF } from './sdk-rig.ts';

/** Every caller before a gateway with a fake upstream of every protocol. */
export interface MatrixRig extends ReplayRig {
  plays(wire: ProtocolName, script: Script): void;
}

export function useMatrixRig(): MatrixRig {
  let gateway: TestGateway | null = null;
  const upstreams = new Map(PROTOCOL_NAMES.map((protocol) => [protocol, new FakeUpstream()]));
  const running = () => {
    if (gateway === null) throw new Error('the gateway has not started');
    return gateway;
  };
  beforeAll(async () => {
    for (const upstream of upstreams.values()) await upstream.listen();
    gateway = await startGateway({ config: configText(upstreams) });
  });
  afterAll(async () => {
    await gateway?.close();
    for (const upstream of upstreams.values()) await upstream.close();
  });
  return {
    plays: (wire, script) => upstreams.get(wire)?.answer(script),
    get gateway() {
      return running();
    },
    get openai() {
      return new OpenAI({ baseURL: `${running().baseUrl}/v1`, apiKey: APP_KEY, maxRetries: 0 });
    },
    get anthropic() {
      return new Anthropic({ baseURL: running().baseUrl, apiKey: APP_KEY, authToken: null, maxRetries: 0 });
    },
  };
}

function configText(upstreams: ReadonlyMap<ProtocolName, FakeUpstream>): string {
  const connections = [...upstreams].map(([protocol, { origin }]) => ({
    name: `at-${protocol}`,
    // A provider of one's own may speak any protocol but this, whose paths are signed.
    ...(protocol === 'bedrock-converse' ? { provider: 'bedrock' } : { provider: 'custom', protocol }),
    baseUrl: protocol.startsWith('openai-') ? `${origin}/v1` : origin,
    apiKey: `secret-of-${protocol}-0001`,
  }));
  const models = PROTOCOL_NAMES.map((protocol) => ({
    name: MODEL_OF[protocol],
    targets: [{ connection: `at-${protocol}`, model: 'upstream-model' }],
  }));
  const tenants = [{ name: 'acme', applications: [{ name: 'web', keys: [APP_KEY] }] }];
  return JSON.stringify({ connections, models, tenants });
}

const head = (wire: ProtocolName) => (wire === 'bedrock-converse' ? respondEventStream() : respondStream());

/** A recorded stream, each frame a chunk. */
export const playFrames = (wire: ProtocolName, frames: readonly Buffer[]): Script => [
  head(wire),
  ...frames.map((frame) => send(frame)),
  end(),
];

/** A recorded stream as one chunk, its bytes and those around it in segments without regard to frames. */
export function playDivided(wire: ProtocolName, frames: readonly Buffer[], seed: number): Script {
  const content = Buffer.concat(frames);
  const around = [`${content.length.toString(16)}\r\n`, '\r\n0\r\n\r\n'] as const;
  const body = Buffer.concat([Buffer.from(around[0]), content, Buffer.from(around[1])]);
  return [head(wire), pieces(divided(body, seed))];
}

/** A recorded stream that breaks off after so many frames. */
export const playCut = (wire: ProtocolName, frames: readonly Buffer[], count: number, cut: Cut): Script => [
  head(wire),
  ...frames.slice(0, count).map((frame) => send(frame)),
  cut === 'body ended' ? end() : fin(),
];
