import type { ReasoningBlock } from '../blocks.ts';
import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';
import { sealOf } from './reasoning-seal.ts';

export type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

const PREFIXES = { message: 'msg', reasoning: 'rs', function_call: 'fc' } as const;

/** The same for the same place in the same answer. */
export function itemId(type: keyof typeof PREFIXES, callId: string, outputIndex: number): string {
  return `${PREFIXES[type]}_${callId}_${outputIndex}`;
}

/** JSON text of a message; `parts` are JSON texts. */
export function messageText(id: string, status: ItemStatus, parts: readonly string[]): string {
  return `{"id":"${id}","type":"message","status":"${status}","role":"assistant","content":[${parts.join(',')}]}`;
}

export function textPart(text: string, annotations: readonly unknown[]): string {
  return JSON.stringify({ type: 'output_text', text, annotations, logprobs: [] });
}

export const refusalPart = (refusal: string): string => JSON.stringify({ type: 'refusal', refusal });

export const summaryPart = (text: string): string => JSON.stringify({ type: 'summary_text', text });

/** JSON text of reasoning: its text as the one part of a summary, its proof of origin as encrypted content. */
export function reasoningText(id: string, block: ReasoningBlock): string {
  const summary = block.text === '' ? '' : summaryPart(block.text);
  const sealed = sealOf(block);
  const encrypted = sealed === undefined ? '' : `,"encrypted_content":${JSON.stringify(sealed)}`;
  return `{"id":"${id}","type":"reasoning","summary":[${summary}]${encrypted}}`;
}

/** JSON text of a function call. `id` names the item, `callId` the call that a result answers. */
export function callText(
  id: string,
  status: ItemStatus,
  call: { readonly id: string; readonly name: string; readonly arguments: string },
): string {
  return JSON.stringify({
    id,
    type: 'function_call',
    status,
    arguments: call.arguments,
    call_id: call.id,
    name: call.name,
  });
}

/** Types of annotations, with the members that clients count on. */
const ANNOTATIONS: Readonly<Record<string, readonly string[]>> = {
  url_citation: ['url', 'title', 'start_index', 'end_index'],
  file_citation: ['file_id', 'filename', 'index'],
  container_file_citation: ['container_id', 'file_id', 'filename', 'start_index', 'end_index'],
  file_path: ['file_id', 'index'],
};

/**
 * A citation in this protocol's form; null for one that has none. Chat Completions says the same of an address one
 * level deeper.
 */
export function annotationOf(raw: unknown): JsonObject | null {
  if (!isJsonObject(raw)) return null;
  const inner = raw['url_citation'];
  const annotation = isJsonObject(inner) ? { type: 'url_citation', ...inner } : raw;
  const members = ANNOTATIONS[String(annotation['type'])];
  return members?.every((name) => (annotation as JsonObject)[name] !== undefined) ? annotation : null;
}
