import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { v7 } from 'uuid';
import type { BeginRecord, Begun, CallRecord, Spool } from '../../src/calls/record.ts';
import type { DatabaseAddress } from '../../src/db/address.ts';
import { UNKNOWN_USAGE } from '../../src/protocols/blocks.ts';

const TENANT = '01980000-0000-7000-8000-000000000001';

/** The begin record of a plausible call. */
export function sampleBegin(changes: Partial<BeginRecord> = {}): BeginRecord {
  return {
    id: v7(),
    tenantId: TENANT,
    applicationId: '01980000-0000-7000-8000-000000000002',
    keyId: '01980000-0000-7000-8000-000000000003',
    callerProtocol: 'openai-chat',
    operation: 'chat',
    modelAsked: 'fast-chat',
    isStream: false,
    startedAt: Date.now(),
    snapshotVersion: 7,
    ...changes,
  };
}

/** The whole record of a plausible call that went well. */
export function sampleEnd(changes: Partial<CallRecord> = {}): CallRecord {
  return {
    ...sampleBegin(),
    modelServed: 'gpt-5-mini-2025-08-07',
    target: 'openai/gpt-5-mini',
    provider: 'openai',
    targetProtocol: 'openai-chat',
    lane: 'byte',
    outcome: 'succeeded',
    errorCode: null,
    status: 200,
    finishReason: 'stop',
    queueMs: 0.25,
    connectMs: 0.5,
    firstTokenMs: 12.5,
    totalMs: 20.75,
    usage: { ...UNKNOWN_USAGE, inputTokens: 120, outputTokens: 30, totalTokens: 150 },
    usageSource: 'provider',
    costPico: 90_000_000n,
    priceFrom: null,
    priceSource: null,
    attempts: [
      {
        target: 'openai/gpt-5-mini',
        provider: 'openai',
        startedMs: 0.25,
        durationMs: 20.5,
        status: 200,
        errorCode: null,
        message: null,
      },
    ],
    receipt: null,
    bodies: null,
    ...changes,
  };
}

/** What the spool said when it took the begin of a record. */
const begunOf = new WeakMap<BeginRecord, Begun>();

/** Resolves when the record is in the file; rejects if it could not be written. */
export function append(spool: Spool, kind: 'begin', record: BeginRecord): Promise<void>;
export function append(spool: Spool, kind: 'end', record: CallRecord): Promise<void>;
export function append(spool: Spool, kind: 'begin' | 'end', record: BeginRecord | CallRecord): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null) => (error === null ? resolve() : reject(error));
    // The overloads keep kind and record together.
    if (kind === 'begin') begunOf.set(record, spool.begin(record, done));
    else spool.end(record as CallRecord, begunOf.get(record) ?? null, done);
  });
}

/** A folder for spools that is removed again: `slot(0)`, `slot(1)` … are those of processes. */
export function spoolFolder(): { slot(number: number): string; remove(): void } {
  const root = mkdtempSync(join(tmpdir(), 'sluice-spool-'));
  return {
    slot: (number) => join(root, String(number)),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** One query in a connection of its own. */
export async function rowsOf<Row>(
  address: DatabaseAddress,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new Client({ ...address });
  await client.connect();
  try {
    return (await client.query(text, values)).rows as Row[]; // the test knows what it asks for
  } finally {
    await client.end();
  }
}
