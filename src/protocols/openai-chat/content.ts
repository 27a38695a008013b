import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';

export interface ContentPiece {
  readonly type: 'text' | 'reasoning' | 'refusal';
  readonly text: string;
}

/**
 * The texts of a message or delta, in the order in which they are to be read. Reasoning has no standard
 * field: `reasoning_content` (DeepSeek, Qwen, xAI, Moonshot), `reasoning` (Groq, gpt-oss servers), `thinking`
 * parts inside of `content` (Mistral).
 */
export function contentPieces(message: JsonObject): readonly ContentPiece[] {
  const content = message['content'];
  const thoughts = message['reasoning_content'] ?? message['reasoning'];
  if (typeof content === 'string' && thoughts === undefined && message['refusal'] === undefined) {
    return content === '' ? [] : [{ type: 'text', text: content }];
  }
  const pieces: ContentPiece[] = [];
  add(pieces, 'reasoning', thoughts);
  if (Array.isArray(content)) for (const part of content) addPart(pieces, part);
  else add(pieces, 'text', content);
  add(pieces, 'refusal', message['refusal']);
  return pieces;
}

function add(pieces: ContentPiece[], type: ContentPiece['type'], text: unknown): void {
  if (typeof text === 'string' && text !== '') pieces.push({ type, text });
}

function addPart(pieces: ContentPiece[], part: unknown): void {
  if (!isJsonObject(part)) return;
  const thinking = part['thinking'];
  if (part['type'] !== 'thinking') {
    add(pieces, 'text', part['text']);
    add(pieces, 'refusal', part['refusal']);
  } else if (Array.isArray(thinking)) {
    for (const one of thinking) if (isJsonObject(one)) add(pieces, 'reasoning', one['text']);
  } else {
    add(pieces, 'reasoning', thinking);
  }
}

/** Arguments are JSON text; some servers send the object itself, or null for a call without any. */
export function argumentText(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}
