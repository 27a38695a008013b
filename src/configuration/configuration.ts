import type { DatabaseAddress } from '../db/address.ts';
import { ConfigurationListener } from '../db/queries/configuration-listener.ts';
import { SetupError } from '../errors.ts';
import { LIMITS, type Limits } from '../limits.ts';
import {
  type Clock,
  type Ids,
  type Log,
  type Random,
  systemClock,
  systemIds,
  systemRandom,
} from '../ports.ts';
import type { Settings } from '../settings.ts';
import type { Snapshot } from '../tenancy/snapshot.ts';
import { createCipher } from './credential-cipher.ts';
import { firstRows } from './first-rows.ts';
import { idKeyOf } from './id-key.ts';
import type { Environment } from './interpolate.ts';
import { LiveConfiguration } from './live-configuration.ts';
import { OperatorInputs } from './operator-inputs.ts';
import { readSnapshotFile, writeSnapshotFile } from './snapshot-file.ts';
import { ConfigurationStore } from './store.ts';

export interface ConfigurationOptions {
  readonly address: DatabaseAddress;
  readonly settings: Pick<Settings, 'config' | 'adminKey' | 'dataDir'>;
  /** Variables for sluice.yaml, and provider keys. */
  readonly env: Environment;
  /** 32 bytes. */
  readonly masterKey: Buffer;
  /** Base URLs that are known only at run time, by provider (`demo`). */
  readonly runtimeBaseUrls: Readonly<Record<string, string>>;
  /** Names of the models that the catalogue knows of a provider, by its price id. */
  readonly knownModels: (priceId: string) => readonly string[];
  /** The one process of a machine that migrates, applies sluice.yaml and keeps the snapshot on disk. */
  readonly isPrimary: boolean;
  readonly log: Log;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly ids?: Ids;
  readonly limits?: Partial<Limits>;
}

export interface Configuration {
  /** The one in force now. A call takes it once and keeps it to its end. */
  readonly snapshot: Snapshot;
  /** Of the snapshot in force; for the address guard. */
  readonly allowPrivate: readonly string[];
  /** 32 secret bytes that prove ids given to tenants; the same in every process and after a restart. */
  readonly idKey: Buffer;
  /** The admin key in clear, when this start made it. */
  readonly newAdminKey: string | null;
  /** Configurations that were refused while running; the previous one stayed. */
  readonly rejectedTotal: number;
  /** False while Postgres cannot be reached; the last snapshot stays in force. */
  readonly isConnected: boolean;
  /** Calls `listener` with each new snapshot, until the returned function is called. */
  onChange(listener: (snapshot: Snapshot) => void): () => void;
  close(): Promise<void>;
}

/**
 * Opens the configuration: applies what the operator wants, builds the snapshot, and keeps it current with
 * Postgres and sluice.yaml. While Postgres is away it starts from the snapshot on disk, and what has to be
 * written waits.
 * Throws a SetupError when sluice.yaml has mistakes, the database refuses the login, or there is neither a
 * database nor a snapshot on disk.
 */
export async function openConfiguration(options: ConfigurationOptions): Promise<Configuration> {
  const { log, settings, random = systemRandom, clock = systemClock, ids = systemIds } = options;
  const limits: Limits = { ...LIMITS, ...options.limits };
  const cipher = createCipher(options.masterKey, 'credentials');
  const diskCipher = createCipher(options.masterKey, 'snapshot');
  const inputs = options.isPrimary
    ? await OperatorInputs.open({ ...options, random, ids, clock, limits, cipher })
    : null;

  const store = new ConfigurationStore(options.address, limits, log);
  let live: LiveConfiguration | null = null;
  const listener = new ConfigurationListener({
    address: options.address,
    clock,
    random,
    limits,
    log,
    onChange: () => live?.wake(),
    onVersion: (version) => {
      if (version !== live?.version) live?.wake();
    },
  });
  if (inputs !== null) store.propose(inputs.current);
  const { rows, isCurrent } = await firstRows({
    address: options.address,
    store,
    listener,
    clock,
    limits,
    log,
    readDisk: () => readSnapshotFile(settings.dataDir, diskCipher),
  }).catch(async (error: unknown) => {
    await listener.close();
    await store.close();
    throw error;
  });
  const opened = new LiveConfiguration(
    {
      inputs: { cipher, runtimeBaseUrls: options.runtimeBaseUrls, knownModels: options.knownModels },
      clock,
      limits,
      log,
      async read(known) {
        await store.writePending().catch((error: unknown) => {
          if (!(error instanceof SetupError)) throw error;
          inputs?.reject(error);
        });
        return store.read(known);
      },
      keep: async (kept) => {
        if (options.isPrimary) await writeSnapshotFile(settings.dataDir, diskCipher, kept);
      },
    },
    rows,
    isCurrent,
  );
  live = opened;
  // What changed between the first reading and now has called nobody.
  opened.wake();
  inputs?.watch((next) => {
    store.propose(next);
    opened.wake();
  });

  return {
    idKey: idKeyOf(options.masterKey),
    get snapshot() {
      return opened.snapshot;
    },
    get allowPrivate() {
      return opened.snapshot.allowPrivate;
    },
    get newAdminKey() {
      return store.newAdminKey;
    },
    get rejectedTotal() {
      return inputs?.rejectedTotal ?? 0;
    },
    get isConnected() {
      return listener.isConnected;
    },
    onChange: (changed) => opened.onChange(changed),
    async close() {
      inputs?.close();
      await listener.close();
      await opened.close();
      await store.close();
    },
  };
}
