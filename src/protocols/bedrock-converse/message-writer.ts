import type { ChatRequest, Message } from '../blocks.ts';
import type { ReceiptBook } from '../receipt.ts';
import type { BlockScope } from './block-scope.ts';
import { isSignedReasoning, writeBlock } from './block-writer.ts';
import { DocumentNames } from './document-names.ts';
import type { WrittenFormat } from './format-writer.ts';
import type { BedrockModel } from './model-family.ts';

interface Turn {
  readonly role: 'user' | 'assistant';
  /** JSON texts. */
  readonly blocks: string[];
}

/** What stands in for a text that the protocol needs and the conversation lacks; it may not be empty. */
const PLACEHOLDER = '{"text":"."}';

export interface ConversationSetting {
  readonly format: WrittenFormat;
  readonly model: BedrockModel;
  /** There is a `toolConfig`: calls and results may stand as what they are. */
  readonly hasTools: boolean;
}

/** `system` and `messages` as JSON texts. */
export function writeConversation(
  request: ChatRequest,
  { format, model, hasTools }: ConversationSetting,
  book: ReceiptBook,
): { readonly system: string | undefined; readonly messages: string } {
  const scope: BlockScope = {
    request,
    book,
    model,
    documents: new DocumentNames(),
    path: 'messages',
    trimsText: false,
    keepsBlank: false,
    toolsAsText: !hasTools,
  };
  const head = leadingSystem(request.messages);
  const system = writeSystem(request.messages.slice(0, head), format.instruction, scope);
  const turns = writeTurns(request.messages, head, scope);
  if (turns[0]?.role !== 'user') {
    book.apply('messages', 'firstTurn');
    turns.unshift({ role: 'user', blocks: [PLACEHOLDER] });
  }
  book.apply('messages');
  const texts = turns.map((turn) => writeTurn(turn, book));
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

function writeSystem(
  messages: readonly Message[],
  instruction: string | null,
  scope: BlockScope,
): string | undefined {
  const texts: string[] = [];
  for (const message of messages) {
    noteName(message, scope.book);
    for (const block of message.blocks) texts.push(...writeBlock(block, scope));
  }
  if (scope.request.fields['system'] !== undefined) scope.book.apply('system');
  if (instruction !== null) texts.push(JSON.stringify({ text: instruction }));
  return texts.length === 0 ? undefined : `[${texts.join(',')}]`;
}

function writeTurns(messages: readonly Message[], head: number, scope: BlockScope): Turn[] {
  const turns: Turn[] = [];
  for (const [at, message] of messages.entries()) {
    if (at < head) continue;
    noteName(message, scope.book);
    const isPrefill = at === messages.length - 1 && message.role === 'assistant';
    const texts = isSystem(message)
      ? writeLateSystem(message, scope.book)
      : writeBlocks(message, isPrefill, { ...scope, path: `messages[${at}]` });
    const role = message.role === 'assistant' ? 'assistant' : 'user';
    const last = turns.at(-1);
    if (texts.length === 0) continue;
    if (last?.role === role) last.blocks.push(...texts);
    else turns.push({ role, blocks: texts });
  }
  return turns;
}

/** What the model has signed must come back as it was, with all that stood beside it. */
function writeBlocks(message: Message, isPrefill: boolean, scope: BlockScope): string[] {
  const isSigned = message.role === 'assistant' && message.blocks.some(isSignedReasoning);
  const last = message.blocks.length - 1;
  return message.blocks.flatMap((block, place) =>
    writeBlock(block, {
      ...scope,
      place,
      keepsBlank: isSigned,
      trimsText: isPrefill && !isSigned && place === last,
    }),
  );
}

/**
 * A system message in the middle: moved to the front it would say something else, so it stays in its place as
 * marked text of the user's turn.
 */
function writeLateSystem(message: Message, book: ReceiptBook): string[] {
  const text = message.blocks.map((block) => (block.type === 'text' ? block.text : '')).join('\n\n');
  if (text.trim() === '') return [];
  book.apply('messages', 'laterSystem');
  return [JSON.stringify({ text: `<system>\n${text}\n</system>` })];
}

/** A document is refused without a text beside it. */
function writeTurn({ role, blocks }: Turn, book: ReceiptBook): string {
  const isAlone = blocks.some((text) => text.startsWith('{"document":')) && !blocks.some(isText);
  if (isAlone) book.added('message.file', 'alone');
  const texts = isAlone ? [...blocks, PLACEHOLDER] : blocks;
  return `{"role":"${role}","content":[${texts.join(',')}]}`;
}

const isText = (text: string) => text.startsWith('{"text":');

function noteName(message: Message, book: ReceiptBook): void {
  if (message.name !== undefined) book.apply('message.name');
}
