import { CallError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { ChatRequest, ProtocolName, Receipt, ReceiptAction, ReceiptEntry } from './blocks.ts';
import { FIELDS, NO_FIELD, NO_FORM, type Rule, type TabledField } from './fields.ts';
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
  'message.extra': 'messages[].content[].*',
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

const DETAIL = /^(message|toolCall|toolResult|tools)\./;
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
    const rule = this.#ruleOf(field, caseName);
    const reason = reasonOf(rule, detail);
    if (rule.action === 'reject') throw rejection(this.nameOf(field), reason);
    const isOwn = this.#request.protocol === this.#target && caseName === undefined;
    if (rule.action === 'drop') this.#said(field, { action: 'dropped', reason });
    else if (isOwn) this.#carried(field, this.nameOf(field));
    else if (rule.action === 'carry') this.#carried(field, rule.to ?? this.nameOf(field));
    else this.#said(field, { action: 'converted', to: rule.to ?? undefined, reason });
    return rule;
  }

  /**
   * The error of a rule to reject, for a writer that knows the place: `param` is its path. Throws Error where the
   * table does not say to reject.
   */
  refusal(field: TabledField, caseName: string | undefined, param: string, detail?: string): CallError {
    const rule = this.#ruleOf(field, caseName);
    if (rule.action !== 'reject') throw new Error(`${field} is not rejected at ${this.#target}`);
    return rejection(param, reasonOf(rule, detail));
  }

  /** A field that the caller did not send and the target needs; the case says what it gets. */
  added(field: TabledField, caseName: string): void {
    const { to, reason } = this.#ruleOf(field, caseName);
    const name = to ?? field;
    this.#add({ field: name, action: 'converted', to: name, reason: reason ?? undefined });
  }

  /** The caller's word for a field. */
  nameOf(field: FieldName): string {
    const details: Readonly<Record<string, string>> = DETAIL_NAMES;
    return this.#request.fields[field] ?? details[field] ?? field;
  }

  /** A block or tool that was kept whole, named by its own type. */
  raw(place: 'message' | 'tools', value: unknown, target: string | null): void {
    const field = `${place === 'tools' ? 'tools[]' : 'messages[]'}${rawName(value, place)}`;
    if (target === null) this.#add({ field, action: 'carried' });
    else this.#add({ field, action: 'dropped', reason: NO_FORM });
  }

  /** A field by the caller's own name, out of `extra`. */
  extra(name: string, action: ReceiptAction, reason?: string): void {
    this.#add(reason === undefined ? { field: name, action } : { field: name, action, reason });
  }

  /** The receipt, in the order of the caller's fields; a field that no writer spoke of counts as dropped. */
  close(): Receipt {
    const ordered = new Map<string, ReceiptEntry>();
    for (const [name, field] of Object.entries(this.#request.fields)) {
      ordered.set(field, this.#entries.get(field) ?? this.#unsaid(name, field));
    }
    for (const [field, entry] of this.#entries) ordered.set(field, entry);
    return [...ordered.values()];
  }

  #unsaid(name: string, field: string): ReceiptEntry {
    const rule = isTabled(name) ? FIELDS[name][this.#target] : null;
    const reason = rule?.action === 'drop' ? rule.reason : NO_FIELD;
    return { field, action: 'dropped', reason: reason ?? NO_FIELD };
  }

  #ruleOf(field: TabledField, caseName: string | undefined): Rule {
    const base = FIELDS[field][this.#target];
    const rule = caseName === undefined ? base : base.cases[caseName];
    if (rule === undefined) throw new Error(`no case "${caseName}" of ${field} at ${this.#target}`);
    return rule;
  }

  /** Went over as it is; `to` is the target's name for it. What the caller did not name needs no entry. */
  #carried(field: FieldName, to: string): void {
    const name = this.#request.fields[field];
    if (name === undefined) return;
    if (name === to) this.#add({ field: name, action: 'carried' });
    else this.#add({ field: name, action: 'renamed', to });
  }

  /** A detail that a writer speaks of is there, also where the reader did not note it. */
  #said(field: FieldName, entry: Omit<ReceiptEntry, 'field'>): void {
    const isSent = this.#request.fields[field] !== undefined || DETAIL.test(field);
    if (isSent) this.#add({ field: this.nameOf(field), ...entry });
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
  const { type } = value;
  // Google's and Amazon's say by the name of their one member what they are.
  if (typeof type !== 'string') {
    const [name = ''] = Object.keys(value);
    return name === 'tool_call' ? '.tool_calls[]' : `.${name.slice(0, 64)}`;
  }
  return `${place === 'tools' ? '' : '.content[]'}.${type.slice(0, 64)}`;
}

const isTabled = (name: string): name is TabledField => Object.hasOwn(FIELDS, name);

function reasonOf({ reason }: Rule, detail: string | undefined): string {
  return detail === undefined ? (reason ?? '') : `${reason}: ${detail}`;
}

function rejection(param: string, reason: string): CallError {
  return new CallError('invalid_request', { param, message: `${param}: ${reason}.` });
}
