import { CallError } from '../../errors.ts';
import { LIMITS } from '../../limits.ts';
import { type BlockEvent, UNKNOWN_USAGE, type Usage } from '../blocks.ts';
import { NO_BYTES } from '../no-bytes.ts';
import type { AnswerContext, StreamWriter } from '../protocol.ts';
import { BlockOrder } from './block-order.ts';
import { exceptionOf } from './errors.ts';
import { FrameCodec } from './frames.ts';
import { writeStopReason, writeStopSequence } from './stop-reason.ts';
import { writeUsage } from './usage.ts';

/**
 * Writes a Converse stream: content blocks one after the other, then `messageStop` and `metadata`, which both
 * belong to the end.
 */
export class BedrockStreamWriter implements StreamWriter {
  readonly #context: AnswerContext;
  readonly #codec = new FrameCodec();
  readonly #order = new BlockOrder(LIMITS.pendingBlockCharsMax);
  #isStarted = false;
  #usage: Usage = UNKNOWN_USAGE;
  #stop: Extract<BlockEvent, { type: 'messageStop' }> | null = null;

  constructor(context: AnswerContext) {
    this.#context = context;
  }

  /** Throws `upstream_response_too_large` when interleaved blocks do not fit the bound. */
  write(event: BlockEvent): Buffer | null {
    const frames: Buffer[] = [];
    if (!this.#isStarted) frames.push(this.#frame('messageStart', '{"role":"assistant"}'));
    this.#isStarted = true;
    const emit = (type: string, json: string): void => void frames.push(this.#frame(type, json));
    if (event.type === 'usage') this.#usage = event.usage;
    else if (event.type === 'messageStop') {
      this.#stop = event;
      this.#order.end(emit);
    } else if (event.type !== 'messageStart' && event.type !== 'error') this.#order.take(event, emit);
    if (this.#order.isOverfull) throw new CallError('upstream_response_too_large');
    const [first = NO_BYTES] = frames;
    return frames.length > 1 ? Buffer.concat(frames) : first.length === 0 ? null : first;
  }

  end(): Buffer {
    const { reason = 'other', rawReason = null, stopSequence = null } = this.#stop ?? {};
    const paths = this.#context.request?.['additionalModelResponseFieldPaths'];
    const stop = {
      stopReason: writeStopReason({ reason, rawReason, stopSequence }),
      additionalModelResponseFields: writeStopSequence(stopSequence, paths),
    };
    const metadata = { usage: writeUsage(this.#usage), metrics: {} };
    return Buffer.concat([
      this.#frame('messageStop', JSON.stringify(stop)),
      this.#frame('metadata', JSON.stringify(metadata)),
    ]);
  }

  error(error: CallError): Buffer {
    const { type, json } = exceptionOf(error);
    return this.#codec.encode('exception', type, json);
  }

  #frame(type: string, json: string): Buffer {
    return this.#codec.encode('event', type, json);
  }
}
