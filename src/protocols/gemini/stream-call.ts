import type { BlockEvent } from '../blocks.ts';
import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';
import { mintToolId } from '../tool-ids.ts';
import { readText } from './candidate.ts';
import { PartialArgs } from './partial-args.ts';

type Emit = (event: BlockEvent) => void;

/**
 * The function calls of one stream: each whole in one part, or begun by a part with its name and `willContinue`,
 * filled by parts without a name, and ended by one that does not continue, by an empty one, or by whatever else
 * comes. The arguments are said when they are whole, because their pieces are no text in order.
 */
export class StreamCalls {
  readonly #args = new PartialArgs();
  #open: number | null = null;
  count = 0;
  answerId: string | null = null;

  /** Takes a `functionCall` part. False when its pieces cannot be put together. */
  read(part: JsonObject, nextBlock: () => number, emit: Emit): boolean {
    const call = isJsonObject(part['functionCall']) ? part['functionCall'] : {};
    const name = readText(call['name']);
    if (name !== null) this.#start(name, call, nextBlock(), emit);
    if (this.#open === null) return true;
    if (!this.#args.add(call['partialArgs'])) return false;
    const signature = readText(part['thoughtSignature']);
    if (signature !== null) emit({ type: 'blockDelta', index: this.#open, signature });
    if (call['willContinue'] !== true) this.end(emit);
    return true;
  }

  /** Something else has come, or nothing more will. */
  end(emit: Emit): void {
    if (this.#open === null) return;
    emit({ type: 'blockDelta', index: this.#open, text: this.#args.text });
    emit({ type: 'blockStop', index: this.#open });
    this.#open = null;
  }

  #start(name: string, call: JsonObject, index: number, emit: Emit): void {
    this.end(emit);
    const id = readText(call['id']) ?? mintToolId(this.answerId, index, name);
    this.count += 1;
    this.#open = index;
    this.#args.start(call['args']);
    emit({ type: 'blockStart', index, block: { type: 'toolCall', id, name } });
  }
}
