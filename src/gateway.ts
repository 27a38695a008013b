/** The only composition root: builds every part of a gateway process and ties them together. */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Bag } from './bag.ts';
import { createInvoke } from './call/invoke.ts';
import { createOperate } from './call/operate.ts';
import type { CallPorts } from './call/ports.ts';
import type { Call } from './call.ts';
import { type Drain as RecordDrain, startDrain } from './calls/drain-control.ts';
import { createPricing, type ModelPrice } from './calls/pricing.ts';
import { openSpool } from './calls/spool.ts';
import type { WriteBytes } from './calls/spool-disk.ts';
import type { Configuration } from './configuration/configuration.ts';
import type { DatabaseAddress } from './db/address.ts';
import { openDatabase } from './db/database.ts';
import { Drain } from './drain.ts';
import { SetupError } from './errors.ts';
import { createGraphqlEndpoint } from './graphql/endpoint.ts';
import { createListener } from './http/listener.ts';
import { createRoutes } from './http/routes.ts';
import { UploadBudget } from './http/upload.ts';
import { fullCollection, IdleCollection } from './idle-collection.ts';
import { LIMITS, type Limits } from './limits.ts';
import { createMetrics } from './metrics.ts';
import { OwnedIds } from './operations/owned-ids.ts';
import {
  type Clock,
  type Ids,
  type Log,
  type Random,
  systemClock,
  systemIds,
  systemRandom,
} from './ports.ts';
import { waitUntil } from './shutdown.ts';
import { createTokenCounter } from './tokens/counter.ts';
import { Tallies } from './tokens/tallies.ts';
import { TokenWorker } from './tokens/token-worker.ts';
import { createAddressGuard } from './upstream/address-guard.ts';
import { LearnedRepairs } from './upstream/learned.ts';
import { TargetLoads } from './upstream/load.ts';
import { UpstreamPools } from './upstream/pools.ts';
import { Watch } from './upstream/watch.ts';

export interface GatewayOptions {
  readonly host: string;
  readonly port: number;
  readonly isDevelopment: boolean;
  readonly dataDir: string;
  /** Which of the machine's processes this is; each has a spool of its own. */
  readonly slot: number;
  readonly address: DatabaseAddress;
  readonly configuration: Configuration;
  readonly log: Log;
  readonly limits?: Partial<Limits>;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly ids?: Ids;
  /** The system call that appends to the spool; tests let the disk fill up. */
  readonly spoolWrite?: WriteBytes;
}

export interface Gateway {
  /** Resolves when the port is open. SetupError when it cannot be. */
  listen(): Promise<{ readonly host: string; readonly port: number }>;
  /** Takes no more calls, lets the running ones finish, and closes everything. `force` cuts a running drain short. */
  drain(): Promise<void>;
  force(): void;
  /** Resolves when every record appended so far is in Postgres. */
  recordsSettled(): Promise<void>;
  readonly callsInFlight: number;
}

