/**
 * The socket side of the gateway: HTTP/1.1 on one port, strict framing, bounded in every direction.
 *
 * A client that closes its sending side (FIN) while its request is being answered counts as having left: the
 * call is cancelled, and where nothing was sent yet a 400 says so. A half-closed connection cannot be told
 * from a closed one without writing to it, and a call that nobody reads must not cost tokens.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { CallPorts } from '../call/ports.ts';
import { CallError } from '../errors.ts';
import type { OwnedIds } from '../operations/owned-ids.ts';
import type { Ids } from '../ports.ts';
import type { Snapshot } from '../tenancy/snapshot.ts';
import { framingError, refuseFraming } from './framing.ts';
import { Pipeline } from './pipeline.ts';
import { replyError } from './reply.ts';
import { findRoute, pathsOf, type Routes } from './route-table.ts';
import type { UploadBudget } from './upload.ts';

/** One request and its answer. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly callId: string;
  /** Monotonic ms. */
  readonly arrivedMs: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Path without the query, exactly as it came. */
  readonly path: string;
  /** What stands in the path's places, decoded; empty for a path without. */
  params: readonly string[];
  /** Told when the client closes its sending side, and when the answer's connection has closed or is free again. */
  answer: { left(): void } | null;
}

/** What endpoints need of the process. */
export interface HttpPorts {
  readonly call: CallPorts;
  readonly ids: Ids;
  readonly snapshot: () => Snapshot;
  /** Of files and batches. */
  readonly ownedIds: OwnedIds;
  readonly uploads: UploadBudget;
  readonly isReady: () => boolean;
  readonly isDraining: () => boolean;
  /** Prometheus text. */
  readonly metrics: () => Promise<string>;
  readonly graphql: {
    /** Returns what to tell when the client closes its sending side. */
    handle(request: IncomingMessage, response: ServerResponse): { left(): void };
    upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  };
}

export function createListener(ports: HttpPorts, routes: Routes): Server {
  const { limits } = ports.call;
  const server = createServer({
    maxHeaderSize: limits.headerBytesMax,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    connectionsCheckingInterval: 1_000,
    requireHostHeader: true,
    insecureHTTPParser: false,
    noDelay: true,
  });
  server.maxRequestsPerSocket = limits.requestsPerSocketMax;
  server.timeout = limits.socketSilenceMs;
  (server as Server & { httpAllowHalfOpen: boolean }).httpAllowHalfOpen = true;
  const refuse = (socket: Duplex, status: number) => refuseFraming(socket, status, ports.ids.next());
  const pipelines = new WeakMap<Socket, Pipeline>();
  server.on('connection', (socket: Socket) => {
    const pipeline = new Pipeline(socket, limits);
    pipelines.set(socket, pipeline);
    socket.on('end', () => pipeline.left());
    // Only the response that is being written is told by Node that its socket is gone.
    socket.on('close', () => pipeline.left());
  });
  server.on('request', (request, response) => {
    const exchange = open(ports, request, response);
    pipelines.get(request.socket)?.run(exchange, () => answer(ports, routes, exchange));
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const isGraphql = pathOf(request) === '/graphql' && framingError(request) === null;
    if (isGraphql && !ports.isDraining()) ports.graphql.upgrade(request, socket, head);
    else refuse(socket, ports.isDraining() ? 503 : 400);
  });
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => refuse(socket, 405));
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    const pipeline = pipelines.get(socket as Socket);
    if (pipeline?.isAnswered === true) return;
    if (pipeline?.mayRefuse === false) socket.destroy();
    else if (error.code === 'HPE_HEADER_OVERFLOW') refuse(socket, 431);
    else refuse(socket, error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400);
  });
  return server;
}

function open(ports: HttpPorts, request: IncomingMessage, response: ServerResponse): Exchange {
  return {
    request,
    response,
    callId: ports.ids.next(),
    arrivedMs: ports.call.clock.monotonicMs(),
    startedAt: ports.call.clock.nowMs(),
    path: pathOf(request),
    params: [],
    answer: null,
  };
}

function pathOf(request: IncomingMessage): string {
  const url = request.url ?? '';
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

function answer(ports: HttpPorts, routes: Routes, exchange: Exchange): void {
  const { request, response, callId } = exchange;
  const framing = framingError(request);
  if (framing !== null) {
    response.shouldKeepAlive = false;
    return replyError(request, response, callId, framing);
  }
  if (ports.isDraining()) response.shouldKeepAlive = false;
  const route = findRoute(routes, exchange.path);
  if (route === null) return replyError(request, response, callId, notFound(exchange.path, routes));
  const { methods } = route;
  exchange.params = route.params;
  const endpoint = methods[request.method ?? ''];
  if (endpoint === undefined) {
    const allowed = Object.keys(methods).join(', ');
    response.setHeader('allow', allowed);
    const message = `${exchange.path} takes ${allowed}, not ${request.method}.`;
    return replyError(request, response, callId, new CallError('method_not_allowed', { message }));
  }
  try {
    endpoint(ports, exchange);
  } catch (error) {
    ports.call.log.error({ callId, error: String((error as Error).stack ?? error) }, 'endpoint failed');
    if (response.headersSent) response.destroy();
    else replyError(request, response, callId, new CallError('internal'));
  }
}

/** Names what there is: most often a client's base URL has a `/v1` too many or too few. */
function notFound(path: string, routes: Routes): CallError {
  return new CallError('not_found', {
    message: `There is nothing at ${JSON.stringify(path.slice(0, 200))}. Paths: ${pathsOf(routes).join(' ')}`,
  });
}
