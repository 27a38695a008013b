import {
  type Block,
  type BlockEvent,
  type BlockStart,
  type ChatResponse,
  type FinishReason,
  UNKNOWN_USAGE,
  type Usage,
} from './blocks.ts';

interface OpenBlock {
  readonly start: BlockStart;
  readonly texts: string[];
  readonly signatures: string[];
  readonly citations: unknown[];
}

/** Puts a stream's events together into the complete answer. Blocks stand in the order of their start. */
export class ResponseBuilder {
  readonly #blocks: OpenBlock[] = [];
  #id: string | null = null;
  #model: string | null = null;
  #usage: Usage = UNKNOWN_USAGE;
  #finishReason: FinishReason = 'other';
  #rawFinishReason: string | null = null;
  #stopSequence: string | null = null;

  add(event: BlockEvent): void {
    switch (event.type) {
      case 'messageStart':
        this.#id = event.id;
        this.#model = event.model;
        break;
      case 'blockStart':
        this.#blocks[event.index] = { start: event.block, texts: [], signatures: [], citations: [] };
        break;
      case 'blockDelta':
        this.#delta(event);
        break;
      case 'usage':
        this.#usage = event.usage;
        break;
      case 'messageStop':
        this.#finishReason = event.reason;
        this.#rawFinishReason = event.rawReason;
        this.#stopSequence = event.stopSequence;
        break;
      default:
    }
  }

  build(): ChatResponse {
    return {
      id: this.#id,
      model: this.#model,
      blocks: this.#blocks.filter((block) => block !== undefined).map(closed),
      finishReason: this.#finishReason,
      rawFinishReason: this.#rawFinishReason,
      stopSequence: this.#stopSequence,
      usage: this.#usage,
    };
  }

  #delta(event: Extract<BlockEvent, { type: 'blockDelta' }>): void {
    const block = this.#blocks[event.index];
    if (block === undefined) return;
    if (event.text !== undefined) block.texts.push(event.text);
    if (event.signature !== undefined) block.signatures.push(event.signature);
    if (event.citation !== undefined) block.citations.push(event.citation);
  }
}

function closed({ start, texts, signatures, citations }: OpenBlock): Block {
  const text = texts.join('');
  switch (start.type) {
    case 'text':
      return citations.length === 0
        ? { type: 'text', text }
        : { type: 'text', text, citations: { raw: citations, origin: { protocol: 'anthropic-messages' } } };
    case 'refusal':
      return { type: 'refusal', text };
    case 'toolCall':
      return { type: 'toolCall', id: start.id, name: start.name, arguments: text };
    case 'reasoning': {
      const signature = signatures.length === 0 ? undefined : signatures.join('');
      const { redacted, isPlan, origin } = start;
      return { type: 'reasoning', text, signature, redacted, isPlan, origin };
    }
    case 'unknown':
      return { type: 'unknown', raw: start.raw, origin: start.origin };
  }
}