export function createGateway(options: GatewayOptions): Gateway {
  const { configuration, log, address } = options;
  const limits: Limits = { ...LIMITS, ...options.limits };
  const clock = options.clock ?? systemClock;
  const ids = options.ids ?? systemIds;
  const inFlight = new Bag<Call>();

  const boot = ids.next();
  const spoolDir = join(options.dataDir, 'spool', String(options.slot));
  const spool = openSpool({ dir: spoolDir, limits, log, boot, write: options.spoolWrite });
  const records = startDrain({ dir: spoolDir, address, limits, log });
  const database = openDatabase(address, {
    connectionsMax: limits.databaseConnectionsMax,
    statementTimeoutMs: limits.queryStatementTimeoutMs,
    applicationName: 'sluice',
    log,
  });

  const pools = new UpstreamPools(limits, () => createAddressGuard(configuration.allowPrivate));
  configuration.onChange(({ connections }) => pools.retain(connections.values()));
  const watch = new Watch(clock, limits);
  const idle = new IdleCollection({
    clock,
    limits,
    callsInFlight: () => inFlight.size,
    collect: fullCollection(),
  });
  const loads = new TargetLoads();
  const pricing = createPricing();
  const tokenWorker = new TokenWorker({ clock, limits, log });
  const tallies = new Tallies(tokenWorker, limits);
  const metrics = createMetrics({
    inFlight: () => inFlight.size,
    spoolBytes: () => spool.bytes,
    recordsBacklogBytes: () => records.stats().backlogBytes,
    recordsDrained: () => records.stats().drained,
    recordsCorrupt: () => records.stats().corrupt,
    recordsQuarantined: () => records.stats().quarantined,
    configRejected: () => configuration.rejectedTotal,
    configVersion: () => configuration.snapshot.version,
    pools: () => pools.size,
    tokensCounted: () => tokenWorker.counted,
    tokensWaiting: () => tokenWorker.waiting,
  });
  const callPorts: CallPorts = {
    clock,
    log,
    limits,
    spool,
    pools,
    watch,
    loads,
    pricing,
    learned: new LearnedRepairs(clock, limits),
    tokens: createTokenCounter(tokenWorker, limits.tokenTextCharsMax),
    tallies,
    inFlight,
    ended: (record) => {
      metrics.ended(record);
      tallies.ended(record);
      idle.note();
    },
    planPorts: {
      random: options.random ?? systemRandom,
      limits,
      loads,
      refusal: (target) => pools.endpoint(target.connection).refusal,
      price: (target) => priceSum(pricing.price(target.connection, target.model)),
    },
  };
  const graphql = createGraphqlEndpoint({
    invoke: createInvoke(callPorts, ids, () => configuration.snapshot),
    operate: createOperate(callPorts, ids, () => configuration.snapshot),
    snapshot: () => configuration.snapshot,
    db: database.db,
    log,
    limits,
    clock,
    ids,
    isDevelopment: options.isDevelopment,
  });
  const server = createListener(
    {
      call: callPorts,
      ids,
      snapshot: () => configuration.snapshot,
      ownedIds: new OwnedIds(configuration.idKey),
      uploads: new UploadBudget(limits.uploadsBytesMax),
      isReady: () => !drain.isDraining && spool.isWritable,
      isDraining: () => drain.isDraining,
      metrics: () => metrics.text(),
      graphql,
    },
    createRoutes(),
  );
  const drain = new Drain({ limits, log, server, inFlight, drainGraphql: () => graphql.drain() });

  const close = async (): Promise<void> => {
    await graphql.close();
    server.closeAllConnections();
    watch.close();
    idle.close();
    spool.close();
    await settledWithin(records, limits.drainRecordsMs);
    await records.stop();
    await pools.close();
    await tokenWorker.close();
    await database.close();
    await configuration.close();
  };

  let leaving: Promise<void> | null = null;
  return {
    listen: () => listen(server, options.host, options.port),
    drain() {
      leaving ??= drain.run().then(close);
      return leaving;
    },
    force: () => drain.force(),
    recordsSettled: () => records.settled(),
    get callsInFlight() {
      return inFlight.size;
    },
  };
}

/** A chat reads far more than it writes, but written tokens cost several times as much: the sum ranks well enough. */
function priceSum(price: ModelPrice | null): number | null {
  return price === null ? null : Number(price.inputPico + price.outputPico);
}

/** A container's disk may go away with it, so Postgres gets what it can take in time; the rest stays in the spool. */
async function settledWithin(records: RecordDrain, timeoutMs: number): Promise<void> {
  let isSettled = false;
  const settle = (): void => {
    isSettled = true;
  };
  records.settled().then(settle, settle);
  await waitUntil(() => isSettled, timeoutMs);
}

function listen(server: Server, host: string, port: number): Promise<{ host: string; port: number }> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'the port is in use' : (error.code ?? error.message);
      reject(new SetupError(`Cannot listen on ${host}:${port}: ${why}. Set PORT, or HOST, to another one.`));
    });
    server.listen({ host, port }, () => {
      const bound = server.address() as AddressInfo;
      resolve({ host: bound.address, port: bound.port });
    });
  });
}
