import type { Message } from '../blocks.ts';
import { expectArray, expectObject, expectOneOf, refuse } from '../expect.ts';
import type { RequestNotes } from '../request-notes.ts';
import { checkToolPairs } from '../tool-pairs.ts';
import { readBlocks } from './block-reader.ts';

/** Tool results leave the user's turn and become messages of role `tool`, before what else the user says. */
export function readMessages(values: readonly unknown[], notes: RequestNotes): readonly Message[] {
  if (values.length === 0) refuse('messages', 'must hold at least one message.');
  const messages: Message[] = [];
  /** For each internal message, the caller's. */
  const places: number[] = [];
  for (const [at, value] of values.entries()) {
    for (const message of readMessage(value, `messages[${at}]`, notes)) {
      messages.push(message);
      places.push(at);
    }
  }
  checkToolPairs(messages, (message) => `messages[${places[message] ?? 0}].content`);
  return messages;
}

function readMessage(value: unknown, path: string, notes: RequestNotes): readonly Message[] {
  const message = expectObject(value, path);
  const role = expectOneOf(message['role'], `${path}.role`, ['user', 'assistant', 'system']);
  notes.unknownMembers(message, ['role', 'content'], path);
  const blocks = readBlocks(expectArray(message['content'], `${path}.content`), `${path}.content`, notes);
  if (role !== 'user') return [{ role, blocks }];
  const results = blocks.filter((block) => block.type === 'toolResult');
  if (results.length === 0) return [{ role, blocks }];
  const others = blocks.filter((block) => block.type !== 'toolResult');
  const answer: Message = { role: 'tool', blocks: results };
  return others.length === 0 ? [answer] : [answer, { role, blocks: others }];
}
