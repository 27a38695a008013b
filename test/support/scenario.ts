import { afterAll, beforeAll } from 'vitest';
import type { Limits } from '../../src/limits.ts';
import { answerOf, type CallOptions, callBytes, OpenCall, streamOf, type Wire } from './call.ts';
import { canary, nonce as randomNonce } from './canary.ts';
import { toChecked } from './checked-row.ts';
import { Checker } from './checker.ts';
import type { FakeClock } from './clock.ts';
import { configText } from './config.ts';
import { FakeUpstream } from './fake-upstream.ts';
import type { Step } from './fake-upstream-exchange.ts';
import { type CallRow, startGateway, type TestGateway } from './gateway.ts';
import type { LedgerEntry } from './ledger.ts';
import { connectRaw, type RawClient } from './raw-client.ts';
import { until } from './wait.ts';

const PLACES = ['main', 'spare', 'third'] as const;
const WIRES: readonly Wire[] = ['openai-chat', 'anthropic-messages'];

type Upstreams = Readonly<Record<(typeof PLACES)[number], FakeUpstream>>;

export interface RigOptions {
  /** The port of the main upstreams, instead of fake ones (a black hole). */
  readonly mainPort?: () => number;
  /** Of the models `fallback`: `priority` unless given. */
  readonly strategy?: string;
  readonly limits?: Partial<Limits>;
  readonly clock?: FakeClock;
}

/** A gateway with three upstreams of each protocol, for scenarios one after another. */
export interface Rig {
  readonly gateway: TestGateway;
  /** Runs a scenario with the upstreams of this protocol, from fresh ledgers to the last check. */
  run(upstream: Wire, scenario: (scenario: Scenario) => Promise<void>): Promise<void>;
}

/** The rig of a test file, or of a `describe`. Starting a gateway for each test would cost a second each. */
export function useRig(options: RigOptions = {}): Rig {
  let started: { gateway: TestGateway; upstreams: Record<Wire, Upstreams>; keys: readonly string[] } | null =
    null;
  const oldRows = new Set<string>();
  const get = () => {
    if (started === null) throw new Error('the rig has not started');
    return started;
  };
  beforeAll(async () => {
    started = await startRig(options);
  });
  afterAll(async () => {
    await started?.gateway.close();
    for (const upstream of allOf(started?.upstreams)) await upstream.close();
  });
  return {
    get gateway() {
      return get().gateway;
    },
    async run(upstream, run) {
      const { gateway, upstreams, keys } = get();
      for (const each of allOf(upstreams)) each.requests.length = 0;
      for (const wire of WIRES) for (const place of PLACES) upstreams[wire][place].answer(usual(wire));
      const scenario = new Scenario(upstream, gateway, upstreams[upstream], keys, oldRows);
      try {
        await run(scenario);
        await scenario.verify();
      } catch (error) {
        await scenario.end().catch(() => {});
        throw error;
      }
      await scenario.end();
    },
  };
}

const allOf = (upstreams?: Record<Wire, Upstreams>): readonly FakeUpstream[] =>
  upstreams === undefined ? [] : WIRES.flatMap((wire) => Object.values(upstreams[wire]));

async function startRig({ mainPort, strategy = 'priority', limits, clock }: RigOptions) {
  const start = async (wire: Wire): Promise<Upstreams> => {
    const [main, spare, third] = [0, 1, 2].map(() => new FakeUpstream({ answer: usual(wire) }));
    if (main === undefined || spare === undefined || third === undefined) throw new Error('three upstreams');
    for (const each of [main, spare, third]) await each.listen();
    return { main, spare, third };
  };
  const upstreams = {
    'openai-chat': await start('openai-chat'),
    'anthropic-messages': await start('anthropic-messages'),
  };
  const connections = WIRES.flatMap((protocol) =>
    PLACES.map((place) => ({
      name: `${protocol}-${place}`,
      protocol,
      port: place === 'main' && mainPort !== undefined ? mainPort() : upstreams[protocol][place].port,
      secret: canary('provider key', (random) => `sk-${random}`).value,
    })),
  );
  const targets = (wire: Wire) =>
    PLACES.map((place) => `${wire}-${place}/${place}${strategy === 'priority' ? '' : '@1'}`);
  const models = WIRES.flatMap((wire) => [
    { name: `${wire}.solo`, targets: targets(wire).slice(0, 1) },
    { name: `${wire}.fallback`, targets: targets(wire), strategy },
  ]);
  const gateway = await startGateway({
    config: configText(connections, models),
    ...(limits === undefined ? {} : { limits }),
    ...(clock === undefined ? {} : { clock }),
  });
  return { gateway, upstreams, keys: connections.map(({ secret }) => secret) };
}

/** Answers with the request's own nonce, streamed if it asks for that. */
const usual =
  (wire: Wire): Step =>
  (exchange) =>
    (exchange.request.json()['stream'] === true ? streamOf(wire) : answerOf(wire))(exchange);

