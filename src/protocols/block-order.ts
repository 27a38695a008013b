import type { BlockEvent } from './blocks.ts';

export type ContentEvent = Extract<BlockEvent, { type: 'blockStart' | 'blockDelta' | 'blockStop' }>;
type Delta = Extract<ContentEvent, { type: 'blockDelta' }>;

interface WaitingBlock {
  readonly start: ContentEvent;
  readonly deltas: Delta[];
  hasStopped: boolean;
}

/**
 * Puts blocks that may overlap one after the other, for protocols whose clients take one block at a time: the
 * oldest open one goes on as it comes, the events of the others wait for their turn.
 */
export class BlockOrder {
  readonly #waitingCharsMax: number;
  /** In the order of their starts; the first is the one whose turn it is. */
  readonly #blocks = new Map<number, WaitingBlock>();
  #current: number | null = null;
  #waitingChars = 0;

  constructor(waitingCharsMax: number) {
    this.#waitingCharsMax = waitingCharsMax;
  }

  /** More waits than the bound: the answer cannot be told in this protocol. */
  get isOverfull(): boolean {
    return this.#waitingChars > this.#waitingCharsMax;
  }

  /** Emits the events whose turn has come with this one. */
  take(event: ContentEvent, emit: (event: ContentEvent) => void): void {
    if (event.type === 'blockStart') {
      this.#blocks.set(event.index, { start: event, deltas: [], hasStopped: false });
      this.#advance(emit);
      return;
    }
    const block = this.#blocks.get(event.index);
    if (block === undefined) return;
    if (event.type === 'blockStop') {
      block.hasStopped = true;
      if (event.index === this.#current) this.#advance(emit);
    } else if (event.index === this.#current) emit(event);
    else {
      block.deltas.push(event);
      this.#waitingChars += sizeOf(event);
    }
  }

  /** Everything that still waits, each block stopped. */
  end(emit: (event: ContentEvent) => void): void {
    for (const block of this.#blocks.values()) block.hasStopped = true;
    this.#advance(emit);
  }

  #advance(emit: (event: ContentEvent) => void): void {
    for (const [index, block] of this.#blocks) {
      if (index !== this.#current) this.#open(index, block, emit);
      if (!block.hasStopped) return;
      emit({ type: 'blockStop', index });
      this.#blocks.delete(index);
      this.#current = null;
    }
  }

  #open(index: number, block: WaitingBlock, emit: (event: ContentEvent) => void): void {
    this.#current = index;
    emit(block.start);
    for (const delta of block.deltas) {
      this.#waitingChars -= sizeOf(delta);
      emit(delta);
    }
    block.deltas.length = 0;
  }
}

function sizeOf({ text, signature, citation }: Delta): number {
  const chars = (text?.length ?? 0) + (signature?.length ?? 0);
  return citation === undefined ? chars : chars + JSON.stringify(citation).length;
}
