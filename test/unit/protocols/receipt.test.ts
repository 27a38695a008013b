import { describe, expect, it } from 'vitest';
import { CallError } from '../../../src/errors.ts';
import type { ChatRequest } from '../../../src/protocols/blocks.ts';
import { ReceiptBook } from '../../../src/protocols/receipt.ts';
import { refusalOf } from './translate.ts';

function bookFor(fields: ChatRequest['fields'], protocol: ChatRequest['protocol'] = 'graphql'): ReceiptBook {
  const request: ChatRequest = {
    protocol,
    model: 'm',
    stream: false,
    streamUsage: false,
    messages: [],
    tools: [],
    extra: {},
    unknownFields: [],
    fields,
  };
  return new ReceiptBook(request, 'anthropic-messages');
}

describe('a receipt', () => {
  it('says carried, renamed, converted and dropped as the table does, in the caller’s words and order', () => {
    const book = bookFor({
      seed: 'seed',
      maxOutputTokens: 'maxOutputTokens',
      temperature: 'temperature',
      stop: 'stop',
      tools: 'tools',
    });
    book.apply('temperature');
    book.apply('maxOutputTokens');
    book.apply('seed');
    book.apply('stop', 'blank');
    book.apply('tools', undefined, 'and more');
    expect(book.close()).toEqual([
      { field: 'seed', action: 'dropped', reason: 'the target has no such field' },
      { field: 'maxOutputTokens', action: 'renamed', to: 'max_tokens' },
      { field: 'temperature', action: 'carried' },
      { field: 'stop', action: 'converted', to: 'stop_sequences', reason: 'without those of white space' },
      { field: 'tools', action: 'converted', to: 'tools', reason: 'parameters as input_schema: and more' },
    ]);
  });

  it('keeps the gravest of several words on one field', () => {
    const book = bookFor({ messages: 'messages' });
    book.apply('messages', 'firstTurn');
    book.apply('messages');
    expect(book.close()).toMatchObject([{ field: 'messages', action: 'converted' }]);
  });

  it('says of a field that no writer spoke of that it was dropped, with the table’s reason', () => {
    expect(bookFor({ metadata: 'metadata', temperature: 'temperature' }).close()).toEqual([
      { field: 'metadata', action: 'dropped', reason: 'anthropic-messages takes a user_id only' },
      { field: 'temperature', action: 'dropped', reason: 'the target has no such field' },
    ]);
  });

  it('says nothing of a setting that the caller did not send, and of a detail only where it changes', () => {
    const book = bookFor({});
    book.apply('seed');
    book.apply('temperature', 'aboveMax');
    book.apply('toolCall.id');
    book.apply('message.name');
    expect(book.close()).toEqual([
      { field: 'messages[].name', action: 'dropped', reason: 'the target has no names' },
    ]);
  });

  it('names what was added for the target', () => {
    const book = bookFor({});
    book.added('maxOutputTokens', 'default');
    expect(book.close()).toMatchObject([{ field: 'max_tokens', action: 'converted', to: 'max_tokens' }]);
  });

  it('calls everything of the target’s own protocol carried, but what has no place even there', () => {
    const own = { toolChoice: 'tool_choice', seed: 'seed' };
    const book = bookFor(own, 'anthropic-messages');
    book.apply('toolChoice');
    book.apply('seed');
    expect(book.close()).toMatchObject([
      { field: 'tool_choice', action: 'carried' },
      { field: 'seed', action: 'dropped' },
    ]);
  });

  it('refuses what the table rejects, with the path that the writer gives', () => {
    const book = bookFor({ 'message.audio': 'messages[].parts[].audio' });
    expect(refusalOf(() => book.apply('message.audio'))).toMatchObject({
      code: 'invalid_request',
      param: 'messages[].parts[].audio',
    });
    const refusal = book.refusal('message.file', 'noForm', 'messages[3]', 'application/zip');
    expect(refusal).toBeInstanceOf(CallError);
    expect(refusal).toMatchObject({ param: 'messages[3]' });
    expect(refusal.message).toBe('messages[3]: the target takes PDF and text files only: application/zip.');
  });

  it('throws for a case that the table does not have: that is a writer’s mistake', () => {
    const book = bookFor({ seed: 'seed' });
    expect(() => book.apply('seed', 'noSuchCase')).toThrow(/no case "noSuchCase" of seed/);
    expect(() => book.refusal('seed', undefined, 'seed')).toThrow(/not rejected/);
  });

  it('holds a bounded number of entries', () => {
    const book = bookFor({});
    for (let count = 0; count < 1_000; count += 1) book.extra(`field${count}`, 'dropped');
    expect(book.close()).toHaveLength(200);
  });
});
