import { EventStreamCodec } from '@smithy/eventstream-codec';

/** One message of an event stream (`application/vnd.amazon.eventstream`; AWS, "Event stream encoding"). */
export interface Frame {
  readonly kind: 'event' | 'exception';
  /** `contentBlockDelta`, `throttlingException` … */
  readonly type: string;
  /** JSON text. */
  readonly payload: Buffer;
}

type Headers = Parameters<EventStreamCodec['encode']>[0]['headers'];

/** Between frames and their bytes, with both checksums. */
export class FrameCodec {
  readonly #codec = new EventStreamCodec(utf8Of, bytesOf);

  /** A whole frame; null for one whose checksums or headers are wrong. */
  decode(bytes: Buffer): Frame | null {
    try {
      const { headers, body } = this.#codec.decode(bytes);
      const payload = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
      return frameOf(headers, payload);
    } catch {
      return null;
    }
  }

  /** @param json the payload's text */
  encode(kind: Frame['kind'], type: string, json: string): Buffer {
    const headers: Headers = {
      [`:${kind}-type`]: { type: 'string', value: type },
      ':content-type': { type: 'string', value: 'application/json' },
      ':message-type': { type: 'string', value: kind },
    };
    const bytes = this.#codec.encode({ headers, body: Buffer.from(json) });
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
}

/** An `error` has its code and text in headers, where an `exception` has a type and a payload. */
function frameOf(headers: Headers, payload: Buffer): Frame | null {
  const kind = textOf(headers, ':message-type');
  if (kind === 'event' || kind === 'exception') {
    const type = textOf(headers, `:${kind}-type`);
    return type === null ? null : { kind, type, payload };
  }
  if (kind !== 'error') return null;
  const message = textOf(headers, ':error-message');
  const type = textOf(headers, ':error-code') ?? 'unknown';
  return { kind: 'exception', type, payload: Buffer.from(JSON.stringify({ message })) };
}

function textOf(headers: Headers, name: string): string | null {
  const header = headers[name];
  return header?.type === 'string' ? header.value : null;
}

function utf8Of(bytes: Uint8Array | string): string {
  if (typeof bytes === 'string') return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

const bytesOf = (text: string): Uint8Array => Buffer.from(text);
