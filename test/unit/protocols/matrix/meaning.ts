import type { Block, ChatRequest, Tool, ToolChoice } from '../../../../src/protocols/blocks.ts';
import type { Json } from './wishes.ts';

/** What a request says, however it is divided into messages and blocks. */
export interface Meaning {
  readonly system: string;
  readonly talk: readonly Json[];
  readonly tools: readonly Pick<Tool, 'name' | 'description' | 'parameters'>[];
  readonly toolChoice: ToolChoice | undefined;
  readonly schema: Json | undefined;
  readonly stream: boolean;
}

export function meaningOf(request: ChatRequest): Meaning {
  const { messages, tools, toolChoice, responseFormat, stream } = request;
  const isSystem = ({ role }: { role: string }) => role === 'system' || role === 'developer';
  const places = new Map<string, number>();
  const said = messages
    .filter((message) => !isSystem(message))
    .flatMap(({ role, blocks }) => blocks.map((block) => sayingOf(role, block, places)));
  return {
    system: messages
      .filter(isSystem)
      .flatMap(({ blocks }) => blocks.map(textOf))
      .join('\n'),
    talk: joined(said),
    tools: tools.map(({ name, description, parameters }) => ({ name, description, parameters })),
    toolChoice,
    schema: responseFormat?.type === 'jsonSchema' ? responseFormat.schema : undefined,
    stream,
  };
}

const textOf = (block: Block): string => (block.type === 'text' ? block.text : '');

/** A result names its call by the call's place: ids may become others on the way. */
function sayingOf(role: string, block: Block, places: Map<string, number>): Json {
  switch (block.type) {
    case 'text':
      return { by: role, text: block.text };
    case 'image':
      return { by: role, image: block.source };
    case 'toolCall':
      places.set(block.id, places.size);
      return { call: block.name, arguments: JSON.parse(block.arguments) as unknown };
    case 'toolResult':
      return { resultOf: places.get(block.toolCallId), text: block.content.map(textOf).join('') };
    default:
      return { by: role, type: block.type };
  }
}

/** Texts of one side that follow each other are one text. */
export function joined(said: readonly Json[]): readonly Json[] {
  const all: Json[] = [];
  for (const one of said) {
    const last = all.at(-1);
    const isSame = typeof one['text'] === 'string' && one['by'] !== undefined && last?.['by'] === one['by'];
    if (isSame && typeof last?.['text'] === 'string') {
      all[all.length - 1] = { ...last, text: `${last['text']}${one['text']}` };
    } else all.push(one);
  }
  return all;
}
