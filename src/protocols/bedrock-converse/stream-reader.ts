import type { BlockEvent, Origin, UpstreamFailure } from '../blocks.ts';
import { isJsonObject, parseJson } from '../json-parse.ts';
import type { JsonObject, StreamReader } from '../protocol.ts';
import { malformedAnswer } from '../upstream-error.ts';
import { FrameCuts } from './frame-cuts.ts';
import { type Frame, FrameCodec } from './frames.ts';
import { readException } from './read-error.ts';
import { readText } from './response-reader.ts';
import { readStopReason, readStopSequence } from './stop-reason.ts';
import { StreamBlocks } from './stream-blocks.ts';
import { readUsage } from './usage.ts';

type Emit = (event: BlockEvent) => void;

/**
 * Reads a Converse stream. The message stops when both `messageStop` and `metadata`, which has the usage, have
 * come, in either order; where there is no `metadata`, with the end of the body.
 */
export class BedrockStreamReader implements StreamReader {
  readonly #cuts = new FrameCuts();
  readonly #codec = new FrameCodec();
  readonly #blocks: StreamBlocks;
  #isStarted = false;
  #hasFailed = false;
  #isComplete = false;
  #hasMetadata = false;
  #stop: Extract<BlockEvent, { type: 'messageStop' }> | null = null;

  constructor(origin: Origin) {
    this.#blocks = new StreamBlocks(origin);
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  push(chunk: Buffer, emit: Emit): void {
    let from = 0;
    while (!this.#hasFailed && !this.#isComplete) {
      const bytes = this.#cuts.next(chunk, from);
      if (bytes === null) break;
      from = this.#cuts.end;
      const frame = this.#codec.decode(bytes);
      if (frame === null) this.#fail(malformedAnswer('A frame of the stream is damaged.'), emit);
      else this.#read(frame, emit);
    }
    if (this.#cuts.isBroken && !this.#hasFailed) {
      this.#fail(malformedAnswer('A frame of the stream has an impossible length.'), emit);
    }
  }

  end(emit: Emit): void {
    if (!this.#hasFailed && this.#stop !== null) this.#complete(emit);
  }

  #read(frame: Frame, emit: Emit): void {
    if (frame.kind === 'exception') {
      this.#fail(readException(frame.type, frame.payload.toString()), emit);
      return;
    }
    const event = parseJson(frame.payload.toString());
    if (!isJsonObject(event)) {
      this.#fail(malformedAnswer('An event of the stream is no JSON object.'), emit);
      return;
    }
    this.#start(emit);
    switch (frame.type) {
      case 'contentBlockStart':
      case 'contentBlockDelta':
      case 'contentBlockStop':
        this.#readBlock(frame.type, event, emit);
        break;
      case 'messageStop':
        this.#readStop(event, emit);
        break;
      case 'metadata':
        this.#readMetadata(event, emit);
        break;
      default: // messageStart says nothing more, and what may come one day
    }
  }

  #readBlock(type: string, event: JsonObject, emit: Emit): void {
    const isLate = this.#stop !== null && type !== 'contentBlockStop';
    if (isLate || !this.#blocks.read(type, event, emit)) {
      this.#fail(malformedAnswer('The content blocks of the stream are out of order.'), emit);
    }
  }

  /** Some streams begin without `messageStart`. */
  #start(emit: Emit): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    emit({ type: 'messageStart', id: null, model: null });
  }

  #readStop(event: JsonObject, emit: Emit): void {
    const rawReason = readText(event['stopReason']);
    this.#blocks.end(emit);
    this.#stop = {
      type: 'messageStop',
      reason: readStopReason(rawReason),
      rawReason,
      stopSequence: readStopSequence(event['additionalModelResponseFields']),
    };
    if (this.#hasMetadata) this.#complete(emit);
  }

  #readMetadata(event: JsonObject, emit: Emit): void {
    this.#hasMetadata = true;
    const usage = readUsage(event['usage']);
    if (usage !== undefined) emit({ type: 'usage', usage });
    if (this.#stop !== null) this.#complete(emit);
  }

  #complete(emit: Emit): void {
    if (this.#isComplete || this.#stop === null) return;
    this.#isComplete = true;
    emit(this.#stop);
  }

  #fail(failure: UpstreamFailure, emit: Emit): void {
    this.#hasFailed = true;
    emit({ type: 'error', failure });
  }
}
