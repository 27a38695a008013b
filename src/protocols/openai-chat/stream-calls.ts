import { LIMITS } from '../../limits.ts';
import type { BlockEvent } from '../blocks.ts';
import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';
import { mintToolId } from '../tool-ids.ts';
import { argumentText } from './content.ts';
import { readText } from './response-reader.ts';

type Emit = (event: BlockEvent) => void;

interface OpenCall {
  id: string | null;
  name: string;
  /** Block index; null until the name is known. */
  block: number | null;
  /** Arguments that came before the name. */
  early: string;
  hasArguments: boolean;
}

/**
 * The tool calls of one stream. `index` tells which call a delta belongs to, with what servers make of it: none
 * at all (Mistral), a start at 1, the same index for every call with another id (Gemini's compatible endpoint),
 * id and name repeated or empty in later deltas. Calls stay open until the end, because deltas may interleave.
 */
export class StreamCalls {
  readonly #calls: OpenCall[] = [];
  readonly #byIndex = new Map<number, OpenCall>();
  answerId: string | null = null;

  get count(): number {
    return this.#calls.length;
  }

  /** More calls than any answer has; nothing after this is worth reading. */
  get isOverfull(): boolean {
    return this.#calls.length > LIMITS.openBlocksMax;
  }

  read(delta: JsonObject, nextBlock: () => number, emit: Emit): void {
    const target = isJsonObject(delta['function']) ? delta['function'] : {};
    const id = readText(delta['id']);
    const name = readText(target['name']);
    const call = this.#find(delta['index'], id, name);
    call.id ??= id;
    if (call.name === '' && name !== null) call.name = name;
    const text = argumentText(target['arguments']);
    if (call.block === null && call.name === '') {
      call.early += text;
      return;
    }
    if (call.block === null) this.#start(call, nextBlock, emit);
    if (text !== '' && call.block !== null) {
      call.hasArguments = true;
      emit({ type: 'blockDelta', index: call.block, text });
    }
  }

  /** Closes every call; one without arguments gets the empty object, which is what callers parse. */
  end(nextBlock: () => number, emit: Emit): void {
    for (const call of this.#calls) {
      if (call.block === null) this.#start(call, nextBlock, emit);
      if (call.block === null) continue;
      if (!call.hasArguments) emit({ type: 'blockDelta', index: call.block, text: '{}' });
      emit({ type: 'blockStop', index: call.block });
    }
  }

  #find(index: unknown, id: string | null, name: string | null): OpenCall {
    const known = typeof index === 'number' ? this.#byIndex.get(index) : this.#byId(id, name);
    const isOther =
      known !== undefined && name !== null && id !== null && known.id !== null && id !== known.id;
    if (known !== undefined && !isOther) return known;
    const call: OpenCall = { id, name: '', block: null, early: '', hasArguments: false };
    this.#calls.push(call);
    if (typeof index === 'number') this.#byIndex.set(index, call);
    return call;
  }

  /** Without an index: the call with this id, or the last one for a delta that names none. */
  #byId(id: string | null, name: string | null): OpenCall | undefined {
    if (id !== null) return this.#calls.find((call) => call.id === id);
    return name === null ? this.#calls.at(-1) : undefined;
  }

  #start(call: OpenCall, nextBlock: () => number, emit: Emit): void {
    const id = call.id ?? mintToolId(this.answerId, this.#calls.indexOf(call), call.name);
    call.block = nextBlock();
    emit({ type: 'blockStart', index: call.block, block: { type: 'toolCall', id, name: call.name } });
    if (call.early === '') return;
    call.hasArguments = true;
    emit({ type: 'blockDelta', index: call.block, text: call.early });
    call.early = '';
  }
}
