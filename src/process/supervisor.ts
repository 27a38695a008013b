/**
 * The first process of several: prepares the machine, forks the workers, replaces one that dies, and on SIGHUP
 * replaces them all, one by one, each new one listening before its predecessor goes.
 */
import cluster, { type Worker } from 'node:cluster';
import { SetupError } from '../errors.ts';
import { createLog } from '../log.ts';
import type { Log } from '../ports.ts';
import type { Settings } from '../settings.ts';
import { announce, announceAdminKey } from './announce.ts';
import { freeSlot } from './free-slot.ts';
import { type Installation, openInstallation } from './installation.ts';
import { openProcessConfiguration } from './open-configuration.ts';
import type { FromWorker, ToWorker } from './plan.ts';
import { handleSignals } from './signals.ts';

/** A worker that dies at once is not replaced faster than this. */
const REPLACE_AFTER_MS = 1_000;

interface Member {
  readonly worker: Worker;
  readonly slot: number;
  isLeaving: boolean;
}

export async function runSupervisor(settings: Settings): Promise<void> {
  const log = createLog(settings.logLevel);
  const installation = await openInstallation(settings, log);
  const configuration = await openProcessConfiguration(installation.plan, log, true);
  announceAdminKey(configuration);
  const fleet = new Fleet(installation, log);
  handleSignals(log, {
    async drain() {
      await fleet.drain();
      await configuration.close();
      await installation.close();
    },
    force: () => fleet.force(),
    reload: () => void fleet.replaceAll(),
  });
  const first = await fleet.start(settings.workers);
  announce(first, configuration, installation.plan);
}

class Fleet {
  readonly #installation: Installation;
  readonly #log: Log;
  readonly #members = new Set<Member>();
  #isDraining = false;
  /** While the first workers start there is nothing to replace. */
  #isReplacing = true;

  constructor(installation: Installation, log: Log) {
    this.#installation = installation;
    this.#log = log;
  }

  /** Resolves with the address once every worker listens. */
  async start(count: number): Promise<{ host: string; port: number }> {
    const addresses = await Promise.all(Array.from({ length: count }, () => this.#fork()));
    this.#isReplacing = false;
    return addresses[0] ?? { host: '', port: 0 };
  }

  async replaceAll(): Promise<void> {
    if (this.#isReplacing || this.#isDraining) return;
    this.#isReplacing = true;
    try {
      for (const member of [...this.#members]) {
        await this.#fork();
        await this.#dismiss(member);
      }
      this.#log.info({ workers: this.#members.size }, 'workers replaced');
    } catch (error) {
      this.#log.error({ error: String(error) }, 'replacing the workers stopped half-way; the old ones stay');
    } finally {
      this.#isReplacing = false;
    }
  }

  async drain(): Promise<void> {
    this.#isDraining = true;
    await Promise.all([...this.#members].map((member) => this.#dismiss(member)));
  }

  force(): void {
    for (const { worker } of this.#members) send(worker, { type: 'drain' });
  }

  #fork(): Promise<{ host: string; port: number }> {
    const slot = this.#freeSlot();
    const worker = cluster.fork();
    const member: Member = { worker, slot, isLeaving: false };
    this.#members.add(member);
    return new Promise((resolve, reject) => {
      worker.on('message', (message: FromWorker) => {
        if (message.type === 'waiting') send(worker, this.#firstMessage(member));
        else if (message.type === 'listening') resolve(message);
        else {
          member.isLeaving = true;
          reject(new SetupError(message.message));
        }
      });
      worker.on('exit', (code, signal) => {
        this.#members.delete(member);
        reject(new Error(`worker ${slot} ended (${signal ?? code})`));
        if (!member.isLeaving && !this.#isDraining) this.#replaceDead(slot, signal ?? String(code));
      });
    });
  }

  #firstMessage({ slot, isLeaving }: Member): ToWorker {
    if (isLeaving || this.#isDraining) return { type: 'drain' };
    return { type: 'start', plan: this.#installation.plan, slot };
  }

  #replaceDead(slot: number, how: string): void {
    this.#log.error({ slot, how }, 'a worker died; starting another');
    setTimeout(() => {
      if (!this.#isDraining)
        this.#fork().catch((error: unknown) => this.#log.error({ error: String(error) }, 'no worker'));
    }, REPLACE_AFTER_MS);
  }

  #dismiss(member: Member): Promise<void> {
    member.isLeaving = true;
    if (!this.#members.has(member)) return Promise.resolve();
    return new Promise((resolve) => {
      member.worker.once('exit', () => resolve());
      send(member.worker, { type: 'drain' });
    });
  }

  /** Each live worker has a spool of its own. */
  #freeSlot(): number {
    const used = new Set([...this.#members].map((member) => member.slot));
    return freeSlot(this.#installation.plan.settings.dataDir, used);
  }
}

function send(worker: Worker, message: ToWorker): void {
  if (worker.isConnected()) worker.send(message, () => {});
}
