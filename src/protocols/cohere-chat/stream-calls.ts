import type { BlockEvent } from '../blocks.ts';
import { isJsonObject } from '../json-parse.ts';
import { mintToolId } from '../tool-ids.ts';
import { readText } from './response-reader.ts';

type Emit = (event: BlockEvent) => void;

interface OpenCall {
  readonly block: number;
  /** What may still turn out to be the text `null`: it is held back. */
  held: string;
  hasText: boolean;
}

const NULL = 'null';

/** The tool calls of one stream, by the `index` of their events. */
export class StreamCalls {
  readonly #nextBlock: () => number;
  readonly #open = new Map<unknown, OpenCall>();
  count = 0;

  constructor(nextBlock: () => number) {
    this.#nextBlock = nextBlock;
  }

  start(index: unknown, value: unknown, answerId: string | null, emit: Emit): void {
    const known = this.#open.get(index);
    if (known !== undefined) this.#close(index, known, emit);
    const call = isJsonObject(value) ? value : {};
    const target = isJsonObject(call['function']) ? call['function'] : {};
    const name = readText(target['name']) ?? '';
    const id = readText(call['id']) ?? mintToolId(answerId, this.count, name);
    const open: OpenCall = { block: this.#nextBlock(), held: '', hasText: false };
    this.count += 1;
    this.#open.set(index, open);
    emit({ type: 'blockStart', index: open.block, block: { type: 'toolCall', id, name } });
    this.#add(open, target['arguments'], emit);
  }

  /** False for a call that has not started. */
  delta(index: unknown, value: unknown, emit: Emit): boolean {
    const open = this.#open.get(index);
    if (open === undefined) return false;
    const target = isJsonObject(value) ? value['function'] : undefined;
    if (isJsonObject(target)) this.#add(open, target['arguments'], emit);
    return true;
  }

  /** False for a call that has not started. */
  stop(index: unknown, emit: Emit): boolean {
    const open = this.#open.get(index);
    if (open !== undefined) this.#close(index, open, emit);
    return open !== undefined;
  }

  end(emit: Emit): void {
    for (const [index, open] of this.#open) this.#close(index, open, emit);
  }

  #add(open: OpenCall, value: unknown, emit: Emit): void {
    const text = readText(value);
    if (text === null) return;
    if (!open.hasText) {
      open.held += text;
      if (NULL.startsWith(open.held.trim())) return;
    }
    emit({ type: 'blockDelta', index: open.block, text: open.hasText ? text : open.held });
    open.hasText = true;
    open.held = '';
  }

  /** A call without arguments gets the empty object, which is what callers parse. */
  #close(index: unknown, open: OpenCall, emit: Emit): void {
    this.#open.delete(index);
    if (!open.hasText) {
      const isNone = open.held.trim() === '' || open.held.trim() === NULL;
      emit({ type: 'blockDelta', index: open.block, text: isNone ? '{}' : open.held });
    }
    emit({ type: 'blockStop', index: open.block });
  }
}
