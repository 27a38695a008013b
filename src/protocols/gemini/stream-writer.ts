import { CallError } from '../../errors.ts';
import { LIMITS } from '../../limits.ts';
import { type BlockEvent, type BlockStart, UNKNOWN_USAGE, type Usage } from '../blocks.ts';
import type { AnswerContext, StreamWriter } from '../protocol.ts';
import { errorObject } from './errors.ts';
import { writeFinish } from './finish.ts';
import { groundingMembers } from './grounding-writer.ts';
import { callPart } from './part-json.ts';
import { answerText, candidateText, textPart } from './response-writer.ts';
import { writeUsage } from './usage.ts';

type Delta = Extract<BlockEvent, { type: 'blockDelta' }>;
type Stop = Extract<BlockEvent, { type: 'messageStop' }>;

interface OpenBlock {
  readonly start: BlockStart;
  /** Of a tool call, which goes out whole. */
  readonly args: string[];
  signature: string | undefined;
  isWhole: boolean;
}

/** Where the part stands in an event; its first place is before everything that a caller has named. */
const PART = '{}';

/**
 * Writes `GenerateContentResponse` events, as server-sent events or as the elements of one JSON array. The event
 * with the finish reason is what ends the stream, so that it comes last, with usage, sources and a refusal's words.
 */
export class GeminiStreamWriter implements StreamWriter {
  readonly #context: AnswerContext;
  readonly #isArray: boolean;
  /** Everything of an event before its part, and behind it. */
  readonly #head: string;
  readonly #tail: string;
  readonly #open = new Map<number, OpenBlock>();
  #hasElement = false;
  #waitingChars = 0;
  /** The answer's text, to which its sources point. */
  readonly #texts: string[] = [];
  #textChars = 0;
  readonly #citations: unknown[] = [];
  #refusal: string | null = null;
  #usage: Usage = UNKNOWN_USAGE;
  #stop: Stop | null = null;

  constructor(context: AnswerContext) {
    this.#context = context;
    this.#isArray = context.framing === 'json-array';
    const marked = answerText(candidateText([PART], {}), undefined, context);
    this.#head = marked.slice(0, marked.indexOf(PART));
    this.#tail = marked.slice(this.#head.length + PART.length);
  }

  /** Throws `upstream_response_too_large` when tool calls that must wait until they are whole exceed the bound. */
  write(event: BlockEvent): Buffer | null {
    switch (event.type) {
      case 'blockStart':
        return this.#start(event.index, event.block);
      case 'blockDelta':
        return this.#delta(event);
      case 'blockStop':
        return this.#close(event.index);
      case 'usage':
        this.#usage = event.usage;
        return null;
      case 'messageStop':
        this.#stop = event;
        return null;
      default:
        return null;
    }
  }

  end(): Buffer {
    const calls = [...this.#open.keys()].map((index) => this.#close(index)).filter((piece) => piece !== null);
    const { reason = 'other', rawReason = null } = this.#stop ?? {};
    const candidate = candidateText([], {
      finishReason: writeFinish(reason, rawReason, this.#refusal !== null),
      finishMessage: this.#refusal ?? undefined,
      ...groundingMembers(this.#citations, this.#texts.join('')),
    });
    const last = answerText(candidate, JSON.stringify(writeUsage(this.#usage)), this.#context);
    return Buffer.concat([...calls, this.#frame(last), Buffer.from(this.#isArray ? ']' : '')]);
  }

  /** An array is closed behind the error, so that what has come is JSON. */
  error(error: CallError, isFirst = !this.#hasElement): Buffer {
    const data = JSON.stringify(errorObject(error, this.#context.callId));
    if (!this.#isArray) return Buffer.from(`data: ${data}\r\n\r\n`);
    return Buffer.from(`${isFirst ? '[' : ',\r\n'}${data}]`);
  }

  #start(index: number, start: BlockStart): Buffer | null {
    if (start.type === 'unknown') {
      return start.origin.protocol === 'gemini' ? this.#event(JSON.stringify(start.raw)) : null;
    }
    this.#open.set(index, { start, args: [], signature: undefined, isWhole: false });
    return null;
  }

  #delta({ index, text, signature, citation }: Delta): Buffer | null {
    if (citation !== undefined) this.#citations.push(citation);
    const block = this.#open.get(index);
    if (block === undefined) return null;
    switch (block.start.type) {
      case 'toolCall':
        this.#collect(block, text, signature);
        return null;
      case 'refusal':
        this.#refusal = (this.#refusal ?? '') + (text ?? '');
        return null;
      case 'reasoning': {
        const own = block.start.origin.protocol === 'gemini' ? signature : undefined;
        return this.#event(textPart(text ?? '', true, own));
      }
      default:
        this.#keep(text ?? '');
        return this.#event(textPart(text ?? '', false, signature));
    }
  }

  #collect(block: OpenBlock, text: string | undefined, signature: string | undefined): void {
    block.signature = signature ?? block.signature;
    if (text === undefined) return;
    block.args.push(text);
    this.#waitingChars += text.length;
    if (this.#waitingChars > LIMITS.pendingBlockCharsMax) throw new CallError('upstream_response_too_large');
  }

  /** A call that is whole waits for those that began before it: the caller's order is that of the model. */
  #close(index: number): Buffer | null {
    const block = this.#open.get(index);
    if (block?.start.type !== 'toolCall') {
      this.#open.delete(index);
      return null;
    }
    block.isWhole = true;
    const events: Buffer[] = [];
    for (const [at, { start, args, signature, isWhole }] of this.#open) {
      if (start.type !== 'toolCall') continue;
      if (!isWhole) break;
      this.#open.delete(at);
      const text = args.join('');
      this.#waitingChars -= text.length;
      const part = callPart({ id: start.id, name: start.name, args: text }, signature);
      events.push(this.#frame(this.#head + part + this.#tail));
    }
    return events.length === 0 ? null : Buffer.concat(events);
  }

  /** A text beyond the bound is not kept: its sources then have no places. */
  #keep(text: string): void {
    this.#textChars += text.length;
    if (this.#textChars <= LIMITS.pendingBlockCharsMax) this.#texts.push(text);
    else this.#texts.length = 0;
  }

  #event(part: string | null): Buffer | null {
    return part === null ? null : this.#frame(this.#head + part + this.#tail);
  }

  #frame(data: string): Buffer {
    if (!this.#isArray) return Buffer.from(`data: ${data}\r\n\r\n`);
    const separator = this.#hasElement ? ',\r\n' : '[';
    this.#hasElement = true;
    return Buffer.from(separator + data);
  }
}
