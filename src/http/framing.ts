import type { IncomingMessage } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { CallError } from '../errors.ts';

/** Headers of which two would let two readers of one request disagree (RFC 9112, 3.2 and 6.3). */
const SINGLE_HEADERS: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'content-type',
  'authorization',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
]);

/** Spares most headers the lower-casing. */
const SINGLE_LENGTHS: ReadonlySet<number> = new Set([...SINGLE_HEADERS].map((name) => name.length));

/**
 * What Node's strict parser lets through although two readers could read it differently: absolute-form and
 * other targets that are not a plain path, headers that stand twice, and a Host that is not a host.
 */
export function framingError(request: IncomingMessage): CallError | null {
  const url = request.url ?? '';
  if (!url.startsWith('/')) return invalid('The request target must be a path.');
  const version = request.httpVersion;
  if (version !== '1.1' && version !== '1.0') return invalid('Only HTTP/1.1 and HTTP/1.0 are spoken here.');
  const coding = request.headers['transfer-encoding'];
  if (coding !== undefined && (version === '1.0' || coding.toLowerCase() !== 'chunked'))
    return invalid('The only transfer coding is "chunked", and only in HTTP/1.1.');
  const host = request.headers.host;
  if (host !== undefined && !/^[A-Za-z0-9.\-_:[\]]*$/.test(host))
    return invalid('The Host header is not a host.');
  return duplicateHeader(request.rawHeaders);
}

function duplicateHeader(rawHeaders: readonly string[]): CallError | null {
  let seen: string[] | null = null;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const raw = rawHeaders[at] ?? '';
    if (!SINGLE_LENGTHS.has(raw.length)) continue;
    const name = raw.toLowerCase();
    if (!SINGLE_HEADERS.has(name)) continue;
    if (seen?.includes(name)) return invalid(`The header "${name}" stands twice.`);
    seen ??= [];
    seen.push(name);
  }
  return null;
}

function invalid(message: string): CallError {
  return new CallError('invalid_request', { message });
}

/** Answers on a bare socket whose request could not be read, and closes it. */
export function refuseFraming(socket: Duplex, status: number, callId: string): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const code = status === 408 ? 'request_timeout' : status === 503 ? 'draining' : 'invalid_request';
  const message =
    status === 408 ? 'The request did not arrive in time.' : 'The request is not valid HTTP for this server.';
  const error = { message, type: 'invalid_request_error', param: null, code, call_id: callId };
  const body = JSON.stringify({ error });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\ncontent-type: application/json\r\n` +
      `x-sluice-call-id: ${callId}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}
