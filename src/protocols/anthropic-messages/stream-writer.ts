import { CallError } from '../../errors.ts';
import { LIMITS } from '../../limits.ts';
import { type BlockEvent, UNKNOWN_USAGE, type Usage } from '../blocks.ts';
import type { AnswerContext, StreamWriter } from '../protocol.ts';
import { BlockQueue } from './block-queue.ts';
import { errorObject } from './errors.ts';
import { messageId } from './response-writer.ts';
import { refusalDetails, writeStopReason } from './stop-reason.ts';
import { writeUsage } from './usage.ts';

/**
 * Writes Anthropic's message stream: every event with its `event:` line, which its SDK needs, and content blocks
 * strictly one after the other.
 */
export class AnthropicStreamWriter implements StreamWriter {
  readonly #context: AnswerContext;
  readonly #queue = new BlockQueue(LIMITS.pendingBlockCharsMax);
  #isStarted = false;
  #usage: Usage = UNKNOWN_USAGE;

  constructor(context: AnswerContext) {
    this.#context = context;
  }

  /** Throws `upstream_response_too_large` when interleaved blocks do not fit the bound. */
  write(event: BlockEvent): Buffer | null {
    switch (event.type) {
      case 'blockStart':
      case 'blockDelta':
      case 'blockStop':
        return this.#bytes(this.#queue.take(event));
      case 'messageStart':
        return this.#isStarted ? null : this.#bytes('');
      case 'usage':
        this.#usage = event.usage;
        return null;
      case 'messageStop':
        return this.#bytes(this.#queue.end() + this.#stop(event));
      default:
        return null;
    }
  }

  end(): Buffer {
    return Buffer.from('event: message_stop\ndata: {"type":"message_stop"}\n\n');
  }

  error(error: CallError): Buffer {
    return Buffer.from(`event: error\ndata: ${JSON.stringify(errorObject(error, this.#context.callId))}\n\n`);
  }

  #bytes(text: string): Buffer | null {
    if (this.#queue.isOverfull) throw new CallError('upstream_response_too_large');
    if (this.#isStarted) return text === '' ? null : Buffer.from(text);
    this.#isStarted = true;
    return Buffer.from(this.#start() + text);
  }

  /** Usage that is not known yet stands as 0, as no client expects null here; `message_delta` has the truth. */
  #start(): string {
    const { inputTokens, outputTokens } = this.#usage;
    const usage = writeUsage({
      ...this.#usage,
      inputTokens: inputTokens ?? 0,
      outputTokens: outputTokens ?? 0,
    });
    const message = {
      id: messageId(this.#context.callId),
      type: 'message',
      role: 'assistant',
      model: this.#context.model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage,
    };
    return `event: message_start\ndata: ${JSON.stringify({ type: 'message_start', message })}\n\n`;
  }

  #stop(event: Extract<BlockEvent, { type: 'messageStop' }>): string {
    const refusal = this.#queue.refusal;
    const stopReason = writeStopReason({ ...event, hasRefusal: refusal !== null });
    const delta = {
      stop_reason: stopReason,
      stop_sequence: event.stopSequence,
      stop_details: refusalDetails(stopReason, refusal),
    };
    const data = { type: 'message_delta', delta, usage: writeUsage(this.#usage) };
    return `event: message_delta\ndata: ${JSON.stringify(data)}\n\n`;
  }
}
