import type { IncomingHttpHeaders } from 'node:http';
import { CallError } from '../errors.ts';
import { NO_BYTES } from '../protocols/no-bytes.ts';
import type { Answer, Ending } from './answer.ts';
import type { CallLane, LaneContext } from './lane.ts';

/** Types that a browser would run are handed on as bytes: no page of the upstream's is shown as the gateway's. */
const SAFE_TYPE =
  /^(?:(?:audio|video)\/|image\/(?!svg)|application\/(?!xhtml|xml|javascript)|text\/(?:plain|csv)\b)[\w.+-]*(?: *;[\x20-\x7e]*)?$/i;
const SAFE_DISPOSITION = /^[\x20-\x7e]{1,1000}$/;

/**
 * Bytes that go through as they come. Without the upstream's `Content-Length`: the end of the body is the
 * gateway's to say, after the end record.
 */
export class PassLane implements CallLane {
  readonly name = 'byte';
  readonly isTerminated = false;
  readonly failure = null;
  readonly usage = null;
  readonly finishReason = null;
  readonly servedModel = null;
  readonly contentEvents = 0;
  readonly #answer: Answer;
  readonly #context: LaneContext;
  readonly #headers: IncomingHttpHeaders;
  readonly #mayBeEmpty: boolean;
  isCommitted = false;
  firstContentMs: number | null = null;

  constructor(answer: Answer, context: LaneContext, headers: IncomingHttpHeaders, mayBeEmpty: boolean) {
    this.#answer = answer;
    this.#context = context;
    this.#headers = headers;
    this.#mayBeEmpty = mayBeEmpty;
  }

  data(chunk: Buffer): boolean {
    this.firstContentMs ??= this.#context.nowMs();
    if (!this.isCommitted) this.#commit();
    return this.#answer.bytes(chunk);
  }

  finish(): CallError | null {
    if (this.isCommitted) return null;
    if (!this.#mayBeEmpty) return new CallError('upstream_malformed');
    this.#commit();
    return null;
  }

  ending(): Ending {
    return { kind: 'stream', terminal: NO_BYTES };
  }

  #commit(): void {
    this.isCommitted = true;
    this.#answer.open({ ...this.#context.head(), entity: entityOf(this.#headers) });
  }
}

function entityOf(headers: IncomingHttpHeaders): Readonly<Record<string, string>> {
  const type = String(headers['content-type'] ?? '');
  const disposition = headers['content-disposition'];
  const entity: Record<string, string> = {
    'content-type': SAFE_TYPE.test(type) ? type : 'application/octet-stream',
  };
  if (typeof disposition === 'string' && SAFE_DISPOSITION.test(disposition)) {
    entity['content-disposition'] = disposition;
  }
  return entity;
}