/** The calls of one test, what their upstreams saw, and the checker over both. */
export class Scenario {
  readonly checker = new Checker();
  readonly gateway: TestGateway;
  readonly main: FakeUpstream;
  readonly spare: FakeUpstream;
  readonly third: FakeUpstream;
  readonly upstream: Wire;
  readonly #calls: OpenCall[] = [];
  readonly #clients: RawClient[] = [];
  readonly #oldRows: Set<string>;

  constructor(
    upstream: Wire,
    gateway: TestGateway,
    { main, spare, third }: Upstreams,
    keys: readonly string[],
    oldRows: Set<string>,
  ) {
    this.upstream = upstream;
    this.gateway = gateway;
    this.main = main;
    this.spare = spare;
    this.third = third;
    this.#oldRows = oldRows;
    for (const key of keys) this.checker.canary('provider key', () => key);
  }

  /** A client of the gateway, or of a proxy before it. */
  async connect(port: number = this.gateway.port): Promise<RawClient> {
    const client = await connectRaw({ port });
    this.#clients.push(client);
    return client;
  }

  /** Sends a call, to the model `solo` unless it says otherwise, and returns at once. */
  async call(options: CallOptions = {}, port?: number): Promise<OpenCall> {
    const call = new OpenCall(randomNonce(), await this.connect(port));
    this.#calls.push(call);
    await call.client.send(this.bytes(call.nonce, options));
    return call;
  }

  /** The bytes of a call to one of this scenario's models. */
  bytes(nonce: string, options: CallOptions = {}): Buffer {
    return callBytes(nonce, this.model(options.model), options);
  }

  model(name = 'solo'): string {
    return `${this.upstream}.${name}`;
  }

  /** Rows of this scenario, oldest first. */
  async rows(): Promise<CallRow[]> {
    return (await this.gateway.rows()).filter((row) => !this.#oldRows.has(row.id));
  }

  /** The final record of the scenario's only call, or of the one with this id. */
  async record(id?: string): Promise<CallRow> {
    const isWanted = (row: CallRow) => row.outcome !== 'running' && (id === undefined || row.id === id);
    const found = await until(
      async () => {
        const rows = (await this.rows()).filter(isWanted);
        return rows.length > 0 ? rows : null;
      },
      { what: 'the final record' },
    );
    if (found[0] === undefined || found.length > 1) throw new Error(`${found.length} records instead of one`);
    return found[0];
  }

  /** Runs something while these upstreams refuse connections. */
  async whileRefusing(upstreams: readonly FakeUpstream[], run: () => Promise<void>): Promise<void> {
    for (const upstream of upstreams) await upstream.refuse();
    try {
      await run();
    } finally {
      for (const upstream of upstreams) await upstream.listen();
    }
  }

  /** Holds all that was seen against the invariants. */
  async verify(): Promise<void> {
    for (const { nonce, client, response } of this.#calls) {
      this.checker.http(nonce, response ?? client.partial);
    }
    this.leave();
    const { gateway, main, spare, third } = this;
    const upstreams = [main, spare, third];
    await this.checker.verify({
      rows: async () => (await this.rows()).map(toChecked),
      upstreams,
      logs: gateway.logs.lines,
      metricsText: await (await fetch(`${gateway.baseUrl}/metrics`)).text(),
      leaks: {
        baseline: {},
        measure: () => ({
          'calls in flight': gateway.gateway.callsInFlight,
          'requests that upstreams still work for': upstreams
            .flatMap((each) => each.requests)
            .filter(isRunning).length,
        }),
      },
    });
  }

  /** Leaves nothing behind that the next scenario could take for its own. */
  async end(): Promise<void> {
    this.leave();
    await until(() => this.gateway.gateway.callsInFlight === 0, { what: 'the last call ends' });
    for (const row of await this.rows()) this.#oldRows.add(row.id);
  }

  /** Closes every client. */
  leave(): void {
    for (const client of this.#clients) if (!client.socket.destroyed) client.destroy();
  }
}

/** How many looks in a row must find nothing moved. */
const STILL_LOOKS = 40;

/** Waits until the upstream's answer is held up for good: its window is full, and stays full. */
export async function heldUp(entry: LedgerEntry): Promise<void> {
  let looks = 0;
  let bytesBefore = -1;
  const isStill = () => {
    looks = entry.isBlocked && entry.bytesWritten === bytesBefore ? looks + 1 : 0;
    bytesBefore = entry.bytesWritten;
    return looks >= STILL_LOOKS;
  };
  await until(isStill, { what: 'the upstream’s window is full', deadlineMs: 15_000 });
}

const isRunning = (entry: LedgerEntry): boolean => !entry.isScriptDone && entry.endKind === null;
