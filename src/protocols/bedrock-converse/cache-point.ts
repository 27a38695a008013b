import { isJsonObject } from '../json-parse.ts';
import type { JsonObject } from '../protocol.ts';
import type { ReceiptBook } from '../receipt.ts';
import type { BedrockModel } from './model-family.ts';

/** What stands behind a block or tool that carries a breakpoint; nothing without one, or where the model takes none. */
export function cachePoint(
  cacheControl: unknown,
  model: BedrockModel,
  field: 'message.cacheControl' | 'tools.cacheControl',
  book: ReceiptBook,
): readonly JsonObject[] {
  if (cacheControl === undefined) return [];
  if (!model.takesCachePoints) {
    book.apply(field, 'noForm');
    return [];
  }
  book.apply(field);
  const ttl = isJsonObject(cacheControl) ? cacheControl['ttl'] : undefined;
  return [{ cachePoint: { type: 'default', ttl: typeof ttl === 'string' ? ttl : undefined } }];
}
