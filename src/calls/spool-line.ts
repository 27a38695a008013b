/**
 * A record as one row of Postgres's COPY text format (postgresql.org/docs/current/sql-copy.html, "Text
 * Format"): the drain hands these bytes on without looking into them. What comes from outside is made
 * harmless here (NUL and lone surrogates, which no Postgres text can hold; numbers that no column can hold)
 * and cut to size, because a row that Postgres refuses would be set aside instead of shown.
 */
import type { Limits } from '../limits.ts';
import type { Receipt } from '../protocols/blocks.ts';
import type { Attempt, BeginRecord, CallRecord, KeptBodies, KeptBody } from './record.ts';

/** Columns of a line, in its order. */
export const LINE_COLUMNS = [
  'id',
  'tenant_id',
  'application_id',
  'key_id',
  'caller_protocol',
  'operation',
  'model_asked',
  'is_stream',
  'started_at',
  'snapshot_version',
  'boot',
  'outcome',
  'model_served',
  'target',
  'provider',
  'target_protocol',
  'lane',
  'error_code',
  'status',
  'finish_reason',
  'queue_ms',
  'connect_ms',
  'first_token_ms',
  'total_ms',
  'input_tokens',
  'output_tokens',
  'total_tokens',
  'cached_input_tokens',
  'cache_write_tokens',
  'cache_write_1h_tokens',
  'reasoning_tokens',
  'audio_input_tokens',
  'audio_output_tokens',
  'usage_source',
  'cost_pico',
  'price_from',
  'price_source',
  'attempts',
  'receipt',
  'request_body',
  'request_bytes',
  'response_body',
  'response_bytes',
] as const;

const NULL = '\\N';
const NO_BODIES = `\t${NULL}`.repeat(4);
const INTEGER_MAX = 2 ** 31 - 1;
/** numeric(30,0) */
const COST_MAX = 10n ** 30n;
const SPECIAL = /[\\\t\n\r\0]/;
const PLAIN_JSON = /^[\w/.:@ -]*$/;

export type LineLimits = Pick<
  Limits,
  'recordBytesMax' | 'recordTextCharsMax' | 'recordReceiptEntriesMax' | 'errorTextCharsMax' | 'attemptsMax'
>;

/** Writes the lines of one boot. */
export class LineWriter {
  readonly #limits: LineLimits;
  readonly #boot: string;
  // Instants of the same second share their text: Date#toISOString is a tenth of a record's whole cost.
  #second = Number.NaN;
  #secondText = '';
  #dayMs = Number.NaN;
  #dayText = '';

  constructor(boot: string, limits: LineLimits) {
    this.#boot = boot;
    this.#limits = limits;
  }

  /** What is known at the beginning: the first columns, with a tab behind the last. The end's line goes on with it. */
  head(record: BeginRecord): string {
    return `${record.id}\t${record.tenantId}\t${record.applicationId ?? NULL}\t${record.keyId ?? NULL}\t${
      record.callerProtocol
    }\t${record.operation}\t${this.#text(record.modelAsked)}\t${record.isStream ? 't' : 'f'}\t${this.#instant(
      record.startedAt,
    )}\t${record.snapshotVersion}\t${this.#boot}\t`;
  }

  /** @param begun what `head` gave for it. */
  end(record: CallRecord, begun: string): string {
    const limits = this.#limits;
    const head = begun + this.#middle(record);
    const attempts = attemptsJson(record.attempts, limits.attemptsMax, limits.errorTextCharsMax);
    const receipt = receiptJson(record.receipt, limits.recordReceiptEntriesMax, limits.recordTextCharsMax);
    const bodies = bodiesText(record.bodies);
    const line = `${head}\t${escaped(attempts)}\t${receipt === null ? NULL : escaped(receipt)}${bodies}\n`;
    // A UTF-16 unit takes three bytes at most, so most lines need no exact count.
    if (line.length * 3 <= limits.recordBytesMax) return line;
    if (Buffer.byteLength(line) <= limits.recordBytesMax) return line;
    const shorter = `${head}\t${escaped(attemptsJson(record.attempts, limits.attemptsMax, 0))}\t${NULL}${NO_BODIES}\n`;
    return Buffer.byteLength(shorter) <= limits.recordBytesMax
      ? shorter
      : `${head}\t[]\t${NULL}${NO_BODIES}\n`;
  }

  #middle(record: CallRecord): string {
    const { usage } = record;
    return `${record.outcome}\t${this.#text(record.modelServed)}\t${this.#text(record.target)}\t${this.#text(
      record.provider,
    )}\t${record.targetProtocol ?? NULL}\t${record.lane ?? NULL}\t${record.errorCode ?? NULL}\t${integer(
      record.status,
    )}\t${record.finishReason ?? NULL}\t${duration(record.queueMs)}\t${duration(record.connectMs)}\t${duration(
      record.firstTokenMs,
    )}\t${duration(record.totalMs)}\t${integer(usage.inputTokens)}\t${integer(usage.outputTokens)}\t${integer(
      usage.totalTokens,
    )}\t${integer(usage.cachedInputTokens)}\t${integer(usage.cacheWriteTokens)}\t${integer(
      usage.cacheWrite1hTokens,
    )}\t${integer(usage.reasoningTokens)}\t${integer(usage.audioInputTokens)}\t${integer(
      usage.audioOutputTokens,
    )}\t${record.usageSource}\t${cost(record.costPico)}\t${this.#day(record.priceFrom)}\t${this.#text(
      record.priceSource,
    )}`;
  }

  #text(value: string | null): string {
    if (value === null) return NULL;
    const charsMax = this.#limits.recordTextCharsMax;
    return escaped(value.length > charsMax ? value.slice(0, charsMax) : value);
  }

  /** A day; none outside of those that every date type has. */
  #day(ms: number | null): string {
    if (ms === null || !(ms >= 0 && ms < 253_402_300_800_000)) return NULL;
    if (ms !== this.#dayMs) {
      this.#dayText = new Date(ms).toISOString().slice(0, 10);
      this.#dayMs = ms;
    }
    return this.#dayText;
  }

  #instant(ms: number): string {
    const second = Math.floor(ms / 1000);
    if (second !== this.#second) {
      this.#secondText = new Date(second * 1000).toISOString().slice(0, 20);
      this.#second = second;
    }
    const rest = Math.floor(ms - second * 1000);
    return `${this.#secondText}${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}Z`;
  }
}

