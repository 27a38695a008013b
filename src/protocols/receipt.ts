import { CallError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { ChatRequest, ProtocolName, Receipt, ReceiptAction, ReceiptEntry } from './blocks.ts';
import { FIELDS, type Rule, type TabledField } from './fields.ts';
import { isJsonObject } from './json-parse.ts';

/**
 * What a reader may name in `ChatRequest.fields` besides the request's own properties: details of messages and
 * tools. Readers give the caller's word for each; where they gave none, the path here is used.
 */
export const DETAIL_NAMES = {
  system: 'system',
  'reasoning.effort': 'reasoning.effort',
  'message.name': 'messages[].name',
  'message.cacheControl': 'messages[].content[].cache_control',
  'message.citations': 'messages[].content[].citations',
  'message.reasoning': 'messages[].content[].thinking',
  'message.image': 'messages[].content[].image',
  'message.imageDetail': 'messages[].content[].image_url.detail',
  'message.file': 'messages[].content[].file',
  'message.audio': 'messages[].content[].input_audio',
  'message.fileOptions': 'messages[].content[].citations',
  'message.readable': 'messages[].content[].search_result',
  'message.refusal': 'messages[].refusal',
  'toolCall.arguments': 'messages[].tool_calls[].function.arguments',
  'toolCall.caller': 'messages[].content[].caller',
  'toolCall.id': 'messages[].tool_calls[].id',
  'toolCall.name': 'tools[].name',
  'toolResult.isError': 'messages[].content[].is_error',
  'toolResult.content': 'messages[].content[].content',
  'tools.strict': 'tools[].strict',
  'tools.cacheControl': 'tools[].cache_control',
  'tools.parameters': 'tools[].parameters',
  'tools.extra': 'tools[].*',
} as const;

export type FieldName = keyof ChatRequest | keyof typeof DETAIL_NAMES;

const WEIGHT: Readonly<Record<ReceiptAction, number>> = { carried: 0, renamed: 1, converted: 2, dropped: 3 };

/** Collects the receipt of one translation: one entry a field, of several words on it the gravest stands. */
export class ReceiptBook {
  readonly #request: ChatRequest;
  readonly #target: ProtocolName;
  readonly #entries = new Map<string, ReceiptEntry>();

  constructor(request: ChatRequest, target: ProtocolName) {
    this.#request = request;
    this.#target = target;
  }

  /**
   * Notes what the table says of a field at the target, in the named case if the writer found one, and gives
   * the rule. `detail` is added to its reason. Throws `invalid_request` where the rule is to reject, and Error
   * for a case that the table does not have.
   */
  apply(field: TabledField, caseName?: string, detail?: string): Rule {
    const base = FIELDS[field][this.#target];
    const rule = caseName === undefined ? base : base.cases[caseName];
    if (rule === undefined) throw new Error(`no case "${caseName}" of ${field} at ${this.#target}`);
    const reason = detail === undefined ? rule.reason : `${rule.reason}: ${detail}`;
    if (rule.action === 'reject') {
      const param = this.nameOf(field);
      throw new CallError('invalid_request', { param, message: `${param}: ${reason}.` });
    }
    if (this.#request.protocol === this.#target && caseName === undefined) {
      this.carried(field, this.nameOf(field));
    } else if (rule.action === 'carry') this.carried(field, rule.to ?? field);
    else if (rule.action === 'convert') this.converted(field, rule.to ?? field, reason ?? '');
    else this.dropped(field, reason ?? '');
    return rule;
  }

  /** The caller's word for a field. */
  nameOf(field: FieldName): string {
    const details: Readonly<Record<string, string>> = DETAIL_NAMES;
    return this.#request.fields[field] ?? details[field] ?? field;
  }

  /** Went over as it is; `to` is the target's name for it. */
  carried(field: FieldName, to: string): void {
    const name = this.#request.fields[field];
    if (name === undefined) return;
    if (name === to) this.#add({ field: name, action: 'carried' });
    else this.#add({ field: name, action: 'renamed', to });
  }

  converted(field: FieldName, to: string, reason: string): void {
    if (this.#isSent(field)) this.#add({ field: this.nameOf(field), action: 'converted', to, reason });
  }

  dropped(field: FieldName, reason: string): void {
    if (this.#isSent(field)) this.#add({ field: this.nameOf(field), action: 'dropped', reason });
  }

  /** A field that the caller did not send and the target needs. */
  added(name: string, reason: string): void {
    this.#add({ field: name, action: 'converted', to: name, reason });
  }

  /** A block or tool that was kept whole, named by its own type. */
  raw(place: 'message' | 'tools', value: unknown, target: string | null): void {
    const field = `${place === 'tools' ? 'tools[]' : 'messages[]'}${rawName(value, place)}`;
    if (target === null) this.#add({ field, action: 'carried' });
    else this.#add({ field, action: 'dropped', reason: `${target} has no form for it` });
  }

  /** A detail that a writer speaks of is there, also where the reader did not note it. */
  #isSent(field: FieldName): boolean {
    return this.#request.fields[field] !== undefined || /^(message|toolCall|toolResult|tools)\./.test(field);
  }

  /** A field by the caller's own name, out of `extra`. */
  extra(name: string, action: ReceiptAction, reason?: string): void {
    this.#add(reason === undefined ? { field: name, action } : { field: name, action, reason });
  }

  /** The receipt, in the order of the caller's fields; a field that no writer spoke of counts as dropped. */
  close(target: string): Receipt {
    const ordered = new Map<string, ReceiptEntry>();
    for (const field of Object.values(this.#request.fields)) {
      const unsaid: ReceiptEntry = { field, action: 'dropped', reason: `${target} has no such field` };
      ordered.set(field, this.#entries.get(field) ?? unsaid);
    }
    for (const [field, entry] of this.#entries) ordered.set(field, entry);
    return [...ordered.values()];
  }

  #add(entry: ReceiptEntry): void {
    const known = this.#entries.get(entry.field);
    if (known === undefined && this.#entries.size >= LIMITS.recordReceiptEntriesMax) return;
    if (known === undefined || WEIGHT[entry.action] > WEIGHT[known.action])
      this.#entries.set(entry.field, entry);
  }
}

/** `.content[].server_tool_use`, `.tool_calls[]`, `.web_search_20250305`. */
function rawName(value: unknown, place: 'message' | 'tools'): string {
  if (!isJsonObject(value)) return '';
  if (typeof value['type'] !== 'string') return value['tool_call'] === undefined ? '.audio' : '.tool_calls[]';
  return `${place === 'tools' ? '' : '.content[]'}.${value['type'].slice(0, 64)}`;
}
