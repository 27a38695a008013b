import type { LookupAddress } from 'node:dns';
import { Client } from 'pg';
import { describe, expect, it, vi } from 'vitest';
import { LISTED, useAddressRig } from '../support/address-rig.ts';
import { until } from '../support/wait.ts';

/** What the names of these tests resolve to; all others are the system's. */
const names = vi.hoisted(() => new Map<string, { address: string; family: number }[][]>());

vi.mock('node:dns', async (importOriginal) => {
  const dns = await importOriginal<typeof import('node:dns')>();
  const lookup = (
    name: string,
    options: object,
    done: (error: Error | null, found: LookupAddress[]) => void,
  ) => {
    const answers = names.get(name);
    if (answers === undefined) return dns.lookup(name, { ...options, all: true }, done);
    done(null, (answers.length > 1 ? answers.shift() : answers[0]) ?? []);
  };
  return { ...dns, lookup };
});

const rig = useAddressRig();

/** Changes rows as some other process does: past every check at registration. */
async function sql(text: string, values: readonly unknown[]): Promise<void> {
  const client = new Client({ ...rig.gateway.address });
  await client.connect();
  await client.query(text, [...values]);
  await client.end();
}

describe('a stored credential', () => {
  it('S01 is not sent to an address that its row was changed to, and works again at its own', async () => {
    const change = 'update connections set base_url = $1 where name = $2';
    const isThere = () =>
      [...rig.gateway.configuration.snapshot.connections.values()].some((each) => each.name === 'lab');
    await sql(change, [`http://127.0.0.1:${rig.evil.port}/v1`, 'lab']);
    await until(() => !isThere(), { what: 'the connection is left out' });
    expect((await rig.chat()).status).toBe(200);
    expect([rig.lab.requests.length, rig.spare.requests.length]).toEqual([0, 1]);
    await sql(change, [`http://127.0.0.1:${rig.lab.port}/v1`, 'lab']);
    await until(isThere, { what: 'the connection is back' });
    expect((await rig.chat()).status).toBe(200);
    expect(rig.lab.requests.map(({ headers }) => headers['authorization'])).toEqual([`Bearer ${rig.labKey}`]);
    await rig.verify();
  });
});

describe('addresses that a tenant has registered', () => {
  let count = 0;

  async function register(baseUrl: string): Promise<string> {
    count += 1;
    const name = `tenant-${count}`;
    await sql(
      `insert into connections (id, tenant_id, name, provider, protocol, base_url, source)
       select gen_random_uuid(), id, $1, 'custom', 'openai-chat', $2, 'graph' from tenants where name = 'acme'`,
      [name, baseUrl],
    );
    const isThere = () =>
      [...rig.gateway.configuration.snapshot.connections.values()].some((each) => each.name === name);
    await until(isThere, { what: 'the connection is in force' });
    return `${name}/some-model`;
  }

  async function expectRefused(baseUrl: string): Promise<void> {
    const response = await rig.chat({ body: { model: await register(baseUrl) } });
    const { error } = JSON.parse(response.body.toString());
    expect([502, 503]).toContain(response.status);
    expect(['no_healthy_upstream', 'upstream_address_refused']).toContain(error.code);
    await rig.verify();
  }

  it.each([
    (port: number) => `http://127.0.0.1:${port}/v1`,
    (port: number) => `http://[::1]:${port}/v1`,
    (port: number) => `http://[::ffff:127.0.0.1]:${port}/v1`,
    (port: number) => `http://localhost:${port}/v1`,
    (port: number) => `http://0.0.0.0:${port}/v1`,
    (port: number) => `http://2130706433:${port}/v1`,
    (port: number) => `http://0x7f.1:${port}/v1`,
    (port: number) => `http://127.1:${port}/v1`,
    () => 'http://169.254.169.254/latest/meta-data',
    () => 'http://10.0.0.1/v1',
    () => 'http://8.8.8.8:6379/v1',
  ])('S02 a private address in a row of the graph is refused, and nothing is sent (%#)', async (urlOf) => {
    await expectRefused(urlOf(rig.evil.port));
  });

  it('S03 a name that resolves to a private address is refused at connect', async () => {
    names.set('private.example', [[{ address: '127.0.0.1', family: 4 }]]);
    await expectRefused(`http://private.example:${rig.evil.port}/v1`);
  });

  it('S03 a name with an allowed and a private address is refused', async () => {
    names.set('mixed.example', [
      [
        { address: '127.0.0.2', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ],
    ]);
    await expectRefused(`http://mixed.example:${rig.evil.port}/v1`);
  });

  it('S03 a name that is private from the second look on is refused at that look', async () => {
    names.set('rebinding.example', [
      [{ address: '127.0.0.2', family: 4 }],
      [{ address: '127.0.0.1', family: 4 }],
    ]);
    const model = await register(`http://rebinding.example:${rig.evil.port}/v1`);
    for (let look = 0; look < 3; look += 1) {
      const { status } = await rig.chat({ body: { model } });
      expect([502, 503, 504]).toContain(status);
    }
    await rig.verify();
  });

  it('S03 what the operator lists may be called, from the moment when it is listed until it is not', async () => {
    names.set('listed.example', [[{ address: '127.0.0.1', family: 4 }]]);
    const model = await register(`http://listed.example:${rig.lab.port}/v1`);
    const status = async () => (await rig.chat({ body: { model } })).status;
    const allow = async (blocks: string[]) => {
      rig.gateway.writeConfig(rig.config(blocks));
      await until(() => rig.gateway.configuration.allowPrivate.length === blocks.length, {
        what: 'the change',
      });
    };
    expect([502, 503]).toContain(await status());
    await allow([LISTED, '127.0.0.1/32']);
    expect(await status()).toBe(200);
    expect(rig.lab.requests.map(({ headers }) => headers['authorization'])).toEqual([undefined]);
    await allow([LISTED]);
    expect([502, 503]).toContain(await status());
    expect(rig.lab.requests).toHaveLength(1);
    await rig.verify();
  });
});
