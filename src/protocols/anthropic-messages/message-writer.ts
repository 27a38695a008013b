import type { ChatRequest, Message } from '../blocks.ts';
import type { ReceiptBook } from '../receipt.ts';
import { type BlockScope, writeBlock } from './block-writer.ts';

interface Turn {
  readonly role: 'user' | 'assistant';
  /** JSON texts. */
  readonly blocks: string[];
}

/** What stands in for a turn that the protocol needs and the conversation lacks; it may not be empty. */
const PLACEHOLDER = '{"type":"text","text":"."}';
const JSON_INSTRUCTION = 'Answer with one valid JSON object and nothing else.';

/** `system` and `messages` as JSON texts. */
export function writeConversation(
  request: ChatRequest,
  book: ReceiptBook,
): { readonly system: string | undefined; readonly messages: string } {
  const head = leadingSystem(request.messages);
  const system = writeSystem(request, head, book);
  const turns = writeTurns(request, head, book);
  if (turns[0]?.role !== 'user') {
    book.apply('messages', 'firstTurn');
    turns.unshift({ role: 'user', blocks: [PLACEHOLDER] });
  }
  book.apply('messages');
  const texts = turns.map(({ role, blocks }) => `{"role":"${role}","content":[${blocks.join(',')}]}`);
  return { system, messages: `[${texts.join(',')}]` };
}

const isSystem = (message: Message | undefined) =>
  message?.role === 'system' || message?.role === 'developer';

/** How many messages at the beginning belong to `system`. */
function leadingSystem(messages: readonly Message[]): number {
  let count = 0;
  while (isSystem(messages[count])) count += 1;
  return count;
}

function writeSystem(request: ChatRequest, head: number, book: ReceiptBook): string | undefined {
  const texts: string[] = [];
  const scope: BlockScope = { request, book, path: 'messages', trimsText: false };
  for (const message of request.messages.slice(0, head)) {
    noteName(message, book);
    for (const block of message.blocks) {
      const text = writeBlock(block, scope);
      if (text !== null) texts.push(text);
    }
  }
  book.apply('system');
  const ownPlace = request.fields['system'] === undefined ? 0 : 1;
  if (head > ownPlace) book.apply('messages', 'system');
  if (request.responseFormat?.type === 'jsonObject') {
    texts.push(JSON.stringify({ type: 'text', text: JSON_INSTRUCTION }));
  }
  return texts.length === 0 ? undefined : `[${texts.join(',')}]`;
}

function writeTurns(request: ChatRequest, head: number, book: ReceiptBook): Turn[] {
  const turns: Turn[] = [];
  for (const [at, message] of request.messages.entries()) {
    if (at < head) continue;
    noteName(message, book);
    const isLast = at === request.messages.length - 1;
    const scope: BlockScope = {
      request,
      book,
      path: `messages[${at}]`,
      trimsText: isLast && message.role === 'assistant',
    };
    const texts = isSystem(message) ? writeLateSystem(message, book) : writeBlocks(message, scope);
    const role = message.role === 'assistant' ? 'assistant' : 'user';
    const last = turns.at(-1);
    if (texts.length === 0) continue;
    if (last?.role === role) last.blocks.push(...texts);
    else turns.push({ role, blocks: texts });
  }
  return turns;
}

function writeBlocks(message: Message, scope: BlockScope): string[] {
  const texts: string[] = [];
  for (const [place, block] of message.blocks.entries()) {
    const isLast = place === message.blocks.length - 1;
    const text = writeBlock(block, { ...scope, place, trimsText: scope.trimsText && isLast });
    if (text !== null) texts.push(text);
  }
  return texts;
}

/**
 * A system message in the middle: moved to the front it would say something else, so it stays in its place as
 * marked text of the user's turn.
 */
function writeLateSystem(message: Message, book: ReceiptBook): string[] {
  const text = message.blocks.map((block) => (block.type === 'text' ? block.text : '')).join('\n\n');
  if (text.trim() === '') return [];
  book.apply('messages', 'laterSystem');
  return [JSON.stringify({ type: 'text', text: `<system>\n${text}\n</system>` })];
}

function noteName(message: Message, book: ReceiptBook): void {
  if (message.name !== undefined) book.apply('message.name');
}
