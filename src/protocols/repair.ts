/**
 * What a model refuses of a request, and the request without it. Only the top-level members of a body are
 * repaired; every other byte stays as it is.
 */
import { CallError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { Receipt, ReceiptEntry } from './blocks.ts';
import { parseJson } from './json-parse.ts';
import { type ScanResult, scanObject } from './json-scan.ts';
import { splice, withoutMember } from './json-splice.ts';

/** One member that the model refuses. Values are JSON texts. */
export interface Repair {
  readonly member: string;
  /** What the model calls it instead; null: it is left out. */
  readonly to: string | null;
  /** The only value that is refused; null for all but those in `taken`. */
  readonly value: string | null;
  readonly taken: readonly string[];
  /** What else must be in the body for it to be refused; null for nothing. */
  readonly beside: { readonly member: string; readonly value: string | 'absent' | 'present' } | null;
}

/** For the receipt's reader. */
const REFUSED = 'refused by the model';

export interface Repaired {
  readonly body: Buffer;
  /** Those that the body needed. */
  readonly done: readonly Repair[];
}

/** The body as the model takes it; the body itself where it needs no repair. */
export function repairBody(body: Buffer, repairs: readonly Repair[]): Repaired {
  const done: Repair[] = [];
  let repaired = body;
  let scan = scanObject(repaired);
  for (const repair of repairs) {
    if (scan instanceof CallError) return { body, done: [] };
    const text = memberText(repaired, scan, repair.member);
    if (text === null || !isRefused(repair, text, repaired, scan)) continue;
    repaired = without(repaired, scan, repair, text);
    scan = scanObject(repaired);
    done.push(repair);
  }
  return { body: repaired, done };
}

/** The JSON text of a top-level member; null where there is none. */
export function memberText(body: Buffer, scan: ScanResult, member: string): string | null {
  const span = scan.members.get(member);
  return span === undefined ? null : body.toString('utf8', span.start, span.end);
}

function isRefused({ value, taken, beside }: Repair, text: string, body: Buffer, scan: ScanResult): boolean {
  if (text === 'null' || taken.some((one) => isSameValue(one, text))) return false;
  if (value !== null && !isSameValue(value, text)) return false;
  if (beside === null) return true;
  const other = memberText(body, scan, beside.member) ?? 'absent';
  if (beside.value === 'present') return other !== 'absent' && other !== 'null';
  return other === beside.value || (other === 'null' && beside.value === 'absent');
}

/** `1` and `1.0` are one value. */
function isSameValue(one: string, other: string): boolean {
  return one === other || JSON.stringify(parseJson(one)) === JSON.stringify(parseJson(other));
}

/** A body that already has the other name only loses this one. */
function without(body: Buffer, scan: ScanResult, { member, to }: Repair, text: string): Buffer {
  const rest = withoutMember(body, scan, member);
  if (to === null || scan.members.has(to)) return rest;
  const restScan = scanObject(rest);
  return restScan instanceof CallError ? rest : splice(rest, restScan, [{ key: to, json: text }]);
}

/** The receipt of a body that went through as it was: every field of it is carried. */
export function carriedReceipt(members: Iterable<string>): Receipt {
  const receipt: ReceiptEntry[] = [];
  for (const field of members) {
    if (receipt.length < LIMITS.recordReceiptEntriesMax) receipt.push({ field, action: 'carried' });
  }
  return receipt;
}

/** The receipt with what the repairs have done to the fields that had become those members. */
export function repairReceipt(receipt: Receipt, done: readonly Repair[]): Receipt {
  const repaired = [...receipt];
  for (const { member, to } of done) {
    const said = (field: string): ReceiptEntry =>
      to === null
        ? { field, action: 'dropped', reason: REFUSED }
        : { field, action: 'converted', to, reason: REFUSED };
    let isNamed = false;
    for (const [at, entry] of repaired.entries()) {
      if (entry.action === 'dropped' || (entry.to ?? entry.field) !== member) continue;
      repaired[at] = said(entry.field);
      isNamed = true;
    }
    if (!isNamed) repaired.push(said(member));
  }
  return repaired;
}
