import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { clusterPaths } from '../../src/db/embedded/cluster-paths.ts';
import { toChecked } from '../support/checked-row.ts';
import { Checker } from '../support/checker.ts';
import { configText } from '../support/config.ts';
import { startEchoUpstream } from '../support/echo-upstream.ts';
import { failedStart } from '../support/failed-start.ts';
import type { FakeUpstream } from '../support/fake-upstream.ts';
import { Load } from '../support/load.ts';
import { type Product, productFolder, startProduct } from '../support/product.ts';
import { callRows } from '../support/product-database.ts';
import { until } from '../support/wait.ts';

let upstream: FakeUpstream;
let folder: string;
let product: Product | null;
let checker: Checker;

beforeEach(async () => {
  upstream = await startEchoUpstream();
  folder = productFolder();
  product = null;
  checker = new Checker();
});
afterEach(async () => {
  await product?.dispose();
  await upstream.close();
  rmSync(folder, { recursive: true, force: true });
});

const start = async (): Promise<Product> => {
  const connection = { name: 'lab', protocol: 'openai-chat', port: upstream.port } as const;
  const config = configText([connection], [{ name: 'fast', targets: ['lab/gpt-fake'] }]);
  product = await startProduct({ folder, config });
  return product;
};

const load = (port: number) => new Load({ port, checker, clients: 10, everyMs: 5, models: ['fast'] });

const dataDir = () => join(folder, 'data');

function rows() {
  const { sockets, passwordFile } = clusterPaths(dataDir());
  const password = readFileSync(passwordFile, 'utf8').trim();
  const address = { host: sockets, port: 5432, user: 'sluice', database: 'sluice', password };
  return until(() => callRows(address), { what: 'rows of a Postgres that may be starting', pollMs: 50 });
}

const verify = (processDied = false) =>
  checker.verify({
    rows: async () => (await rows()).map(toChecked),
    upstreams: [upstream],
    logs: product?.logs() ?? [],
    processDied,
  });

const postmasterPid = () =>
  Number(readFileSync(join(dataDir(), 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0]);

/** Processes that work for this data dir, other than the gateway: postmaster, backends, watchdog. */
function postgresProcesses(): number[] {
  const textOf = (path: string) => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return '';
    }
  };
  const isMine = (pid: number) => textOf(`/proc/${pid}/cmdline`).includes(join(dataDir(), 'postgres'));
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return pids.filter((pid) => {
    const parent = Number(/^PPid:\s+(\d+)/m.exec(textOf(`/proc/${pid}/status`))?.[1] ?? 0);
    return isMine(pid) || isMine(parent);
  });
}

describe('the gateway with its own Postgres', () => {
  it('D05 killed under load: no Postgres is left behind, and the next start has every record', async () => {
    const { port, kill } = await start();
    expect(postgresProcesses().length).toBeGreaterThan(1);
    const running = load(port);
    await running.more(100);
    await kill('SIGKILL');
    await running.stop();
    await until(() => postgresProcesses().length === 0, { what: 'the end of Postgres', deadlineMs: 10_000 });
    await start();
    await verify(true);
  });

  it('D01 Postgres is killed under load: no call fails, and every record is there', async () => {
    const { port } = await start();
    const running = load(port);
    await running.more(100);
    const pid = postmasterPid();
    process.kill(pid, 'SIGKILL');
    await running.more(200);
    await until(() => postmasterPid() !== pid, { what: 'another postmaster', deadlineMs: 15_000 });
    await running.more(50);
    await running.stop();
    expect(running.failures).toEqual([]);
    await verify();
  });

  it('a second start on the same data dir refuses and names the first, which goes on', async () => {
    const first = await start();
    const running = load(first.port);
    await running.more(20);
    const { code, lines } = await failedStart({ folder });
    expect({ code, lines }).toEqual({
      code: 1,
      lines: [
        expect.stringMatching(
          `^The data dir .* is in use by another Sluice \\(process ${first.child.pid}\\)`,
        ),
      ],
    });
    await running.more(20);
    await running.stop();
    expect(running.failures).toEqual([]);
    await verify();
  });

  it.each(['1', '2'])(
    'P12 a start with %s workers that fails late leaves no Postgres behind',
    async (count) => {
      const other = createServer();
      await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
      const address = other.address();
      const PORT = String(typeof address === 'object' ? address?.port : 0);
      const { code, lines } = await failedStart({ folder, env: { PORT, SLUICE_WORKERS: count } });
      other.close();
      expect({ code, lines }).toEqual({ code: 1, lines: [expect.stringContaining('the port is in use')] });
      await until(() => postgresProcesses().length === 0, {
        what: 'the end of Postgres',
        deadlineMs: 10_000,
      });
    },
  );
});
