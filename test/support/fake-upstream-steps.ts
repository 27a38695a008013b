import { type HeaderFields, play, type Script, type Step } from './fake-upstream-exchange.ts';

/** Head of a response, exactly these fields. */
export const respond =
  (status: number, headers: HeaderFields = {}): Step =>
  (exchange) =>
    exchange.respond(status, headers);

/** Exactly these bytes, past all framing. */
export const bytes =
  (content: Buffer | string): Step =>
  (exchange) =>
    exchange.bytes(content);

/** These bytes, in pieces that travel in TCP segments of their own. */
export const pieces =
  (content: Iterable<Buffer | string>): Step =>
  (exchange) =>
    exchange.pieces(content);

/** One chunk of chunked transfer coding. */
export const chunk =
  (content: Buffer | string): Step =>
  (exchange) =>
    exchange.chunk(content);

/** Body bytes in the framing that the head announced. */
export const send =
  (content: Buffer | string): Step =>
  (exchange) =>
    exchange.send(content);

/** The proper end of the body in the framing that the head announced. */
export const end = (): Step => (exchange) => exchange.end();

/** The wire form of one server-sent event. */
export function sseFrame(data: string, event?: string): string {
  const name = event === undefined ? '' : `event: ${event}\n`;
  return `${name}${data.replace(/^/gm, 'data: ')}\n\n`;
}

/** One server-sent event, in the framing that the head announced. */
export const sse =
  (data: string, event?: string): Step =>
  (exchange) =>
    exchange.send(sseFrame(data, event));

export const EVENT_STREAM = {
  'content-type': 'text/event-stream; charset=utf-8',
  'transfer-encoding': 'chunked',
} as const;

/** Head of an event stream in chunked coding. */
export const respondStream = (headers: Readonly<Record<string, string>> = {}): Step =>
  respond(200, { ...EVENT_STREAM, ...headers });

/** A whole JSON response with its Content-Length. */
export const json =
  (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Step =>
  async (exchange) => {
    const content = Buffer.from(JSON.stringify(body));
    const fields = {
      'content-type': 'application/json',
      'content-length': String(content.length),
      ...headers,
    };
    await exchange.respond(status, fields);
    await exchange.bytes(content);
  };

/** Goes on when the gate opens, or ends when the gateway leaves. */
export const wait =
  (opened: PromiseLike<unknown>): Step =>
  (exchange) =>
    exchange.wait(opened);

/** Nothing more comes, and the connection stays open. */
export const stall = (): Step => (exchange) => exchange.stall();

/** Takes the request and does not answer, for ever or until the gate opens. */
export const holdHeaders =
  (opened?: PromiseLike<unknown>): Step =>
  (exchange) => {
    if (exchange.request.bytesWritten > 0) throw new Error('holdHeaders() after a response has begun');
    return opened === undefined ? exchange.stall() : exchange.wait(opened);
  };

/** FIN, wherever the response stands. */
export const fin = (): Step => (exchange) => exchange.fin();

/** RST, wherever the response stands. */
export const reset = (): Step => (exchange) => exchange.reset();

/** A script for each request in turn; the last one is for all that follow. */
export function inTurn(...scripts: readonly [Script, ...Script[]]): Step {
  let count = 0;
  return (exchange) => {
    const script = scripts[Math.min(count, scripts.length - 1)] ?? scripts[0];
    count += 1;
    return play(exchange, script);
  };
}
