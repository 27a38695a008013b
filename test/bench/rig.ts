import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundlePrograms } from './bundle.ts';
import { type Child, Children } from './children.ts';
import { type Cores, chooseCores, moveTo } from './cores.ts';
import type { LoadOrder, LoadReport, LoadResult } from './load-order.ts';
import { startNginx } from './nginx.ts';
import { plainServer, type Server, type ServerName, Unavailable } from './server.ts';
import { Sluice } from './sluice.ts';

/** Everything around the servers under test: processes, temporary files, the load generator. */
export class Rig {
  readonly cores: Cores;
  readonly #children = new Children();
  readonly #folder: string;
  #load: Child | null = null;
  #upstream: Server | null = null;
  #program: (name: 'upstream' | 'relay' | 'load') => string = (name) => name;

  constructor() {
    this.cores = chooseCores();
    this.#folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
    // The embedded Postgres runs as another user when this runs as root, and must get through to its files.
    chmodSync(this.#folder, 0o711);
  }

  async open(): Promise<void> {
    moveTo(this.cores.rig, [process.pid]);
    this.#program = await bundlePrograms(this.#folder);
    this.#upstream = await this.#startOwn('direct', this.#program('upstream'), this.cores.rig, []);
    this.#load = this.#children.start({
      name: 'the load generator',
      core: this.cores.rig,
      command: [process.execPath, this.#program('load')],
      withChannel: true,
    });
  }

  /** Throws Unavailable for a server that is not installed here. */
  async start(name: ServerName): Promise<Server> {
    const upstream = this.#upstream;
    if (upstream === null) throw new Unavailable('no upstream');
    if (name === 'direct') return upstream;
    if (name === 'sluice') return this.startSluice();
    if (name === 'relay') {
      const origin = `http://127.0.0.1:${upstream.port}`;
      return this.#startOwn('relay', this.#program('relay'), this.cores.server, [origin]);
    }
    const options = { children: this.#children, cores: this.cores, folder: this.#folder };
    return startNginx({ ...options, upstreamPort: upstream.port });
  }

  /** A new gateway with a data dir of its own. */
  startSluice(): Promise<Sluice> {
    const folder = join(this.#folder, `sluice-${randomUUID().slice(0, 8)}`);
    const upstreamPort = this.#upstream?.port ?? 0;
    return Sluice.start({ children: this.#children, cores: this.cores, folder, upstreamPort });
  }

  /** Lets the load generator work on an order. Rejects when the server ends meanwhile. */
  async load(server: Server, order: LoadOrder): Promise<LoadResult> {
    const load = this.#load;
    if (load === null) throw new Error('the rig is not open');
    const answer = load.message<LoadReport>();
    load.process.send(order);
    const report = await server.unlessEnded(answer);
    if ('error' in report) throw new Error(`load generator: ${report.error}`);
    return report.result;
  }

  async close(): Promise<void> {
    await this.#children.stopAll();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** For an exit that cannot wait. */
  kill(): void {
    this.#children.killAll();
  }

  async #startOwn(
    name: 'direct' | 'relay',
    file: string,
    core: number | null,
    args: string[],
  ): Promise<Server> {
    const command = [process.execPath, file, ...args];
    const child = this.#children.start({ name, core, command, withChannel: true });
    const { port } = await child.message<{ port: number }>();
    return plainServer(name, child, port);
  }
}
