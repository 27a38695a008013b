import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { nonce } from './canary.ts';
import { toChecked } from './checked-row.ts';
import { Checker } from './checker.ts';
import { APP_KEY, configText } from './config.ts';
import { startEchoUpstream } from './echo-upstream.ts';
import { FakeUpstream } from './fake-upstream.ts';
import { startGateway, type TestGateway } from './gateway.ts';
import { connectRaw, rawRequest } from './raw-client.ts';
import type { RawResponse } from './raw-client-response.ts';

/** Stands for a public address: it may be called, and nothing listens there. */
export const LISTED = '127.0.0.2/32';

export interface Attack {
  readonly body?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A gateway with two upstreams that it may call, `lab` before `spare`, and one that nothing must ever reach. */
export class AddressRig {
  lab = new FakeUpstream();
  spare = new FakeUpstream();
  evil = new FakeUpstream();
  readonly labKey = 'secret-of-lab-7f3a9c21';
  readonly spareKey = 'secret-of-spare-5e8b1d04';
  #gateway: TestGateway | null = null;
  #checker = new Checker();
  readonly #checked = new Set<string>();

  get gateway(): TestGateway {
    if (this.#gateway === null) throw new Error('the gateway has not started');
    return this.#gateway;
  }

  get evilUrl(): string {
    return `http://127.0.0.1:${this.evil.port}/v1`;
  }

  config(allowPrivate: readonly string[]): string {
    const text = configText(
      [
        { name: 'lab', protocol: 'openai-chat', port: this.lab.port, secret: this.labKey },
        { name: 'spare', protocol: 'anthropic-messages', port: this.spare.port, secret: this.spareKey },
      ],
      [{ name: 'fast', targets: ['lab/gpt-fake', 'spare/claude-fake'] }],
    );
    return JSON.stringify({ ...JSON.parse(text), network: { allowPrivate } });
  }

  async start(): Promise<void> {
    const upstreams = await Promise.all([startEchoUpstream(), startEchoUpstream(), startEchoUpstream()]);
    [this.lab, this.spare, this.evil] = upstreams;
    this.#gateway = await startGateway({ config: this.config([LISTED]) });
  }

  /** Begins a test with fresh ledgers. */
  reset(): void {
    this.#checker = new Checker();
    for (const key of [this.labKey, this.spareKey]) this.#checker.canary('stored credential', () => key);
    for (const upstream of [this.lab, this.spare, this.evil]) upstream.requests.length = 0;
  }

  async close(): Promise<void> {
    await this.gateway.close();
    for (const upstream of [this.lab, this.spare, this.evil]) await upstream.close();
  }

  /** A chat with what the attacker adds to it. */
  async chat({ body = {}, headers = {} }: Attack = {}): Promise<RawResponse> {
    const word = nonce();
    const client = await connectRaw({ port: this.gateway.port });
    const content = JSON.stringify({ model: 'fast', messages: [{ role: 'user', content: word }], ...body });
    const all = { 'content-type': 'application/json', authorization: `Bearer ${APP_KEY}`, ...headers };
    await client.send(rawRequest('POST', '/v1/chat/completions', all, content));
    const response = await client.response();
    client.destroy();
    this.#checker.http(word, response);
    return response;
  }

  /** Nothing went where it must not: no byte to `evil`, no credential but an upstream's own to that one. */
  async verify(): Promise<void> {
    const { lab, spare, evil, gateway } = this;
    expect(evil.connections).toEqual([]);
    const sentTo = (upstream: FakeUpstream) =>
      upstream.requests.map(({ rawHead, body }) => rawHead + body.toString()).join('\n');
    for (const foreign of [APP_KEY, this.spareKey]) expect(sentTo(lab)).not.toContain(foreign);
    for (const foreign of [APP_KEY, this.labKey]) expect(sentTo(spare)).not.toContain(foreign);
    const rows = (await gateway.rows()).filter(({ id }) => !this.#checked.has(id));
    for (const { id } of rows) this.#checked.add(id);
    await this.#checker.verify({
      rows: async () => rows.map(toChecked),
      upstreams: [lab, spare],
      logs: gateway.logs.lines,
      texts: { records: JSON.stringify(rows) },
    });
  }
}

/** The rig of a test file. */
export function useAddressRig(): AddressRig {
  const rig = new AddressRig();
  beforeAll(() => rig.start());
  beforeEach(() => rig.reset());
  afterAll(() => rig.close());
  return rig;
}
