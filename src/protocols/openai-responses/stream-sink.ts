import type { BlockEvent, BlockStart } from '../blocks.ts';

export type Emit = (event: BlockEvent) => void;

/** Where the items of a stream put their blocks: counts them and tells of them. */
export class StreamSink {
  emit: Emit = () => undefined;
  hasCalls = false;
  #count = 0;

  open(block: BlockStart): number {
    const index = this.#count;
    this.#count += 1;
    if (block.type === 'toolCall') this.hasCalls = true;
    this.emit({ type: 'blockStart', index, block });
    return index;
  }

  say(index: number, text: string): void {
    if (text !== '') this.emit({ type: 'blockDelta', index, text });
  }

  close(index: number): void {
    this.emit({ type: 'blockStop', index });
  }

  get count(): number {
    return this.#count;
  }
}
