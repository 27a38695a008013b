import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { MODELS } from './cells.ts';
import type { Child, Children } from './children.ts';
import { type Cores, moveTo } from './cores.ts';
import { CALLER_KEY } from './exchanges.ts';
import type { RecordCount } from './findings.ts';
import { freePort } from './port.ts';
import { descendants, residentBytes } from './process-usage.ts';
import { Records } from './records.ts';
import type { Server } from './server.ts';

const PROGRAM = fileURLToPath(new URL('../../bin/sluice.js', import.meta.url));
const BUILD = fileURLToPath(new URL('../../bin/build.js', import.meta.url));
/** What a start leaves behind (compiled code, migrations' garbage) is collected or not within this time. */
const IDLE_AFTER_MS = 3_000;
const START_TIMEOUT_MS = 60_000;

export interface SluiceOptions {
  readonly children: Children;
  readonly cores: Cores;
  /** Must not exist; takes configuration and data. */
  readonly folder: string;
  readonly upstreamPort: number;
}

/** The product as it is shipped, on an empty data dir with its embedded Postgres. */
export class Sluice implements Server {
  readonly name = 'sluice';
  readonly port: number;
  readonly #records: Records;
  /** After the start, before the first call. */
  readonly idleBytes: number;
  readonly #child: Child;
  #calls = 0;
  /** Records that did not come in time: the next windows must not wait for them again. */
  #missing = 0;

  private constructor(child: Child, port: number, records: Records) {
    this.#child = child;
    this.port = port;
    this.#records = records;
    this.idleBytes = residentBytes(child.pid);
  }

  static async start({ children, cores, folder, upstreamPort }: SluiceOptions): Promise<Sluice> {
    // Started on older code, the program would build itself first and keep the memory of that.
    const { status, stderr } = spawnSync(process.execPath, [BUILD], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`Sluice cannot be built: ${stderr}`);
    mkdirSync(folder, { recursive: true });
    const port = await freePort();
    const config = `${folder}/sluice.yaml`;
    const dataDir = `${realpathSync(folder)}/data`;
    writeFileSync(config, configuration(upstreamPort));
    const child = children.start({
      name: 'Sluice',
      core: cores.server,
      command: [process.execPath, PROGRAM],
      env: {
        HOST: '127.0.0.1',
        PORT: String(port),
        NODE_ENV: 'production',
        SLUICE_DATA_DIR: dataDir,
        SLUICE_CONFIG: config,
        SLUICE_ADMIN_KEY: randomBytes(24).toString('base64url'),
      },
    });
    await child.unlessEnded(ready(port));
    // Postgres is on a machine of its own where it matters; here the gateway has a core, and the rest the other.
    moveTo(cores.rig, descendants(child.pid));
    const records = await child.unlessEnded(Records.open(dataDir));
    await delay(IDLE_AFTER_MS);
    return new Sluice(child, port, records);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Calls made so far, and what is kept of them. */
  async countRecords(): Promise<RecordCount> {
    const records = await this.#records.count();
    return { calls: this.#calls, records, breakdown: await this.#records.breakdown() };
  }

  /** Waits for the records of everything that was asked: keeping them is part of the work. */
  async settle(requests: number): Promise<void> {
    this.#calls += requests;
    const expected = this.#calls - this.#missing;
    const count = await this.unlessEnded(this.#records.waitFor(expected));
    this.#missing += Math.max(0, expected - count);
  }

  unlessEnded<T>(wanted: Promise<T>): Promise<T> {
    return this.#child.unlessEnded(wanted);
  }

  async stop(): Promise<void> {
    await this.#records.close();
    await this.#child.stop();
  }
}

async function ready(port: number): Promise<void> {
  const status = () =>
    new Promise<number>((resolve) => {
      get({ host: '127.0.0.1', port, path: '/readyz', agent: false }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      }).once('error', () => resolve(0));
    });
  const deadlineMs = Date.now() + START_TIMEOUT_MS;
  while ((await status()) !== 200) {
    if (Date.now() > deadlineMs) throw new Error('Sluice is not ready after one minute');
    await delay(50);
  }
}

function configuration(upstreamPort: number): string {
  const origin = `http://127.0.0.1:${upstreamPort}`;
  const connection = (name: string, path: string, provider: 'openai' | 'anthropic') =>
    `  - { name: ${name}, provider: ${provider}, baseUrl: "${origin}${path}${provider === 'openai' ? '/v1' : ''}", apiKey: "sk-upstream-${name}" }\n`;
  const model = (name: string, connectionName: string, upstreamModel: string) =>
    `  - { name: ${name}, targets: [{ connection: ${connectionName}, model: ${upstreamModel} }] }\n`;
  return `network: { allowPrivate: ["127.0.0.0/8"] }
connections:
${connection('openai', '', 'openai')}${connection('anthropic', '', 'anthropic')}${connection('openai-paced', '/paced', 'openai')}${connection('anthropic-paced', '/paced', 'anthropic')}${connection('openai-short', '/short', 'openai')}models:
${model(MODELS.openai, 'openai', 'gpt-4.1-mini')}${model(MODELS.anthropic, 'anthropic', 'claude-haiku-4-5')}${model(MODELS.pacedOpenai, 'openai-paced', 'gpt-4.1-mini')}${model(MODELS.pacedAnthropic, 'anthropic-paced', 'claude-haiku-4-5')}${model(MODELS.shortOpenai, 'openai-short', 'gpt-4.1-mini')}tenants:
  - name: bench
    applications:
      - { name: caller, keys: ["${CALLER_KEY}"], models: [${Object.values(MODELS).join(', ')}] }
`;
}
