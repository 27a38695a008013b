import { type ItemStatus, itemId, messageText } from './item-writer.ts';

/** A message that is being written; its parts may overlap. */
export interface OpenMessage {
  readonly id: string;
  readonly index: number;
  /** JSON texts, in the order of their starts; empty while a part is open. */
  readonly parts: string[];
  openParts: number;
}

/**
 * The events of one streamed response, and its items as they are at the end. Numbers events without gaps and items
 * in the order of their starts.
 */
export class OutputStream {
  readonly callId: string;
  /** JSON texts; empty while an item is open. */
  readonly items: string[] = [];
  #events = 0;
  /** What the next text goes into. */
  #message: OpenMessage | null = null;

  constructor(callId: string) {
    this.callId = callId;
  }

  /** One event as text; `members` is JSON text without braces. */
  event(type: string, members: string): string {
    const number = this.#events;
    this.#events += 1;
    return `event: ${type}\ndata: {"type":"${type}",${members},"sequence_number":${number}}\n\n`;
  }

  /** The place of an item that starts now. */
  place(): number {
    return this.items.push('') - 1;
  }

  added(index: number, item: string): string {
    return this.event('response.output_item.added', `"output_index":${index},"item":${item}`);
  }

  done(index: number, item: string): string {
    this.items[index] = item;
    return this.event('response.output_item.done', `"output_index":${index},"item":${item}`);
  }

  /** The message that a text belongs to, with the event that starts it if it is a new one. */
  message(): { readonly message: OpenMessage; readonly text: string } {
    if (this.#message !== null) return { message: this.#message, text: '' };
    const index = this.place();
    const message: OpenMessage = {
      id: itemId('message', this.callId, index),
      index,
      parts: [],
      openParts: 0,
    };
    this.#message = message;
    return { message, text: this.added(index, messageText(message.id, 'in_progress', [])) };
  }

  /** Another item starts: what is said next is a new message. The old one ends with its last open part. */
  leaveMessage(): string {
    const message = this.#message;
    this.#message = null;
    return message === null || message.openParts > 0 ? '' : this.#endMessage(message, 'completed');
  }

  /** A part has ended. */
  partDone(message: OpenMessage, place: number, part: string): string {
    message.parts[place] = part;
    message.openParts -= 1;
    return message !== this.#message && message.openParts === 0 ? this.#endMessage(message, 'completed') : '';
  }

  /** The answer ends with what is open. */
  end(status: ItemStatus): string {
    const message = this.#message;
    this.#message = null;
    return message === null ? '' : this.#endMessage(message, status);
  }

  #endMessage(message: OpenMessage, status: ItemStatus): string {
    return this.done(message.index, messageText(message.id, status, message.parts));
  }
}
