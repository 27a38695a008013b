import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { Limits } from '../../src/limits.ts';
import { APP_KEY } from './config.ts';
import { FakeUpstream } from './fake-upstream.ts';
import { type CallRow, startGateway, type TestGateway } from './gateway.ts';
import { recordOf } from './sdk-rig.ts';

/** Of another tenant than APP_KEY's. */
export const OTHER_KEY = 'sk-test-other-tenant-key-0001';
/** Of APP_KEY's tenant; may use the model `solo` alone. */
export const NARROW_KEY = 'sk-test-narrow-key-0001';
export const MAIN_SECRET = 'secret-of-main-0001';

/** A gateway before two OpenAI-style servers, for every endpoint but chat. */
export interface TaskRig {
  readonly gateway: TestGateway;
  /** The connection `main`; `solo` has its model alone. */
  readonly main: FakeUpstream;
  /** The connection `spare`; `pair` has it second. */
  readonly spare: FakeUpstream;
  openai(key?: string): OpenAI;
  /** The final record of the only call since the test began, or of the one with this id. */
  record(callId?: string | null): Promise<CallRow>;
  /** All records since the test began. */
  rows(): Promise<CallRow[]>;
}

export function useTaskRig(limits: Partial<Limits> = {}): TaskRig {
  const main = new FakeUpstream();
  const spare = new FakeUpstream();
  let gateway: TestGateway | null = null;
  let oldRows = new Set<string>();
  const running = () => {
    if (gateway === null) throw new Error('the gateway has not started');
    return gateway;
  };
  beforeAll(async () => {
    await main.listen();
    await spare.listen();
    gateway = await startGateway({ config: configOf(main, spare), limits });
  });
  afterAll(async () => {
    await gateway?.close();
    await main.close();
    await spare.close();
  });
  beforeEach(async () => {
    main.requests.length = 0;
    spare.requests.length = 0;
    oldRows = new Set((await running().rows()).map(({ id }) => id));
  });
  const rows = async () => (await running().rows()).filter(({ id }) => !oldRows.has(id));
  return {
    main,
    spare,
    rows,
    get gateway() {
      return running();
    },
    openai: (apiKey = APP_KEY) => new OpenAI({ baseURL: `${running().baseUrl}/v1`, apiKey, maxRetries: 0 }),
    async record(callId) {
      if (callId != null) return recordOf(running(), callId);
      const [row, ...others] = await rows();
      if (row === undefined || others.length > 0) throw new Error(`${others.length} more records than one`);
      return row;
    },
  };
}

function configOf(main: FakeUpstream, spare: FakeUpstream): string {
  const connection = (name: string, { port }: FakeUpstream, more: object = {}) => ({
    name,
    provider: 'custom',
    protocol: 'openai-chat',
    baseUrl: `http://127.0.0.1:${port}/v1`,
    apiKey: `secret-of-${name}-0001`,
    ...more,
  });
  const target = (name: string, priority = 1) => ({ connection: name, model: 'upstream-model', priority });
  return JSON.stringify({
    connections: [
      connection('main', main),
      connection('spare', spare),
      connection('claude', main, {
        protocol: 'anthropic-messages',
        baseUrl: `http://127.0.0.1:${main.port}`,
      }),
    ],
    models: [
      { name: 'solo', targets: [target('main')] },
      { name: 'pair', targets: [target('main', 1), target('spare', 2)] },
      { name: 'claude', targets: [target('claude')] },
      { name: 'mixed', targets: [target('claude', 1), target('spare', 2)] },
    ],
    tenants: [
      {
        name: 'acme',
        applications: [
          { name: 'web', keys: [APP_KEY] },
          { name: 'narrow', keys: [NARROW_KEY], models: ['solo'] },
        ],
      },
      { name: 'other', applications: [{ name: 'app', keys: [OTHER_KEY] }] },
    ],
  });
}