/** The rest of a begun call's row in a segment of these columns: it is running, and nothing more is known. */
export function runningTail(columns: readonly string[]): string {
  return `running${`\t${NULL}`.repeat(columns.length - columns.indexOf('outcome') - 1)}\n`;
}

function escaped(value: string): string {
  if (!SPECIAL.test(value)) return value;
  return value
    .replaceAll('\0', '')
    .replaceAll('\\', '\\\\')
    .replaceAll('\t', '\\t')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r');
}

/** Counts come from upstreams, and need not be counts. */
function integer(value: number | null): string {
  if (value === null || !Number.isInteger(value) || value < 0 || value > INTEGER_MAX) return NULL;
  return String(value);
}

function duration(ms: number | null): string {
  return ms === null || !Number.isFinite(ms) ? NULL : hundredths(ms);
}

/** Two decimals. Of two small integers, which are printed many times faster than a fraction. */
function hundredths(value: number): string {
  const count = Math.round(value * 100);
  if (!(count >= 0 && count < 2 ** 31)) return String(count / 100);
  const rest = count % 100;
  const whole = (count - rest) / 100;
  return rest === 0 ? `${whole}` : `${whole}${rest < 10 ? '.0' : '.'}${rest}`;
}

function cost(pico: bigint | null): string {
  return pico === null || pico <= -COST_MAX || pico >= COST_MAX ? NULL : pico.toString();
}

/** As bytea in hexadecimal, whose backslash COPY wants doubled: a body is any bytes. */
function bodiesText(bodies: KeptBodies | null): string {
  if (bodies === null) return NO_BODIES;
  return `${bodyText(bodies.request)}${bodyText(bodies.response)}`;
}

function bodyText(body: KeptBody | null): string {
  if (body === null) return `\t${NULL}\t${NULL}`;
  return `\t\\\\x${body.bytes.toString('hex')}\t${integer(body.size)}`;
}

/** jsonb refuses NUL and lone surrogates, also where they are escaped. */
function jsonText(value: string | null, charsMax: number): string {
  if (value === null) return 'null';
  const cut = value.length > charsMax ? value.slice(0, charsMax) : value;
  if (PLAIN_JSON.test(cut)) return `"${cut}"`;
  return JSON.stringify(Buffer.from(cut.replaceAll('\0', '')).toString());
}

function jsonNumber(value: number | null): string {
  return value === null || !Number.isFinite(value) ? 'null' : hundredths(value);
}

function attemptsJson(attempts: readonly Attempt[], countMax: number, messageCharsMax: number): string {
  let text = '[';
  for (const attempt of attempts.length > countMax ? attempts.slice(-countMax) : attempts) {
    const { requestId } = attempt;
    const code = attempt.errorCode === null ? 'null' : `"${attempt.errorCode}"`;
    text += `${text.length > 1 ? ',' : ''}{"target":${jsonText(attempt.target, 512)},"provider":${jsonText(
      attempt.provider,
      128,
    )},"startedMs":${jsonNumber(attempt.startedMs)},"durationMs":${jsonNumber(
      attempt.durationMs,
    )},"status":${jsonNumber(attempt.status)},"errorCode":${code},"message":${jsonText(
      attempt.message,
      messageCharsMax,
    )}${requestId === undefined ? '' : `,"requestId":${jsonText(requestId, 128)}`}}`;
  }
  return `${text}]`;
}

/** What was lost or changed is kept before what was carried. */
function receiptJson(receipt: Receipt | null, countMax: number, charsMax: number): string | null {
  if (receipt === null) return null;
  const kept = receipt.length <= countMax ? receipt : mostTelling(receipt, countMax);
  const parts = kept.map(({ field, action, to, reason }) => {
    const target = to === undefined ? '' : `,"to":${jsonText(to, charsMax)}`;
    const why = reason === undefined ? '' : `,"reason":${jsonText(reason, charsMax)}`;
    return `{"field":${jsonText(field, charsMax)},"action":"${action}"${target}${why}}`;
  });
  return `[${parts.join(',')}]`;
}

function mostTelling(receipt: Receipt, countMax: number): Receipt {
  const order = ['dropped', 'converted', 'renamed', 'carried'];
  const sorted = [...receipt].sort((a, b) => order.indexOf(a.action) - order.indexOf(b.action));
  const left = receipt.length - countMax + 1;
  const rest = { field: '…', action: 'dropped', reason: `${left} more entries are not recorded` } as const;
  return [...sorted.slice(0, countMax - 1), rest];
}
