import type { CallError } from '../../errors.ts';
import { type BlockEvent, type BlockStart, type FinishReason, UNKNOWN_USAGE, type Usage } from '../blocks.ts';
import type { AnswerContext, StreamWriter } from '../protocol.ts';
import { errorObject } from './errors.ts';
import { writeFinish } from './finish.ts';
import { completionId, isAnnotation } from './response-writer.ts';
import { writeUsage } from './usage.ts';

type Delta = Extract<BlockEvent, { type: 'blockDelta' }>;

const DELTA_FIELDS = { text: 'content', refusal: 'refusal', reasoning: 'reasoning_content' } as const;

/** Writes `chat.completion.chunk` events: the role first, `finish_reason` once, usage only on request. */
export class OpenaiStreamWriter implements StreamWriter {
  readonly #context: AnswerContext;
  /** Everything of a chunk before its delta, and behind it. */
  readonly #head: string;
  readonly #tail: string;
  /** How the deltas of each open block begin: up to the JSON string of the text. */
  readonly #openings = new Map<number, { readonly before: string; readonly after: string }>();
  #isStarted = false;
  #calls = 0;
  #usage: Usage = UNKNOWN_USAGE;

  constructor(context: AnswerContext) {
    this.#context = context;
    const { callId, createdAt, model } = context;
    const head = { id: completionId(callId), object: 'chat.completion.chunk', created: createdAt, model };
    this.#head = `data: ${JSON.stringify(head).slice(0, -1)},"choices":[`;
    this.#tail = context.streamUsage ? '],"usage":null}\n\n' : ']}\n\n';
  }

  write(event: BlockEvent): Buffer | null {
    switch (event.type) {
      case 'blockDelta':
        return this.#writeDelta(event);
      case 'messageStart':
        return this.#writeRole();
      case 'blockStart':
        return this.#writeStart(event.index, event.block);
      case 'blockStop':
        this.#openings.delete(event.index);
        return null;
      case 'usage':
        this.#usage = event.usage;
        return null;
      case 'messageStop':
        return Buffer.from(this.#started(this.#finish(event.reason)));
      default:
        return null;
    }
  }

  end(): Buffer {
    const usage = this.#context.streamUsage ? writeUsage(this.#usage) : undefined;
    const last = usage === undefined ? '' : `${this.#head}],"usage":${JSON.stringify(usage)}}\n\n`;
    return Buffer.from(`${last}data: [DONE]\n\n`);
  }

  error(error: CallError): Buffer {
    return Buffer.from(`data: ${JSON.stringify(errorObject(error, this.#context.callId))}\n\n`);
  }

  #writeRole(): Buffer | null {
    return this.#isStarted ? null : Buffer.from(this.#started(''));
  }

  #writeStart(index: number, block: BlockStart): Buffer | null {
    if (block.type === 'unknown') return null;
    if (block.type !== 'toolCall') {
      const before = `${this.#head}{"index":0,"delta":{"${DELTA_FIELDS[block.type]}":`;
      this.#openings.set(index, { before, after: `},"logprobs":null,"finish_reason":null}${this.#tail}` });
      return null;
    }
    const place = this.#calls;
    this.#calls += 1;
    this.#openings.set(index, {
      before: `${this.#head}{"index":0,"delta":{"tool_calls":[{"index":${place},"function":{"arguments":`,
      after: `}}]},"logprobs":null,"finish_reason":null}${this.#tail}`,
    });
    const call = {
      index: place,
      id: block.id,
      type: 'function',
      function: { name: block.name, arguments: '' },
    };
    return Buffer.from(this.#started(this.#chunk(`{"tool_calls":[${JSON.stringify(call)}]}`, 'null')));
  }

  #writeDelta(event: Delta): Buffer | null {
    if (isAnnotation(event.citation)) {
      const annotations = JSON.stringify({ annotations: [event.citation] });
      return Buffer.from(this.#started(this.#chunk(annotations, 'null')));
    }
    const opening = this.#openings.get(event.index);
    if (opening === undefined || event.text === undefined || event.text === '') return null;
    const chunk = opening.before + JSON.stringify(event.text) + opening.after;
    return Buffer.from(this.#isStarted ? chunk : this.#started(chunk));
  }

  #finish(reason: FinishReason): string {
    return this.#chunk('{}', JSON.stringify(writeFinish(reason)));
  }

  /** The chunk with the role before it, if none has been sent yet. */
  #started(chunk: string): string {
    if (this.#isStarted) return chunk;
    this.#isStarted = true;
    return this.#chunk('{"role":"assistant","content":""}', 'null') + chunk;
  }

  #chunk(delta: string, finish: string): string {
    return `${this.#head}{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${finish}}${this.#tail}`;
  }
}
