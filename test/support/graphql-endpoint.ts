import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Kysely } from 'kysely';
import type { Database } from '../../src/db/database.ts';
import { createGraphqlEndpoint, type GraphqlEndpoint } from '../../src/graphql/endpoint.ts';
import { LIMITS, type Limits } from '../../src/limits.ts';
import { type Clock, systemClock, systemIds } from '../../src/ports.ts';
import { hashKey } from '../../src/tenancy/identify.ts';
import { createSnapshot, type Snapshot } from '../../src/tenancy/snapshot.ts';
import { FakeInvoke, onlyChats } from './fake-invoke.ts';
import { type CapturedLog, captureLog } from './ports.ts';

export const ADMIN_KEY = 'sk-test-admin';
export const WEB_KEY = 'sk-test-web';
export const OTHER_KEY = 'sk-test-other';

/** A tenant with two applications and an admin key, and the model `fast-chat`. */
export function graphqlSnapshot(): Snapshot {
  const key = (id: string, applicationId: string | null, isAdmin = false) => ({
    id,
    tenantId: TENANT_ID,
    applicationId,
    isAdmin,
  });
  return createSnapshot({
    version: 1,
    keys: new Map([
      [hashKey(ADMIN_KEY), key('01900000-0000-7000-8000-00000000ad01', null, true)],
      [hashKey(WEB_KEY), key('01900000-0000-7000-8000-00000000ae01', WEB_APPLICATION_ID)],
      [hashKey(OTHER_KEY), key('01900000-0000-7000-8000-00000000ae02', OTHER_APPLICATION_ID)],
    ]),
    tenants: new Map([[TENANT_ID, { id: TENANT_ID, name: 'acme' }]]),
    applications: new Map([
      [
        WEB_APPLICATION_ID,
        { id: WEB_APPLICATION_ID, tenantId: TENANT_ID, name: 'web', models: ['fast-chat'] },
      ],
      [OTHER_APPLICATION_ID, { id: OTHER_APPLICATION_ID, tenantId: TENANT_ID, name: 'other', models: null }],
    ]),
    models: new Map([
      [
        'fast-chat',
        { id: '01900000-0000-7000-8000-00000000af01', name: 'fast-chat', strategy: 'priority', targets: [] },
      ],
      [
        'slow-chat',
        { id: '01900000-0000-7000-8000-00000000af02', name: 'slow-chat', strategy: 'priority', targets: [] },
      ],
    ]),
  });
}
export const TENANT_ID = '01900000-0000-7000-8000-00000000aa01';
export const WEB_APPLICATION_ID = '01900000-0000-7000-8000-00000000ab01';
export const OTHER_APPLICATION_ID = '01900000-0000-7000-8000-00000000ab02';

export interface RunningEndpoint {
  readonly endpoint: GraphqlEndpoint;
  readonly fake: FakeInvoke;
  readonly log: CapturedLog;
  readonly server: Server;
  readonly url: string;
  readonly webSocketUrl: string;
  snapshot: Snapshot;
  close(): Promise<void>;
}

export interface EndpointOptions {
  readonly limits?: Partial<Limits>;
  readonly clock?: Clock;
  readonly isDevelopment?: boolean;
  readonly db?: Kysely<Database>;
}

/** The endpoint on a real socket, with a scriptable call path behind it. */
export async function startEndpoint(options: EndpointOptions = {}): Promise<RunningEndpoint> {
  const fake = new FakeInvoke();
  const log = captureLog();
  const endpoint = createGraphqlEndpoint({
    invoke: fake.invoke,
    operate: onlyChats,
    snapshot: () => running.snapshot,
    // Only the tests that give a database read from it; without one every read fails, as it should.
    db: options.db ?? (null as unknown as Kysely<Database>),
    log,
    limits: { ...LIMITS, ...options.limits },
    clock: options.clock ?? systemClock,
    ids: systemIds,
    isDevelopment: options.isDevelopment ?? false,
  });
  const server = createServer((request, response) => {
    const answer = endpoint.handle(request, response);
    const left = () => answer.left();
    request.socket.once('end', left);
    response.once('close', () => request.socket.off('end', left));
  });
  // As in the listener: a client that closes its sending side may still read.
  (server as Server & { httpAllowHalfOpen: boolean }).httpAllowHalfOpen = true;
  server.on('upgrade', (request, socket, head) => endpoint.upgrade(request, socket, head));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const running: RunningEndpoint = {
    endpoint,
    fake,
    log,
    server,
    url: `http://127.0.0.1:${port}/graphql`,
    webSocketUrl: `ws://127.0.0.1:${port}/graphql`,
    snapshot: graphqlSnapshot(),
    async close() {
      await endpoint.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return running;
}
