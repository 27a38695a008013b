import { isJsonObject } from '../json-parse.ts';
import type { ScanResult } from '../json-scan.ts';
import { type MemberEdit, splice } from '../json-splice.ts';
import type { JsonObject, RewrittenRequest } from '../protocol.ts';
import { traitsOf } from './model-traits.ts';
import { isSeal } from './reasoning-seal.ts';
import { readText } from './values.ts';

export const ENCRYPTED_REASONING = 'reasoning.encrypted_content';

/**
 * The caller's bytes with the target's model name, and with `store: false`: what a provider keeps it keeps in the
 * account that all tenants share, where nobody here could read or delete it, and the answer must say so. A caller
 * who counted on storage sends reasoning back by its id alone. So its content is asked for where the model gives
 * it, and reasoning without content, which the provider would look for in vain, is taken out of the history.
 * Who says `store: false` has seen to that; only what this gateway itself has sealed is then still taken out.
 */
export function rewriteRequest(
  bytes: Buffer,
  scan: ScanResult,
  json: JsonObject,
  model: string,
): RewrittenRequest {
  const edits: MemberEdit[] = [];
  if (json['model'] !== model) edits.push({ key: 'model', json: JSON.stringify(model) });
  const isStateless = json['store'] === false;
  if (!isStateless) {
    edits.push({ key: 'store', json: 'false' });
    const include = includeOf(json['include'], model);
    if (include !== null) edits.push({ key: 'include', json: JSON.stringify(include) });
  }
  const input = inputOf(json['input'], isStateless);
  if (input !== null) edits.push({ key: 'input', json: JSON.stringify(input) });
  return { body: edits.length === 0 ? bytes : splice(bytes, scan, edits), addsUsage: false };
}

/** Null where the caller's list, or none, is right as it is. */
function includeOf(value: unknown, model: string): readonly unknown[] | null {
  // Other models refuse it: "Encrypted content is not supported with this model".
  if (traitsOf({ model }).reasons !== true) return null;
  if (value === undefined || value === null) return [ENCRYPTED_REASONING];
  return Array.isArray(value) && !value.includes(ENCRYPTED_REASONING)
    ? [...(value as readonly unknown[]), ENCRYPTED_REASONING]
    : null;
}

/** Null where every item may stay. */
function inputOf(value: unknown, isStateless: boolean): readonly unknown[] | null {
  if (!Array.isArray(value)) return null;
  const items: readonly unknown[] = value;
  const isWorthless = (item: unknown) => {
    if (!isJsonObject(item) || item['type'] !== 'reasoning') return false;
    const encrypted = readText(item['encrypted_content']);
    return encrypted === null ? !isStateless : isSeal(encrypted);
  };
  return items.some(isWorthless) ? items.filter((item) => !isWorthless(item)) : null;
}
