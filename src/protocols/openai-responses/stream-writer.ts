import { CallError } from '../../errors.ts';
import { LIMITS } from '../../limits.ts';
import { type BlockEvent, type FinishReason, UNKNOWN_USAGE, type Usage } from '../blocks.ts';
import type { AnswerContext, StreamWriter } from '../protocol.ts';
import { errorMembers } from './errors.ts';
import { writeStatus } from './finish.ts';
import { type OutputBlock, outputBlock } from './output-blocks.ts';
import { OutputStream } from './output-stream.ts';
import { ResponseObject } from './response-object.ts';
import { writeUsage } from './usage.ts';

/**
 * Writes a response's stream: every event with its `event:` line, gapless numbers, items that keep their ids, and
 * at the end the whole response. So the whole answer is held, up to what an answer in one piece may have.
 */
export class ResponsesStreamWriter implements StreamWriter {
  readonly #context: AnswerContext;
  readonly #response: ResponseObject;
  readonly #out: OutputStream;
  readonly #blocks = new Map<number, OutputBlock>();
  #isStarted = false;
  #chars = 0;
  #reason: FinishReason = 'other';
  #usage: Usage = UNKNOWN_USAGE;

  constructor(context: AnswerContext) {
    this.#context = context;
    this.#response = new ResponseObject(context);
    this.#out = new OutputStream(context.callId);
  }

  /** Throws `upstream_response_too_large` when the answer is longer than one in one piece may be. */
  write(event: BlockEvent): Buffer | null {
    if (event.type === 'usage') this.#usage = event.usage;
    if (event.type === 'usage' || event.type === 'error') return null;
    const opening = this.#opening();
    const text = this.#text(event);
    return opening === '' && text === '' ? null : Buffer.from(opening + text);
  }

  end(): Buffer {
    const opening = this.#opening();
    const state = writeStatus(this.#reason);
    const response = this.#response.text(state, this.#out.items, writeUsage(this.#usage));
    return Buffer.from(opening + this.#out.event(`response.${state.status}`, `"response":${response}`));
  }

  /** In the byte lane the numbers of the events before are not known here: they begin anew. */
  error(error: CallError, isFirst = false): Buffer {
    const opening = isFirst ? this.#opening() : '';
    const members = JSON.stringify(errorMembers(error, this.#context.callId)).slice(1, -1);
    const state = { status: 'failed' as const, error: { code: error.code, message: error.message } };
    const failed = `"response":${this.#response.text(state)}`;
    return Buffer.from(
      opening + this.#out.event('error', members) + this.#out.event('response.failed', failed),
    );
  }

  #text(event: Exclude<BlockEvent, { type: 'usage' | 'error' }>): string {
    switch (event.type) {
      case 'blockDelta':
        this.#count(event);
        return this.#blocks.get(event.index)?.delta(event) ?? '';
      case 'blockStart': {
        const block = outputBlock(event.block, this.#out);
        if (block !== null) this.#blocks.set(event.index, block);
        return block?.start() ?? '';
      }
      case 'blockStop': {
        const text = this.#blocks.get(event.index)?.stop() ?? '';
        this.#blocks.delete(event.index);
        return text;
      }
      case 'messageStop':
        this.#reason = event.reason;
        return this.#close();
      case 'messageStart':
        return '';
    }
  }

  #close(): string {
    let text = '';
    for (const block of this.#blocks.values()) text += block.stop();
    this.#blocks.clear();
    return text + this.#out.end(writeStatus(this.#reason).status);
  }

  #count({ text, signature }: Extract<BlockEvent, { type: 'blockDelta' }>): void {
    this.#chars += (text ?? signature ?? '').length;
    if (this.#chars > LIMITS.responseBytesMax) throw new CallError('upstream_response_too_large');
  }

  /** The two events that every response begins with; empty from the second time on. */
  #opening(): string {
    if (this.#isStarted) return '';
    this.#isStarted = true;
    const response = `"response":${this.#response.text({ status: 'in_progress' })}`;
    return this.#out.event('response.created', response) + this.#out.event('response.in_progress', response);
  }
}
