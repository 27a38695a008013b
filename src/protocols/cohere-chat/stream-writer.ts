import { CallError } from '../../errors.ts';
import { LIMITS } from '../../limits.ts';
import { BlockOrder, type ContentEvent } from '../block-order.ts';
import { type BlockEvent, type BlockStart, UNKNOWN_USAGE, type Usage } from '../blocks.ts';
import type { AnswerContext, JsonObject, StreamWriter } from '../protocol.ts';
import { isOwnCitation, writeCitation } from './citations.ts';
import { errorObject } from './errors.ts';
import { writeFinish } from './finish.ts';
import { TextOffsets } from './text-offsets.ts';
import { writeUsage } from './usage.ts';

type Stop = Extract<BlockEvent, { type: 'messageStop' }>;

/** How the events of the block whose turn it is are written; `before` is null for a block without a form. */
interface Form {
  readonly before: string | null;
  readonly after: string;
  readonly stop: string;
}

const NO_FORM: Form = { before: null, after: '', stop: '' };
const STOPPED: Stop = { type: 'messageStop', reason: 'other', rawReason: null, stopSequence: null };

/** Writes Cohere's message stream: blocks one after the other, finish reason and usage in `message-end`. */
export class CohereStreamWriter implements StreamWriter {
  readonly #context: AnswerContext;
  readonly #order = new BlockOrder(LIMITS.pendingBlockCharsMax);
  readonly #emit = (event: ContentEvent): void => this.#write(event);
  #text = '';
  #form = NO_FORM;
  #contents = 0;
  #calls = 0;
  #citations = 0;
  /** Of the current text block; null for any other. */
  #offsets: TextOffsets | null = null;
  #textUnits = 0;
  #hasOwnCitation = false;
  #isStarted = false;
  #usage: Usage = UNKNOWN_USAGE;
  #stop = STOPPED;

  constructor(context: AnswerContext) {
    this.#context = context;
  }

  /** Throws `upstream_response_too_large` when interleaved blocks do not fit the bound. */
  write(event: BlockEvent): Buffer | null {
    switch (event.type) {
      case 'blockStart':
      case 'blockDelta':
      case 'blockStop':
        this.#order.take(event, this.#emit);
        return this.#bytes();
      case 'messageStart':
        this.#start();
        return this.#bytes();
      case 'usage':
        this.#usage = event.usage;
        return null;
      case 'messageStop':
        this.#stop = event;
        this.#order.end(this.#emit);
        this.#start();
        return this.#bytes();
      default:
        return null;
    }
  }

  end(): Buffer {
    const { reason, rawReason, stopSequence } = this.#stop;
    const finish = writeFinish(reason, rawReason, stopSequence);
    return Buffer.from(
      eventOf('message-end', { delta: { finish_reason: finish, usage: writeUsage(this.#usage) } }),
    );
  }

  /** A message that ends with an error: its client reads the reason, and then the body breaks off. */
  error(error: CallError): Buffer {
    const { id, message, ...details } = errorObject(error, this.#context.callId);
    const delta = { error: message, finish_reason: 'ERROR' };
    return Buffer.from(eventOf('message-end', { id, delta, ...details }));
  }

  #bytes(): Buffer | null {
    if (this.#order.isOverfull) throw new CallError('upstream_response_too_large');
    if (this.#text === '') return null;
    const bytes = Buffer.from(this.#text);
    this.#text = '';
    return bytes;
  }

  #start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    const message = { role: 'assistant', content: [], tool_plan: '', tool_calls: [], citations: [] };
    this.#text = eventOf('message-start', { id: this.#context.callId, delta: { message } });
  }

  #write(event: ContentEvent): void {
    this.#start();
    if (event.type === 'blockStart') this.#open(event.block);
    else if (event.type === 'blockStop') this.#text += this.#form.stop;
    else {
      if (event.text !== undefined && event.text !== '') this.#say(event.text);
      if (event.citation !== undefined) this.#cite(event.citation);
    }
  }

  #say(text: string): void {
    const { before, after } = this.#form;
    if (before === null) return;
    this.#text += before + textJson(text) + after;
    if (this.#offsets === null) return;
    this.#offsets.add(text);
    this.#textUnits += text.length;
  }

  #open(block: BlockStart): void {
    this.#offsets = null;
    switch (block.type) {
      case 'text':
      case 'refusal':
        this.#form = this.#openContent('text');
        this.#offsets = new TextOffsets(this.#textUnits);
        break;
      case 'reasoning':
        if (block.redacted !== undefined) this.#form = NO_FORM;
        else this.#form = block.isPlan === true ? PLAN : this.#openContent('thinking');
        break;
      case 'toolCall':
        this.#form = this.#openCall(block.id, block.name);
        break;
      case 'unknown':
        this.#form = NO_FORM;
    }
  }

  #openContent(type: 'text' | 'thinking'): Form {
    const index = this.#contents;
    this.#contents += 1;
    this.#text += eventOf('content-start', { index, delta: { message: { content: { type, [type]: '' } } } });
    return {
      before: `event: content-delta\ndata: {"type":"content-delta","index":${index},"delta":{"message":{"content":{"${type}":`,
      after: '}}}}\n\n',
      stop: eventOf('content-end', { index }),
    };
  }

  #openCall(id: string, name: string): Form {
    const index = this.#calls;
    this.#calls += 1;
    const call = { id, type: 'function', function: { name, arguments: '' } };
    this.#text += eventOf('tool-call-start', { index, delta: { message: { tool_calls: call } } });
    return {
      before: `event: tool-call-delta\ndata: {"type":"tool-call-delta","index":${index},"delta":{"message":{"tool_calls":{"function":{"arguments":`,
      after: '}}}}}\n\n',
      stop: eventOf('tool-call-end', { index }),
    };
  }

  /** The vendor's own citations; else the addresses that others tell. */
  #cite(raw: unknown): void {
    const offsets = this.#offsets;
    if (isOwnCitation(raw)) this.#hasOwnCitation = true;
    else if (this.#hasOwnCitation) return;
    if (offsets === null) return;
    const citation = writeCitation(raw, { offsets, text: null, index: this.#contents - 1 });
    if (citation === null) return;
    const index = this.#citations;
    this.#citations += 1;
    this.#text += eventOf('citation-start', { index, delta: { message: { citations: citation } } });
    this.#text += eventOf('citation-end', { index });
  }
}

const PLAN: Form = {
  before: 'event: tool-plan-delta\ndata: {"type":"tool-plan-delta","delta":{"message":{"tool_plan":',
  after: '}}}\n\n',
  stop: '',
};

const eventOf = (type: string, members: JsonObject) =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`;

/** The vendor's client takes any line with `[DONE]` in it for the end of the stream. */
function textJson(text: string): string {
  const json = JSON.stringify(text);
  return json.includes('[DONE]') ? json.replaceAll('[DONE]', '\\u005bDONE]') : json;
}
