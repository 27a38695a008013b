import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Random } from '../../src/ports.ts';
import { Checker } from '../support/checker.ts';
import { withSeed } from '../support/clock.ts';
import { configText } from '../support/config.ts';
import { startEchoUpstream } from '../support/echo-upstream.ts';
import type { FakeUpstream } from '../support/fake-upstream.ts';
import { Load } from '../support/load.ts';
import { type Product, productFolder, startProduct } from '../support/product.ts';
import { type ProductDatabase, productDatabase } from '../support/product-database.ts';

const KILLS = process.env['SLUICE_FAULTS'] === 'full' ? 300 : 12;
const RUN_MS_MAX = 400;

let upstream: FakeUpstream;
let database: ProductDatabase;
let folder: string;
let product: Product | null;

beforeEach(async () => {
  // Longer than the path through the gateway, so that kills find streams at every point of their life.
  const before = () => async () => void (await pause(3));
  upstream = await startEchoUpstream({ before });
  database = await productDatabase();
  folder = productFolder();
  product = null;
});
afterEach(async () => {
  await product?.dispose();
  await database.close();
  await upstream.close();
});

async function start(): Promise<Product> {
  const connections = [
    { name: 'lab', protocol: 'openai-chat', port: upstream.port },
    { name: 'other', protocol: 'anthropic-messages', port: upstream.port },
  ] as const;
  const models = [
    { name: 'fast', targets: ['lab/gpt-fake'] },
    { name: 'crossed', targets: ['other/claude-fake'] },
  ];
  const env = { DATABASE_URL: database.url(), LOG_LEVEL: 'warn' };
  product = await startProduct({ folder, env, config: configText(connections, models) });
  return product;
}

/** Load until the process is killed at a random moment; the number of calls that then were over or under way. */
async function lifeUntilKilled(checker: Checker, random: Random): Promise<number> {
  const { port, kill } = await start();
  const models = ['fast', 'fast', 'crossed', 'crossed'];
  const load = new Load({ port, checker, clients: 24, everyMs: 1, models });
  await load.more(1);
  await pause(random.fraction() * RUN_MS_MAX);
  expect(await kill('SIGKILL')).toBe('SIGKILL');
  await load.stop();
  for (const failure of load.failures) expect(failure).toMatch(/no answer|incomplete/);
  return load.succeeded + load.failures.length;
}

const segmentNames = () =>
  readdirSync(`${folder}/data/spool/0`).filter(
    (name) => readFileSync(`${folder}/data/spool/0/${name}`).length > 0,
  );

describe('the gateway is killed under load', () => {
  it('D05 every acknowledged call has its record, and what was dispatched is at least interrupted', async () => {
    await withSeed(async (random) => {
      const checker = new Checker();
      let calls = 0;
      for (let kill = 0; kill < KILLS; kill += 1) calls += await lifeUntilKilled(checker, random);
      expect(segmentNames()).not.toEqual([]);
      await start();
      await checker.verify({
        rows: database.checkedRows,
        upstreams: [upstream],
        logs: product?.logs() ?? [],
        processDied: true,
      });
      const rows = await database.rows();
      const interrupted = rows.filter((row) => row.outcome === 'interrupted');
      expect(calls).toBeGreaterThan(KILLS * 10);
      expect(interrupted.length).toBeGreaterThan(KILLS / 2);
      expect(new Set(interrupted.map((row) => row.error_code))).toEqual(new Set(['gateway_died']));
      expect(rows.filter((row) => row.outcome === 'running')).toEqual([]);
    });
  }, 1_800_000);
});
