import type { CallRecord } from '../../src/calls/record.ts';
import { noncesIn } from './canary.ts';
import { type ReadAnswer, readAnswer } from './checker-answer.ts';
import type { LedgerEntry } from './ledger.ts';

/** What the checker needs of a record, as it is in Postgres. */
export type CheckedRow = Pick<
  CallRecord,
  'id' | 'outcome' | 'errorCode' | 'attempts' | 'usage' | 'usageSource'
>;

/** What a client saw of its call. */
export interface ClientObservation {
  readonly nonce: string;
  /** From `x-sluice-call-id`; null if the client never got that far. */
  readonly callId: string | null;
  readonly sawAnyByte: boolean;
  /** A successful answer, ended as its framing and its protocol say. */
  readonly sawProperEnd: boolean;
  /** The answer's text as far as it came. */
  readonly text: string;
  /** False for what is refused before it is a call (no key, no JSON): it has no record. */
  readonly isCall: boolean;
  /** Nonces in all that the client received. */
  readonly noncesSeen: readonly string[];
}

export interface Evidence {
  readonly clients: readonly ClientObservation[];
  readonly rows: readonly CheckedRow[];
  /** Requests of all fake upstreams. */
  readonly requests: readonly LedgerEntry[];
  readonly elapsedMs: number;
  /** The process was killed: a call that ran then has a record without attempts. */
  readonly processDied: boolean;
}

/** An invariant gives one line for each violation. */
export type Invariant = (evidence: Evidence) => readonly string[];

function groupBy<T, K>(items: readonly T[], key: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return groups;
}

const isFinal = (row: CheckedRow) => row.outcome !== 'running';

const answersOf = (requests: readonly LedgerEntry[]): readonly ReadAnswer[] =>
  requests.flatMap(({ response }) => (response === null ? [] : [readAnswer(response)]));

function checkRecords(
  client: ClientObservation,
  own: readonly CheckedRow[],
  seen: number,
  died: boolean,
): string[] {
  if (client.callId === null) return [`${client.nonce} saw bytes but no call id`];
  const [record, ...more] = own.filter(isFinal);
  if (record === undefined) return [`${client.callId} (${client.nonce}) has no final record`];
  if (more.length > 0) return [`${client.callId} has ${more.length + 1} final records`];
  if (died && record.outcome === 'interrupted') return [];
  if (record.attempts.length >= seen) return [];
  return [
    `${client.callId}: upstreams saw ${seen} requests, its record has ${record.attempts.length} attempts`,
  ];
}

/** I1: a client that saw any byte has exactly one final record; what an upstream saw is an attempt in it. */
export const noLostCall: Invariant = ({ clients, rows, requests, processDied }) => {
  const byId = groupBy(rows, (row) => row.id);
  const byNonce = groupBy(requests, (request) => request.nonce);
  const violations = clients
    .filter((client) => client.isCall && client.sawAnyByte)
    .flatMap((client) => {
      const seen = byNonce.get(client.nonce)?.length ?? 0;
      return checkRecords(client, byId.get(client.callId ?? '') ?? [], seen, processDied);
    });
  // Of a client that left before it knew its call's id, only the number of records can be checked.
  const known = new Set(clients.map((client) => client.callId));
  const unclaimed = rows.filter((row) => isFinal(row) && !known.has(row.id));
  const unknown = clients.filter((client) => client.callId === null && byNonce.has(client.nonce));
  if (unclaimed.length < unknown.length) {
    violations.push(
      `${unknown.length} calls reached an upstream and left; ${unclaimed.length} records are theirs`,
    );
  }
  return violations;
};

/** I2: no two rows with one id. */
export const noDuplicateRecord: Invariant = ({ rows }) => {
  const counts = new Map<string, number>();
  for (const { id } of rows) counts.set(id, (counts.get(id) ?? 0) + 1);
  return [...counts].filter(([, count]) => count > 1).map(([id, count]) => `${id} is there ${count} times`);
};

