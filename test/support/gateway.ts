import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Selectable } from 'kysely';
import { createPricing } from '../../src/calls/pricing.ts';
import type { WriteBytes } from '../../src/calls/spool-disk.ts';
import { type Configuration, openConfiguration } from '../../src/configuration/configuration.ts';
import type { DatabaseAddress } from '../../src/db/address.ts';
import { openDatabase } from '../../src/db/database.ts';
import type { CallsTable } from '../../src/db/tables/calls.ts';
import { createGateway, type Gateway } from '../../src/gateway.ts';
import { LIMITS, type Limits } from '../../src/limits.ts';
import type { Clock } from '../../src/ports.ts';
import { ADMIN_KEY } from './config.ts';
import { testDatabase } from './database.ts';
import { captureLog } from './ports.ts';

export interface TestGatewayOptions {
  /** Text of sluice.yaml (see `configText`). */
  readonly config: string;
  readonly limits?: Partial<Limits>;
  /** Moves the call path's time; everything else keeps real time. */
  readonly clock?: Clock;
  /** Base URLs of providers that serve themselves. */
  readonly runtimeBaseUrls?: Readonly<Record<string, string>>;
  readonly isDevelopment?: boolean;
  /** The system call that appends to the spool, given the gateway's folder. */
  readonly spoolWrite?: (folder: string) => WriteBytes;
  /** Put between the gateway and Postgres (a proxy). */
  readonly address?: (address: DatabaseAddress) => DatabaseAddress | Promise<DatabaseAddress>;
}

/** A whole gateway in this process: real sockets, real Postgres, spool in a temporary folder. */
export interface TestGateway {
  readonly gateway: Gateway;
  readonly configuration: Configuration;
  readonly baseUrl: string;
  readonly port: number;
  readonly folder: string;
  readonly address: DatabaseAddress;
  readonly logs: ReturnType<typeof captureLog>;
  /** Rewrites sluice.yaml, as an operator would. */
  writeConfig(text: string): void;
  /** Rows of `calls`, oldest first, as Postgres has them; waits until all appended records are there. */
  rows(): Promise<CallRow[]>;
  close(): Promise<void>;
}

/** A row as the driver returns it. */
export type CallRow = Selectable<CallsTable>;

export async function startGateway(options: TestGatewayOptions): Promise<TestGateway> {
  const database = await testDatabase();
  const folder = mkdtempSync(join(tmpdir(), 'sluice-gateway-'));
  const configPath = join(folder, 'sluice.yaml');
  writeFileSync(configPath, options.config);
  const logs = captureLog();
  const limits: Limits = { ...LIMITS, drainReadinessMs: 0, drainIdleMs: 0, ...options.limits };
  const address = (await options.address?.(database.address)) ?? database.address;
  const pricing = createPricing();
  const configuration = await openConfiguration({
    address,
    settings: { config: { path: configPath, isRequired: true }, adminKey: ADMIN_KEY, dataDir: folder },
    env: {},
    masterKey: Buffer.alloc(32, 7),
    runtimeBaseUrls: options.runtimeBaseUrls ?? {},
    knownModels: (priceId) => pricing.knownModels(priceId),
    isPrimary: true,
    log: logs,
    limits,
  });
  const gateway = createGateway({
    host: '127.0.0.1',
    port: 0,
    isDevelopment: options.isDevelopment ?? false,
    dataDir: folder,
    slot: 0,
    address,
    configuration,
    log: logs,
    limits,
    ...(options.clock === undefined ? {} : { clock: options.clock }),
    ...(options.spoolWrite === undefined ? {} : { spoolWrite: options.spoolWrite(folder) }),
  });
  const { port } = await gateway.listen();
  const direct = openDatabase(database.address, {
    connectionsMax: 1,
    statementTimeoutMs: 10_000,
    applicationName: 'test',
    log: logs,
  });
  return {
    gateway,
    configuration,
    baseUrl: `http://127.0.0.1:${port}`,
    port,
    folder,
    address: database.address,
    logs,
    writeConfig: (text) => writeFileSync(configPath, text),
    async rows() {
      await gateway.recordsSettled();
      return await direct.db.selectFrom('calls').selectAll().orderBy('id').execute();
    },
    async close() {
      gateway.force();
      await gateway.drain();
      await direct.close();
      await database.drop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
