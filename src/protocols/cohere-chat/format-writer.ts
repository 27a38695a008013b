import type { ChatRequest } from '../blocks.ts';
import type { JsonObject } from '../protocol.ts';
import type { ReceiptBook } from '../receipt.ts';

const JSON_WORD = 'Answer in JSON.';
const INSTRUCTION = 'Answer with one valid JSON object and nothing else.';

/**
 * `response_format` for the request; undefined for none. Beside tools or documents the vendor refuses it (API
 * reference, `response_format`, "Limitation"), so that it becomes an instruction; and without the word JSON
 * somewhere in the prompt the model may never come to an end. Callers of its own protocol know both.
 */
export function formatOf(
  request: ChatRequest,
  messages: JsonObject[],
  isAlone: boolean,
  book: ReceiptBook,
): JsonObject | undefined {
  const format = request.responseFormat;
  if (format === undefined) return undefined;
  if (format.type === 'text') {
    book.apply('responseFormat', 'text');
    return request.protocol === 'cohere-chat' ? { type: 'text' } : undefined;
  }
  const schema = format.type === 'jsonSchema' ? format.schema : undefined;
  if (request.protocol !== 'cohere-chat' && !isAlone) {
    book.apply('responseFormat', 'instruction');
    const form = schema === undefined ? '' : ` It must follow this JSON Schema: ${JSON.stringify(schema)}`;
    instruct(messages, INSTRUCTION + form);
    return undefined;
  }
  if (request.protocol !== 'cohere-chat' && !namesJson(request)) {
    book.apply('responseFormat', 'jsonWord');
    instruct(messages, JSON_WORD);
  } else book.apply('responseFormat', schema === undefined ? 'object' : undefined);
  return { type: 'json_object', json_schema: schema };
}

function namesJson(request: ChatRequest): boolean {
  return request.messages.some((message) =>
    message.blocks.some((block) => block.type === 'text' && /json/i.test(block.text)),
  );
}

/** Added to the first message where that is the system's. */
function instruct(messages: JsonObject[], text: string): void {
  const [first] = messages;
  if (first?.['role'] === 'system') first['content'] = `${String(first['content'])}\n\n${text}`;
  else messages.unshift({ role: 'system', content: text });
}
