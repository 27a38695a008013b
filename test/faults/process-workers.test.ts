import { readFileSync } from 'node:fs';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nonce } from '../support/canary.ts';
import { faultOf, sendChat } from '../support/chat-client.ts';
import { Checker } from '../support/checker.ts';
import { configText } from '../support/config.ts';
import { isRunning } from '../support/data-dir-holding.ts';
import { startEchoUpstream } from '../support/echo-upstream.ts';
import type { FakeUpstream } from '../support/fake-upstream.ts';
import { openaiStream } from '../support/fake-upstream-openai.ts';
import { wait } from '../support/fake-upstream-steps.ts';
import { Load } from '../support/load.ts';
import { type Product, startProduct } from '../support/product.ts';
import { type ProductDatabase, productDatabase } from '../support/product-database.ts';
import { gate, until, within } from '../support/wait.ts';

const WORKERS = 2;

let upstream: FakeUpstream;
let database: ProductDatabase;
let checker: Checker;
let product: Product;

beforeEach(async () => {
  upstream = await startEchoUpstream();
  database = await productDatabase();
  checker = new Checker();
  product = await startProduct({
    env: { DATABASE_URL: database.url(), SLUICE_WORKERS: String(WORKERS) },
    config: config('fast'),
  });
});
afterEach(async () => {
  await product.dispose();
  await database.close();
  await upstream.close();
});

const config = (...models: string[]) =>
  configText(
    [{ name: 'lab', protocol: 'openai-chat', port: upstream.port }],
    models.map((name) => ({ name, targets: ['lab/gpt-fake'] })),
  );

const load = (clients: number) =>
  new Load({ port: product.port, checker, clients, everyMs: 5, models: ['fast'] });

/** Process ids of the gateway's workers. */
function workers(): number[] {
  const pid = product.child.pid ?? 0;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  return children.filter((child) => child > 0 && isRunning(child));
}

const verify = (processDied = false) =>
  checker.verify({
    rows: database.checkedRows,
    upstreams: [upstream],
    logs: product.logs(),
    processDied,
  });

describe('several workers', () => {
  it('P04 SIGHUP replaces each worker under load, no client notices, and SIGTERM ends all of them', async () => {
    const before = workers();
    expect(before).toHaveLength(WORKERS);
    const running = load(20);
    await running.more(100);
    product.child.kill('SIGHUP');
    await until(() => product.output().includes('workers replaced'), {
      what: 'the replacement',
      deadlineMs: 30_000,
    });
    await running.more(100);
    await running.stop();
    expect(running.failures).toEqual([]);
    const after = workers();
    expect(after).toHaveLength(WORKERS);
    expect(after.filter((pid) => before.includes(pid))).toEqual([]);
    await verify();

    expect(await within(product.kill('SIGTERM'), { what: 'the exit', deadlineMs: 10_000 })).toBe(0);
    expect(after.filter(isRunning)).toEqual([]);
    expect((await database.rows()).length).toBe(running.succeeded);
  });

  it('a worker that is killed is replaced, and its records are there', async () => {
    const [victim = 0, ...others] = workers();
    const running = load(20);
    await running.more(100);
    process.kill(victim, 'SIGKILL');
    await until(() => workers().length === WORKERS && !workers().includes(victim), {
      what: 'another worker',
      deadlineMs: 10_000,
    });
    await running.more(100);
    await running.stop();
    expect(workers()).toEqual(expect.arrayContaining(others));
    expect(running.failures.length).toBeLessThanOrEqual(20);
    await verify(true);
  });

  it('workers of a supervisor that is killed end their streams, while the next start takes over at once', async () => {
    const opened = gate();
    upstream.answer(openaiStream({ before: () => wait(opened) }));
    const left = workers();
    const word = nonce();
    const stream = sendChat({ port: product.port, model: 'fast', isStream: true, word });
    await upstream.seen();
    await product.kill('SIGKILL');
    const env = { DATABASE_URL: database.url(), SLUICE_WORKERS: String(WORKERS) };
    product = await startProduct({ folder: product.folder, env });
    expect(left.filter(isRunning).length).toBeGreaterThan(0);
    opened.open();
    const { response } = await within(stream.seen, { what: 'the end of the stream' });
    expect(response === null ? 'no answer' : faultOf(response)).toBeNull();
    checker.http(word, response);
    await until(() => !left.some(isRunning), { what: 'the end of the old workers', deadlineMs: 10_000 });
    await verify();
  });
});

describe('configuration and workers', () => {
  /** Status of a call to the model at several connections, so that each worker has answered. */
  async function statuses(model: string, count = 8): Promise<Set<number>> {
    const answers = Array.from({ length: count }, async () => {
      const word = nonce();
      const { response } = await sendChat({ port: product.port, model, isStream: false, word }).seen;
      checker.http(word, response);
      return response?.status ?? 0;
    });
    return new Set(await Promise.all(answers));
  }

  const reaches = (model: string, status: number) =>
    until(async () => [...(await statuses(model))].join() === String(status), {
      what: `${status} for ${model} from every worker`,
      deadlineMs: 1_000,
    });

  async function sql(text: string): Promise<void> {
    const client = new Client({ ...database.address });
    await client.connect();
    await client.query(text);
    await client.end();
  }

  it('an edit of sluice.yaml and a row changed by another process reach every worker within a second', async () => {
    expect([...(await statuses('later'))]).toEqual([404]);
    product.writeConfig(config('fast', 'later'));
    await reaches('later', 200);
    await sql("update models set name = 'renamed' where name = 'fast'");
    await reaches('renamed', 200);
    expect([...(await statuses('fast'))]).toEqual([404]);
    await sql('update keys set revoked_at = now() where not is_admin');
    await reaches('renamed', 401);
  });
});
