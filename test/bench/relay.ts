/**
 * The floor of this platform, a process of its own: node:http in, undici `dispatch` out, bodies passed on. No
 * authentication, no limits, no records. Takes the upstream's origin as its argument.
 */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Dispatcher, Pool } from 'undici';

const CONNECTIONS_MAX = 1_024;

class Answering implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#response.once('close', () => {
      if (!this.#response.writableFinished) controller.abort(new Error('the caller has left'));
    });
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: IncomingHttpHeaders): void {
    delete headers.connection;
    delete headers['keep-alive'];
    delete headers['transfer-encoding'];
    this.#response.writeHead(status, headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#response.write(chunk)) return;
    controller.pause();
    this.#response.once('drain', () => controller.resume());
  }

  onResponseEnd(): void {
    this.#response.end();
  }

  onResponseError(): void {
    if (!this.#response.headersSent) this.#response.writeHead(502).end();
    else this.#response.destroy();
  }
}

function headersFor(request: IncomingMessage): string[] {
  const headers = ['content-type', request.headers['content-type'] ?? 'application/json'];
  const { authorization } = request.headers;
  if (authorization !== undefined) headers.push('authorization', authorization);
  return headers;
}

const pool = new Pool(process.argv[2] ?? '', {
  connections: CONNECTIONS_MAX,
  pipelining: 1,
  headersTimeout: 0,
  bodyTimeout: 0,
});

const server = createServer({ noDelay: true, keepAliveTimeout: 75_000 }, (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const [first] = chunks;
    const body = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
    const path = request.url ?? '/';
    pool.dispatch({ method: 'POST', path, headers: headersFor(request), body }, new Answering(response));
  });
});

server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on('disconnect', () => process.exit());
