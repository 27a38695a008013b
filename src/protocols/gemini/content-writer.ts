import type { Block, ChatRequest, Message, ToolResultBlock } from '../blocks.ts';
import { type PartScope, writePart } from './part-writer.ts';
import { writeResult } from './result-writer.ts';

interface Turn {
  readonly role: 'user' | 'model';
  /** Function responses have a turn of their own: its parts must be as many as the calls before. */
  readonly isResults: boolean;
  /** JSON texts. */
  readonly parts: string[];
}

/** What stands in for a turn that the protocol needs and the conversation lacks. */
const PLACEHOLDER = '{"text":"."}';
/** Google's word for a call whose signature is not known (Gemini API guide, "Thought signatures"). */
const NO_SIGNATURE = 'skip_thought_signature_validator';

interface Written {
  readonly systemInstruction: string | undefined;
  readonly contents: string;
}

/** `systemInstruction` and `contents` as JSON texts; `instruction` is said behind the caller's own system text. */
export function writeConversation(scope: PartScope, instruction: string | null): Written {
  const { request, book, traits } = scope;
  const head = leadingSystem(request.messages);
  const system = systemParts(request, head, scope);
  if (instruction !== null) system.push(JSON.stringify({ text: instruction }));
  const turns = new Turns(scope);
  if (!traits.takesSystem && system.length > 0) turns.add('user', system);
  for (const message of request.messages.slice(head)) turns.take(message);
  const written = turns.end();
  if (written[0]?.role !== 'user') {
    book.apply('messages', 'firstTurn');
    written.unshift({ role: 'user', isResults: false, parts: [PLACEHOLDER] });
  }
  book.apply('messages');
  if (head > 0) book.apply('system', traits.takesSystem ? undefined : 'noForm');
  const contents = written.map(({ role, parts }) => `{"role":"${role}","parts":[${parts.join(',')}]}`);
  const hasSystem = traits.takesSystem && system.length > 0;
  return {
    systemInstruction: hasSystem ? `{"parts":[${system.join(',')}]}` : undefined,
    contents: `[${contents.join(',')}]`,
  };
}

const isSystem = (message: Message | undefined) =>
  message?.role === 'system' || message?.role === 'developer';

/** How many messages at the beginning belong to the system instruction. */
function leadingSystem(messages: readonly Message[]): number {
  let count = 0;
  while (isSystem(messages[count])) count += 1;
  return count;
}

function systemParts({ messages }: ChatRequest, head: number, scope: PartScope): string[] {
  return messages.slice(0, head).flatMap((message) => {
    if (message.name !== undefined) scope.book.apply('message.name');
    return message.blocks.map((block) => writePart(block, scope)).filter((part) => part !== null);
  });
}

/** Takes messages and puts what belongs together into one turn. */
class Turns {
  readonly #scope: PartScope;
  readonly #turns: Turn[] = [];
  /** Names of the functions called so far, and the places of the calls, by their ids. */
  readonly #calls = new Map<string, { readonly name: string; readonly place: number }>();
  #results: ToolResultBlock[] = [];

  constructor(scope: PartScope) {
    this.#scope = scope;
  }

  take(message: Message): void {
    const { book } = this.#scope;
    if (message.name !== undefined) book.apply('message.name');
    if (message.role === 'tool') {
      for (const block of message.blocks) if (block.type === 'toolResult') this.#results.push(block);
      return;
    }
    this.#writeResults();
    if (message.role === 'assistant') this.#writeModel(message.blocks);
    else if (isSystem(message)) this.#writeLateSystem(message.blocks);
    else this.add('user', this.#partsOf(message.blocks));
  }

  end(): Turn[] {
    this.#writeResults();
    return this.#turns;
  }

  add(role: Turn['role'], parts: readonly string[], isResults = false): void {
    if (parts.length === 0) return;
    const last = this.#turns.at(-1);
    if (last?.role === role && !last.isResults && !isResults) last.parts.push(...parts);
    else this.#turns.push({ role, isResults, parts: [...parts] });
  }

  #partsOf(blocks: readonly Block[]): string[] {
    return blocks.map((block) => writePart(block, this.#scope)).filter((part) => part !== null);
  }

  /** Of calls made together only the first is signed. */
  #writeModel(blocks: readonly Block[]): void {
    const { traits } = this.#scope;
    const parts: string[] = [];
    let isFirst = true;
    for (const block of blocks) {
      if (block.type === 'toolCall') this.#calls.set(block.id, { name: block.name, place: this.#calls.size });
      const isUnsigned = block.type === 'toolCall' && block.signature?.origin.protocol !== 'gemini';
      const origin = { protocol: 'gemini' as const };
      const given =
        isUnsigned && isFirst && traits.wantsSignatures
          ? { ...block, signature: { value: NO_SIGNATURE, origin } }
          : block;
      const part = writePart(given, this.#scope);
      if (part !== null) parts.push(part);
      isFirst = block.type !== 'toolCall' && (part !== null || isFirst);
    }
    this.add('model', parts);
  }

  /**
   * A system message in the middle: moved to the front it would say something else, so it stays in its place as
   * marked text of the user's turn.
   */
  #writeLateSystem(blocks: readonly Block[]): void {
    const text = blocks.map((block) => (block.type === 'text' ? block.text : '')).join('\n\n');
    if (text.trim() === '') return;
    this.#scope.book.apply('messages', 'laterSystem');
    this.add('user', [JSON.stringify({ text: `<system>\n${text}\n</system>` })]);
  }

  /** In the order of the calls: without ids that is how results of one function are told apart. */
  #writeResults(): void {
    const results = this.#results;
    if (results.length === 0) return;
    this.#results = [];
    const placeOf = ({ toolCallId }: ToolResultBlock) => this.#calls.get(toolCallId)?.place ?? 0;
    const parts: string[] = [];
    const media: string[] = [];
    for (const block of results.sort((one, other) => placeOf(one) - placeOf(other))) {
      const name = this.#calls.get(block.toolCallId)?.name ?? '';
      const written = writeResult(block, name, this.#scope);
      parts.push(written.part);
      if (written.media.length === 0) continue;
      media.push(JSON.stringify({ text: `From the result of ${name}:` }), ...this.#partsOf(written.media));
    }
    this.add('user', parts, true);
    this.add('user', media);
  }
}
