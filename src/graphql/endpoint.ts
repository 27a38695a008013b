import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Kysely } from 'kysely';
import { Bag } from '../bag.ts';
import type { Invoke } from '../calls/invocation.ts';
import type { Operate } from '../calls/task-invocation.ts';
import type { Database } from '../db/database.ts';
import { CallError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Clock, Ids, Log } from '../ports.ts';
import type { Snapshot } from '../tenancy/snapshot.ts';
import { createEngine } from './engine.ts';
import { isGraphiqlRequest, sendGraphiql } from './graphiql.ts';
import { HttpOperation } from './http-operation.ts';
import type { GraphqlPorts } from './ports.ts';
import { createSchema } from './schema.ts';
import { Sockets } from './sockets.ts';

export interface GraphqlEndpointOptions {
  readonly invoke: Invoke;
  readonly operate: Operate;
  readonly snapshot: () => Snapshot;
  readonly db: Kysely<Database>;
  readonly log: Log;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Serves GraphiQL, shows the schema to everyone and suggests names in error messages. */
  readonly isDevelopment: boolean;
}

export interface GraphqlEndpoint {
  /**
   * GET and POST. The id of the request is taken from the response's `x-sluice-call-id`. Gives what to tell
   * when the client closes its sending side; that the connection is gone is noticed here.
   */
  handle(request: IncomingMessage, response: ServerResponse): { left(): void };
  /** WebSocket, subprotocol graphql-transport-ws. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Operations that have begun and not ended, over HTTP and WebSocket. */
  readonly activeOperations: number;
  /** New operations are refused with `draining`, idle sockets closed with 1001; running operations finish. */
  drain(): void;
  /** Cancels what still runs; resolves when every socket is closed. */
  close(): Promise<void>;
}

export function createGraphqlEndpoint(options: GraphqlEndpointOptions): GraphqlEndpoint {
  const { invoke, operate, db, limits, isDevelopment } = options;
  const ports: GraphqlPorts = {
    ...options,
    engine: createEngine({ schema: createSchema(), limits }),
    services: { invoke, operate, db, limits },
    isSchemaPublic: isDevelopment,
  };
  const sockets = new Sockets(ports);
  const running = new Bag<HttpOperation>();
  let isDraining = false;

  return {
    handle(request, response) {
      if (isDevelopment && isGraphiqlRequest(request)) {
        sendGraphiql(response);
        return { left() {} };
      }
      const operation = new HttpOperation(ports, request, response);
      running.add(operation);
      response.once('close', () => running.delete(operation));
      if (isDraining) operation.refuse(new CallError('draining'));
      else operation.start();
      return operation;
    },
    upgrade: (request, socket, head) => sockets.upgrade(request, socket, head),
    get activeOperations() {
      return running.size + sockets.operationCount;
    },
    drain() {
      isDraining = true;
      sockets.drain();
    },
    async close() {
      isDraining = true;
      for (const operation of running.snapshot()) operation.left();
      await sockets.close();
    },
  };
}
