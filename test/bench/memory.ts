import { setTimeout as delay } from 'node:timers/promises';
import { SHORT_STREAM } from './cells.ts';
import type { RecordCount } from './findings.ts';
import { run } from './measure.ts';
import { residentBytes } from './process-usage.ts';
import type { Rig } from './rig.ts';

const BATCHES = 5;
const STREAMS_PER_BATCH = 20_000;
/** After a batch; garbage that the collector frees when idle is not growth. */
const REST_MS = 2_000;

export interface MemoryResult {
  readonly idleBytes: number;
  readonly streamsPerBatch: number;
  /** After each batch. */
  readonly residentBytes: readonly number[];
  /**
   * From the first batch, which fills caches and compiled code, to the last, by the straight line through the
   * batches (least squares).
   */
  readonly grownBytes: number;
  readonly failures: number;
  readonly records: RecordCount;
}

/** Resident memory of a fresh gateway over 100,000 short streams. */
export async function measureMemory(
  rig: Rig,
  connections: number,
  say: (line: string) => void,
): Promise<MemoryResult> {
  const sluice = await rig.startSluice();
  const exchange = SHORT_STREAM(sluice.port);
  const after: number[] = [];
  let failed = 0;
  for (let batch = 1; batch <= BATCHES; batch++) {
    say(`memory: ${STREAMS_PER_BATCH} short streams, batch ${batch} of ${BATCHES}`);
    const { failures } = await run(rig, sluice, {
      exchange,
      connections,
      pace: { kind: 'count', requests: STREAMS_PER_BATCH },
    });
    for (const count of Object.values(failures)) failed += count;
    await delay(REST_MS);
    after.push(residentBytes(sluice.pid));
  }
  const records = await sluice.countRecords();
  const result = {
    idleBytes: sluice.idleBytes,
    streamsPerBatch: STREAMS_PER_BATCH,
    residentBytes: after,
    grownBytes: slope(after) * (BATCHES - 1),
    failures: failed,
    records,
  };
  await sluice.stop();
  return result;
}

/** Of the straight line through the values at 0, 1, 2, … */
function slope(values: readonly number[]): number {
  const meanX = (values.length - 1) / 2;
  const meanY = values.reduce((sum, value) => sum + value, 0) / values.length;
  let above = 0;
  let below = 0;
  for (const [x, y] of values.entries()) {
    above += (x - meanX) * (y - meanY);
    below += (x - meanX) ** 2;
  }
  return above / below;
}
