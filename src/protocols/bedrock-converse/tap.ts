import type { FinishReason, UpstreamFailure, Usage } from '../blocks.ts';
import { NO_BYTES } from '../no-bytes.ts';
import type { StreamTap, TapFinding } from '../protocol.ts';
import { addPiece } from '../tap.ts';
import { malformedAnswer } from '../upstream-error.ts';
import { FrameCuts } from './frame-cuts.ts';
import { FrameCodec } from './frames.ts';
import { inspectFrame } from './inspect.ts';

/**
 * Listens to a Converse stream while its frames pass untouched, each checked against its checksums.
 *
 * What ends the stream is held: from `messageStop` on, if `metadata` comes behind it as it should, and
 * `messageStop` alone if that came before. From an exception or a damaged frame on nothing passes.
 */
export class BedrockTap implements StreamTap {
  readonly #cuts = new FrameCuts();
  readonly #codec = new FrameCodec();
  /** Null until `messageStop`. */
  #terminal: Buffer | null = null;
  #hasMetadata = false;
  isComplete = false;

  usage: Usage | null = null;
  finishReason: FinishReason | null = null;
  model: string | null = null;
  failure: UpstreamFailure | null = null;
  hasContent = false;
  contentEvents = 0;
  eventsSeen = 0;

  push(chunk: Buffer): Buffer | null {
    const out: Buffer[] = [];
    let from = 0;
    while (!this.isComplete && this.failure === null) {
      const frame = this.#cuts.next(chunk, from);
      if (frame === null) break;
      from = this.#cuts.end;
      if (this.#mayPass(frame)) addPiece(out, frame);
    }
    if (this.#cuts.isBroken)
      this.failure ??= malformedAnswer('A frame of the stream has an impossible length.');
    const [only = null] = out;
    return out.length > 1 ? Buffer.concat(out) : only;
  }

  /** Some servers send no `metadata`. */
  get mayEnd(): boolean {
    return this.#terminal !== null && this.failure === null;
  }

  takeTerminal(): Buffer {
    const terminal = this.#terminal ?? NO_BYTES;
    if (this.#terminal !== null) this.#terminal = NO_BYTES;
    return terminal;
  }

  #mayPass(bytes: Buffer): boolean {
    const frame = this.#codec.decode(bytes);
    if (frame === null) {
      this.failure = malformedAnswer('A frame of the stream is damaged.');
      return false;
    }
    this.eventsSeen += 1;
    this.#note(inspectFrame(frame));
    if (this.failure !== null) return false;
    if (frame.type === 'metadata') this.#hasMetadata = true;
    if (this.#terminal === null && frame.type !== 'messageStop') return true;
    this.#terminal = this.#terminal === null ? bytes : Buffer.concat([this.#terminal, bytes]);
    this.isComplete = this.#hasMetadata;
    return false;
  }

  #note(finding: TapFinding): void {
    if (finding.usage !== undefined) this.usage = finding.usage;
    if (finding.finishReason !== undefined) this.finishReason = finding.finishReason;
    if (finding.model !== undefined) this.model = finding.model;
    if (finding.failure !== undefined) this.failure = finding.failure;
    if (!finding.hasContent) return;
    this.hasContent = true;
    this.contentEvents += 1;
  }
}
