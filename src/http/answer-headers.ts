import { formatUsd } from '../calls/money.ts';
import type { Receipt } from '../protocols/blocks.ts';
import type { AnswerHead, AnswerSummary } from '../relay/answer.ts';

/** Longest value of `x-sluice-receipt`; the whole receipt is in the record. */
const RECEIPT_CHARS_MAX = 1_024;

export type HeaderMap = Record<string, string | number>;

/** What every answer to a call says, in the names of Sluice and in those that the official SDKs read. */
export function callHeaders(callId: string): HeaderMap {
  return { 'x-sluice-call-id': callId, 'x-request-id': callId, 'request-id': callId };
}

/** Headers of a successful answer. */
export function answerHeaders(callId: string, model: string, head: AnswerHead): HeaderMap {
  const headers = callHeaders(callId);
  headers['x-sluice-model'] = headerSafe(model);
  headers['x-sluice-attempts'] = head.attempts;
  if (head.receipt !== null) headers['x-sluice-receipt'] = receiptHeader(head.receipt);
  return headers;
}

export function summaryHeaders(callId: string, model: string, summary: AnswerSummary): HeaderMap {
  const headers = answerHeaders(callId, model, summary);
  if (summary.record.costPico !== null) headers['x-sluice-cost-usd'] = formatUsd(summary.record.costPico);
  return headers;
}

/** `dropped=seed; converted=max_tokens>max_completion_tokens; carried=4` */
function receiptHeader(receipt: Receipt): string {
  const parts: string[] = [];
  for (const action of ['dropped', 'converted', 'renamed'] as const) {
    const entries = receipt.filter((entry) => entry.action === action);
    const names = entries.map(({ field, to }) => (to === undefined ? field : `${field}>${to}`));
    if (names.length > 0) parts.push(`${action}=${names.join(',')}`);
  }
  parts.push(`carried=${receipt.filter((entry) => entry.action === 'carried').length}`);
  return headerSafe(parts.join('; ')).slice(0, RECEIPT_CHARS_MAX);
}

/** Header values are visible ASCII (RFC 9110, 5.5); anything else would be refused by Node or split the header. */
function headerSafe(value: string): string {
  return /^[\x20-\x7e]*$/.test(value) ? value : encodeURI(value).replace(/[^\x20-\x7e]/g, '?');
}
