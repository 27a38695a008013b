import { CallError } from '../errors.ts';
import type { BlockEvent, ProtocolName } from '../protocols/blocks.ts';
import { parseObject } from '../protocols/json-parse.ts';
import type { StreamReader } from '../protocols/protocol.ts';
import { protocolOf } from '../protocols/registry.ts';
import { GrowingCount } from './growing-count.ts';
import { requestText } from './request-text.ts';
import type { BodyWork, TokenWork } from './worker-messages.ts';

interface CountedStream {
  readonly count: GrowingCount;
  readonly reader: StreamReader | null;
  tokens: number;
}

/** What the thread does: counts texts, requests and streams of answers. */
export class Counting {
  readonly #countText: (text: string) => number;
  readonly #streams = new Map<number, CountedStream>();

  constructor(countText: (text: string) => number) {
    this.#countText = countText;
  }

  /** Null for a request that cannot be read. */
  count(work: TokenWork): number | null {
    switch (work.kind) {
      case 'text':
        return this.#countText(work.text);
      case 'request': {
        const { text, frameTokens } = requestText(work.request);
        return this.#countText(text) + frameTokens;
      }
      case 'body':
        return this.#countBody(work);
      case 'piece': {
        const stream = this.#streamOf(work.stream, null);
        stream.tokens = stream.count.add(work.text);
        return stream.tokens;
      }
      case 'bytes':
        return this.#countBytes(this.#streamOf(work.stream, work.protocol), work.bytes);
    }
  }

  forget(stream: number): void {
    this.#streams.delete(stream);
  }

  #countBody({ protocol, model, isStream, bytes }: BodyWork): number | null {
    const json = parseObject(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
    if (json instanceof CallError) return null;
    const request = protocolOf(protocol)?.readRequest(json, { model, stream: isStream });
    if (request === undefined || request instanceof CallError) return null;
    return this.count({ kind: 'request', request });
  }

  #countBytes(stream: CountedStream, bytes: Uint8Array): number {
    const texts: string[] = [];
    const emit = (event: BlockEvent): void => {
      if (event.type === 'blockDelta' && event.text !== undefined) texts.push(event.text);
    };
    stream.reader?.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), emit);
    if (texts.length > 0) stream.tokens = stream.count.add(texts.join(''));
    return stream.tokens;
  }

  #streamOf(id: number, protocol: ProtocolName | null): CountedStream {
    const known = this.#streams.get(id);
    if (known !== undefined) return known;
    const reader = protocol === null ? null : (protocolOf(protocol)?.streamReader({ protocol }) ?? null);
    const stream: CountedStream = { count: new GrowingCount(this.#countText), reader, tokens: 0 };
    this.#streams.set(id, stream);
    return stream;
  }
}
