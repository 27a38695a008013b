/**
 * An answer in JSON from a model that can only be made to call a tool: the call's arguments are the answer, and
 * come back to the caller as its text.
 */
import { LIMITS } from '../limits.ts';
import type { Block, BlockEvent, ChatResponse, UpstreamFailure } from './blocks.ts';
import type { Protocol, StreamReader } from './protocol.ts';

type Emit = (event: BlockEvent) => void;
/** What reads an upstream's answer. */
export type AnswerReaders = Pick<Protocol, 'readResponse' | 'readError' | 'streamReader'>;

/** The protocol's readers, with the named tool's call as text. */
export function jsonToolReaders(protocol: AnswerReaders, name: string): AnswerReaders {
  return {
    readError: protocol.readError,
    readResponse: (body, origin) => withJsonText(protocol.readResponse(body, origin), name),
    streamReader: (origin) => new JsonToolReader(protocol.streamReader(origin), name),
  };
}

function withJsonText(answer: ChatResponse | UpstreamFailure, name: string): ChatResponse | UpstreamFailure {
  if ('class' in answer) return answer;
  const calls = answer.blocks.filter((block) => block.type === 'toolCall');
  const json = calls.find((call) => call.name === name);
  if (calls.length === 0) return answer;
  const blocks = answer.blocks.flatMap((block): Block[] => {
    if (block === json) return [{ type: 'text', text: json.arguments }];
    const isLeftOut = block.type === 'text' || (block.type === 'toolCall' && block.name === name);
    return isLeftOut ? [] : [block];
  });
  const hasOthers = calls.some((call) => call.name !== name);
  return hasOthers || answer.finishReason !== 'tool_calls'
    ? { ...answer, blocks }
    : { ...answer, blocks, finishReason: 'stop', rawFinishReason: null };
}

/**
 * The same in a stream. What the model says before it calls is no part of the answer, so text waits: for a call,
 * which lets it fall, or for the end of a message without any, which lets it out.
 */
class JsonToolReader implements StreamReader {
  readonly #inner: StreamReader;
  readonly #name: string;
  /** Where a block of the model stands in what comes out; null for one that is left out. */
  readonly #places = new Map<number, number | null>();
  #count = 0;
  #waiting: BlockEvent[] = [];
  #waitingChars = 0;
  #hasCall = false;
  #hasJson = false;
  #hasOthers = false;

  constructor(inner: StreamReader, name: string) {
    this.#inner = inner;
    this.#name = name;
  }

  get isComplete(): boolean {
    return this.#inner.isComplete;
  }

  push(chunk: Buffer, emit: Emit): void {
    this.#inner.push(chunk, (event) => this.#take(event, emit));
  }

  end(emit: Emit): void {
    this.#inner.end?.((event) => this.#take(event, emit));
  }

  #take(event: BlockEvent, emit: Emit): void {
    if (event.type === 'blockStart') this.#start(event, emit);
    else if (event.type === 'blockDelta' || event.type === 'blockStop') this.#follow(event, emit);
    else if (event.type === 'messageStop') this.#stop(event, emit);
    else emit(event);
  }

  #start(event: Extract<BlockEvent, { type: 'blockStart' }>, emit: Emit): void {
    const { index, block } = event;
    if (block.type === 'text') {
      if (this.#hasCall) this.#places.set(index, null);
      else this.#waiting.push(event);
      return;
    }
    if (block.type !== 'toolCall') return this.#open(event, emit);
    this.#hasCall = true;
    for (const waiting of this.#waiting) {
      if (waiting.type === 'blockStart') this.#places.set(waiting.index, null);
    }
    this.#waiting = [];
    if (block.name !== this.#name) {
      this.#hasOthers = true;
      this.#open(event, emit);
    } else if (this.#hasJson) {
      this.#places.set(index, null);
    } else {
      this.#hasJson = true;
      this.#open({ type: 'blockStart', index, block: { type: 'text' } }, emit);
    }
  }

  #open(event: Extract<BlockEvent, { type: 'blockStart' }>, emit: Emit): void {
    this.#places.set(event.index, this.#count);
    emit({ ...event, index: this.#count });
    this.#count += 1;
  }

  #follow(event: Extract<BlockEvent, { type: 'blockDelta' | 'blockStop' }>, emit: Emit): void {
    const place = this.#places.get(event.index);
    if (place === null) return;
    if (place !== undefined) return emit({ ...event, index: place });
    this.#waiting.push(event);
    if (event.type === 'blockDelta') this.#waitingChars += event.text?.length ?? 0;
    if (this.#waitingChars > LIMITS.pendingBlockCharsMax) this.#release(emit);
  }

  #release(emit: Emit): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#waitingChars = 0;
    for (const event of waiting) {
      if (event.type === 'blockStart') this.#open(event, emit);
      else this.#take(event, emit);
    }
  }

  #stop(event: Extract<BlockEvent, { type: 'messageStop' }>, emit: Emit): void {
    this.#release(emit);
    const isAnswer = this.#hasJson && !this.#hasOthers && event.reason === 'tool_calls';
    emit(isAnswer ? { ...event, reason: 'stop', rawReason: null } : event);
  }
}