/** I3: what looks whole to the client was whole at the upstream, with the same text; so for the record. */
export const noFalseSuccess: Invariant = ({ clients, rows, requests }) => {
  const byNonce = groupBy(requests, (request) => request.nonce);
  const byId = new Map(rows.map((row) => [row.id, row]));
  return clients.flatMap((client) => {
    const whole = answersOf(byNonce.get(client.nonce) ?? []).filter((answer) => answer.isComplete);
    const record = client.callId === null ? undefined : byId.get(client.callId);
    const violations: string[] = [];
    if (record?.outcome === 'succeeded' && whole.length === 0) {
      violations.push(`${client.nonce}: recorded as succeeded, but no upstream ended properly`);
    }
    if (!client.sawProperEnd) return violations;
    if (whole.length === 0) violations.push(`${client.nonce}: a proper end, but no upstream ended properly`);
    else if (!whole.some((answer) => answer.text === client.text)) {
      violations.push(
        `${client.nonce}: got ${JSON.stringify(client.text)}, sent was ${JSON.stringify(whole[0]?.text)}`,
      );
    }
    if (record !== undefined && record.outcome !== 'succeeded') {
      violations.push(`${client.nonce}: a proper end, but recorded as ${record.outcome}`);
    }
    return violations;
  });
};

/** I4: an answer holds only its own nonce, and a request to an upstream only one. */
export const noCrossTalk: Invariant = ({ clients, requests }) => {
  const answers = clients.flatMap((client) =>
    client.noncesSeen.filter((seen) => seen !== client.nonce).map((seen) => `${client.nonce} got ${seen}`),
  );
  const mixed = requests
    .map((request) => noncesIn(request.body.toString('latin1')))
    .filter((nonces) => nonces.length > 1)
    .map((nonces) => `one upstream request holds ${nonces.join(' and ')}`);
  return [...answers, ...mixed];
};

const RETRY_SHARE_MAX = 1.2;
const RETRY_FLOOR_PER_SECOND = 10;

/** I8: attempts ≤ 1.2 × calls + 10 a second. */
export const boundedRetries: Invariant = ({ clients, requests, elapsedMs }) => {
  const floor = RETRY_FLOOR_PER_SECOND * Math.max(elapsedMs / 1_000, 1);
  const allowed = RETRY_SHARE_MAX * clients.length + floor;
  if (requests.length <= allowed) return [];
  return [
    `${requests.length} upstream requests for ${clients.length} calls; allowed are ${Math.floor(allowed)}`,
  ];
};

function checkUsage(
  row: CheckedRow,
  client: ClientObservation,
  answer: ReadAnswer | undefined,
): string | null {
  const { outputTokens } = row.usage;
  const told = answer?.outputTokens ?? null;
  if (row.usageSource === 'provider') {
    return outputTokens === told ? null : `${outputTokens} tokens recorded, the provider told ${told}`;
  }
  if (answer?.isComplete === true && told !== null && row.outcome === 'succeeded') {
    return `usage is "${row.usageSource}", but the provider told ${told} tokens`;
  }
  if (row.usageSource === 'none') {
    if (outputTokens !== null) return `usage is "none", yet ${outputTokens} tokens are recorded`;
    return client.text === '' ? null : 'the client got text, but no tokens are recorded';
  }
  const textBytes =
    answer === undefined ? 0 : Buffer.byteLength(answer.text + answer.reasoning + answer.toolArguments);
  const isPlausible =
    outputTokens !== null && outputTokens <= textBytes && (client.text === '' || outputTokens > 0);
  return isPlausible ? null : `${outputTokens} tokens estimated for ${textBytes} bytes sent`;
}

/** I9: recorded tokens are the provider's own count, or an estimate of what was sent, and say which. */
export const honestUsage: Invariant = ({ clients, rows, requests, processDied }) => {
  const byNonce = groupBy(requests, (request) => request.nonce);
  const byId = new Map(rows.map((row) => [row.id, row]));
  return clients.flatMap((client) => {
    const row = client.callId === null ? undefined : byId.get(client.callId);
    if (row === undefined || row.outcome === 'running') return [];
    // Who counted is dead: that nothing is known is the honest answer.
    if (processDied && row.errorCode === 'gateway_died' && row.usageSource === 'none') return [];
    const answer = answersOf(byNonce.get(client.nonce) ?? []).at(-1);
    const violation = checkUsage(row, client, answer);
    return violation === null ? [] : [`${row.id}: ${violation}`];
  });
};
