import { LIMITS } from '../../limits.ts';
import type { BlockEvent, BlockStart, Origin } from '../blocks.ts';
import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';
import { isOwnCitation, urlCitations } from './citations.ts';
import { readText } from './response-reader.ts';
import { StreamCalls } from './stream-calls.ts';
import { TextOffsets } from './text-offsets.ts';

type Emit = (event: BlockEvent) => void;

type Kind = 'plan' | 'text' | 'thinking';

interface OpenText {
  readonly block: number;
  readonly kind: Kind;
  readonly offsets: TextOffsets;
}

const OUT_OF_ORDER = 'The content of the stream is out of order.';
const TOO_MUCH = 'The stream has too many tool calls.';

/** Plan, thinking, text and tool calls of one stream; one block is open at a time, calls aside. */
export class StreamBlocks {
  readonly #origin: Origin;
  readonly #calls: StreamCalls;
  /** Stays open behind its `content-end`, because its citations may follow. */
  #open: OpenText | null = null;
  #blocks = 0;
  #textUnits = 0;
  answerId: string | null = null;

  constructor(origin: Origin) {
    this.#origin = origin;
    this.#calls = new StreamCalls(() => this.#blocks++);
  }

  get hasCalls(): boolean {
    return this.#calls.count > 0;
  }

  /** Reads any event between start and end of the message; what is wrong with it, or null. */
  read(event: JsonObject, emit: Emit): string | null {
    const delta = isJsonObject(event['delta']) ? event['delta'] : {};
    const message = isJsonObject(delta['message']) ? delta['message'] : {};
    switch (event['type']) {
      case 'content-start':
        this.#close(emit);
        this.#readContent(message['content'], emit);
        return null;
      case 'content-delta':
        this.#readContent(message['content'], emit);
        return null;
      case 'tool-plan-delta':
        this.#say('plan', readText(message['tool_plan']), emit);
        return null;
      case 'citation-start':
        this.#cite(message['citations'], emit);
        return null;
      case 'tool-call-start':
        this.#close(emit);
        this.#calls.start(event['index'], message['tool_calls'], this.answerId, emit);
        return this.#calls.count > LIMITS.openBlocksMax ? TOO_MUCH : null;
      case 'tool-call-delta':
        return this.#calls.delta(event['index'], message['tool_calls'], emit) ? null : OUT_OF_ORDER;
      case 'tool-call-end':
        return this.#calls.stop(event['index'], emit) ? null : OUT_OF_ORDER;
      default: // content-end and citation-end say nothing more, nor does what may come one day
        return null;
    }
  }

  end(emit: Emit): void {
    this.#close(emit);
    this.#calls.end(emit);
  }

  #readContent(value: unknown, emit: Emit): void {
    const content = isJsonObject(value) ? value : {};
    this.#say('thinking', readText(content['thinking']), emit);
    this.#say('text', readText(content['text']), emit);
  }

  #say(kind: Kind, text: string | null, emit: Emit): void {
    if (text === null) return;
    const open = this.#open?.kind === kind ? this.#open : this.#start(kind, emit);
    emit({ type: 'blockDelta', index: open.block, text });
    if (kind !== 'text') return;
    this.#textUnits += text.length;
    open.offsets.add(text);
  }

  #start(kind: Kind, emit: Emit): OpenText {
    this.#close(emit);
    const open: OpenText = { block: this.#blocks, kind, offsets: new TextOffsets(this.#textUnits) };
    this.#blocks += 1;
    this.#open = open;
    emit({ type: 'blockStart', index: open.block, block: startOf(kind, this.#origin) });
    return open;
  }

  /** What is cited in a plan or in thinking has no place in an answer. */
  #cite(value: unknown, emit: Emit): void {
    const open = this.#open;
    if (open === null || open.kind !== 'text') return;
    for (const citation of Array.isArray(value) ? value : [value]) {
      if (!isOwnCitation(citation)) continue;
      emit({ type: 'blockDelta', index: open.block, citation });
      for (const address of urlCitations(citation, open.offsets)) {
        emit({ type: 'blockDelta', index: open.block, citation: address });
      }
    }
  }

  #close(emit: Emit): void {
    if (this.#open !== null) emit({ type: 'blockStop', index: this.#open.block });
    this.#open = null;
  }
}

function startOf(kind: Kind, origin: Origin): BlockStart {
  if (kind === 'text') return { type: 'text' };
  return kind === 'plan' ? { type: 'reasoning', origin, isPlan: true } : { type: 'reasoning', origin };
}
