import type { Block, ChatRequest, Message } from '../protocols/blocks.ts';

/** What chat templates put around each message, and before the answer (OpenAI cookbook, "num_tokens_from_messages"). */
const TOKENS_PER_MESSAGE = 4;
const TOKENS_BEFORE_ANSWER = 3;

/** Everything that a request says, and how many tokens its frame takes beside. */
export function requestText(request: ChatRequest): { readonly text: string; readonly frameTokens: number } {
  const texts = request.messages.map(messageText);
  for (const { name, description, parameters, raw } of request.tools) {
    texts.push(
      raw === undefined ? JSON.stringify({ name, description, parameters }) : JSON.stringify(raw.value),
    );
  }
  const format = request.responseFormat;
  if (format?.type === 'jsonSchema') texts.push(JSON.stringify(format.schema));
  const frameTokens = request.messages.length * TOKENS_PER_MESSAGE + TOKENS_BEFORE_ANSWER;
  return { text: texts.join('\n'), frameTokens };
}

const messageText = ({ blocks, name }: Message): string =>
  [...(name === undefined ? [] : [name]), blocksText(blocks)].join('\n');

/** The text of an answer's or message's blocks; media have none. */
export function blocksText(blocks: readonly Block[]): string {
  return blocks
    .map(textOf)
    .filter((text) => text !== '')
    .join('\n');
}

function textOf(block: Block): string {
  switch (block.type) {
    case 'text':
    case 'reasoning':
    case 'refusal':
      return block.text;
    case 'toolCall':
      return `${block.name}\n${block.arguments}`;
    case 'toolResult':
      return blocksText(block.content);
    case 'file':
      return fileText(block);
    default:
      return '';
  }
}

function fileText({ source }: Extract<Block, { type: 'file' }>): string {
  const isText = source.kind === 'base64' && source.mediaType.startsWith('text/');
  return isText ? Buffer.from(source.data, 'base64').toString() : '';
}
