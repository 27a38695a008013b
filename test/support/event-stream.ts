import { crc32 } from 'node:zlib';

/** What one frame of `application/vnd.amazon.eventstream` says. */
export interface EventFrame {
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: string;
}

/**
 * A frame, put together by hand from AWS' description ("Event stream encoding"): length of all, length of the
 * headers, checksum of both, headers, payload, checksum of all before.
 */
export function eventFrame(headers: Readonly<Record<string, string>>, payload: string | Buffer): Buffer {
  const head = Buffer.concat(Object.entries(headers).map(([name, value]) => stringHeader(name, value)));
  const body = Buffer.from(payload);
  const frame = Buffer.alloc(16 + head.length + body.length);
  frame.writeUInt32BE(frame.length, 0);
  frame.writeUInt32BE(head.length, 4);
  frame.writeUInt32BE(crc32(frame.subarray(0, 8)), 8);
  head.copy(frame, 12);
  body.copy(frame, 12 + head.length);
  frame.writeUInt32BE(crc32(frame.subarray(0, -4)), frame.length - 4);
  return frame;
}

/** One byte length, name, type 7, two bytes length, value. */
function stringHeader(name: string, value: string): Buffer {
  const bytes = Buffer.from(value);
  const head = Buffer.from([name.length, ...Buffer.from(name), 7, bytes.length >> 8, bytes.length & 255]);
  return Buffer.concat([head, bytes]);
}

export const bedrockEvent = (type: string, payload: unknown): Buffer =>
  eventFrame(
    { ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' },
    JSON.stringify(payload),
  );

export const bedrockException = (type: string, payload: unknown): Buffer =>
  eventFrame(
    { ':exception-type': type, ':content-type': 'application/json', ':message-type': 'exception' },
    JSON.stringify(payload),
  );

/** The frames of a stream, which must be whole; throws for what its checksums do not prove. */
export function readFrames(bytes: Buffer): readonly EventFrame[] {
  const frames: EventFrame[] = [];
  for (let at = 0; at < bytes.length; ) {
    const frame = bytes.subarray(at, at + bytes.readUInt32BE(at));
    at += frame.length;
    if (crc32(frame.subarray(0, 8)) !== frame.readUInt32BE(8)) throw new Error('a damaged prelude');
    if (crc32(frame.subarray(0, -4)) !== frame.readUInt32BE(frame.length - 4)) {
      throw new Error('a damaged frame');
    }
    const end = 12 + frame.readUInt32BE(4);
    frames.push({
      headers: readHeaders(frame.subarray(12, end)),
      payload: frame.toString('utf8', end, frame.length - 4),
    });
  }
  return frames;
}

function readHeaders(bytes: Buffer): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let at = 0; at < bytes.length; ) {
    const nameEnd = at + 1 + bytes.readUInt8(at);
    const valueEnd = nameEnd + 3 + bytes.readUInt16BE(nameEnd + 1);
    headers[bytes.toString('utf8', at + 1, nameEnd)] = bytes.toString('utf8', nameEnd + 3, valueEnd);
    at = valueEnd;
  }
  return headers;
}

/** Each event of a stream as its SDK shows it: `{ contentBlockDelta: … }`. */
export const bedrockEvents = (bytes: Buffer): readonly Record<string, unknown>[] =>
  readFrames(bytes).map(({ headers, payload }) => ({
    [headers[':event-type'] ?? headers[':exception-type'] ?? '']: JSON.parse(payload) as unknown,
  }));
