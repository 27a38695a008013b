import type { ToolCallBlock } from '../blocks.ts';
import { isJsonObject, parseJson } from '../json-parse.ts';

type Call = Pick<ToolCallBlock, 'id' | 'name' | 'arguments'>;

const RECIPIENT = /^functions\.(.+)$/s;

/** Names under which models put several calls into one. */
export const isWrapper = (name: string): boolean => name === 'parallel' || name === 'multi_tool_use.parallel';

/**
 * The calls inside of a call that is only a wrapper: models sometimes show the inner name for parallel calls.
 * Null where it is no such thing. The arguments are printed anew, as they stand inside of another JSON text.
 */
export function unwrapCalls(call: Call): readonly Call[] | null {
  const value = isWrapper(call.name) ? parseJson(call.arguments) : undefined;
  const uses: unknown = isJsonObject(value) ? value['tool_uses'] : undefined;
  if (!Array.isArray(uses) || uses.length === 0) return null;
  const calls: Call[] = [];
  for (const [at, use] of uses.entries()) {
    if (!isJsonObject(use) || !isJsonObject(use['parameters'])) return null;
    const recipient = use['recipient_name'];
    const name = typeof recipient === 'string' ? RECIPIENT.exec(recipient)?.[1] : undefined;
    if (name === undefined) return null;
    calls.push({ id: `${call.id}_${at}`, name, arguments: JSON.stringify(use['parameters']) });
  }
  return calls;
}
