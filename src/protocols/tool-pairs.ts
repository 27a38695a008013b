import type { Message } from './blocks.ts';
import { refuse } from './expect.ts';

/**
 * Every tool result answers a call of the assistant turn right before it, and every call has a result once
 * the conversation goes on: all vendors refuse anything else, most of them without naming the place.
 * Throws `invalid_request` with the path of the message and block at fault.
 */
export function checkToolPairs(
  messages: readonly Message[],
  pathOf: (message: number, block: number) => string,
): void {
  let open = new Map<string, string>();
  for (const [at, message] of messages.entries()) {
    if (message.role === 'tool') {
      for (const [place, block] of message.blocks.entries()) {
        if (block.type !== 'toolResult') continue;
        if (!open.delete(block.toolCallId)) {
          refuse(pathOf(at, place), `"${block.toolCallId}" answers no tool call of the message before.`);
        }
      }
      continue;
    }
    refuseOpen(open);
    open = new Map();
    let calls = 0;
    for (const block of message.blocks) {
      if (block.type !== 'toolCall') continue;
      open.set(block.id, pathOf(at, calls));
      calls += 1;
    }
  }
  // Calls of the last message may still be waiting for their results only when nothing follows it.
  if (messages.at(-1)?.role === 'tool') refuseOpen(open);
}

function refuseOpen(open: ReadonlyMap<string, string>): void {
  for (const [id, path] of open) refuse(path, `the tool call "${id}" has no result.`);
}
