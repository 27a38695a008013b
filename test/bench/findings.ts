import type { FirstTokenResult } from './first-token.ts';
import type { MemoryResult } from './memory.ts';
import { type CellResult, ratio } from './rounds.ts';

/** What is asked of the product; README says the same. */
const CPU_RATIO_MAX = 1.6;
const ADDED_FIRST_TOKEN_MS_MAX = 1;
const IDLE_MB_MAX = 150;
/** Of what is resident after the first batch. Less than this the collector's timing alone moves. */
const GROWTH_MAX = 0.2;

/** One gateway's calls, and what it has kept of them. */
export interface RecordCount {
  readonly calls: number;
  readonly records: number;
  /** Records by outcome. */
  readonly breakdown: string;
}

/** Everything that a run has measured. */
export interface Findings {
  readonly cells: readonly CellResult[];
  readonly firstToken: readonly FirstTokenResult[];
  readonly idleBytes: number | null;
  readonly memory: MemoryResult | null;
  readonly records: readonly RecordCount[];
}

export interface Verdict {
  readonly what: string;
  readonly isMet: boolean;
}

/** Whether the figures mean something: no failures but those of a server that is not there, no record missing. */
export function isSound({ cells, firstToken, memory, records }: Findings): boolean {
  return (
    cells.every((result) => result.void === null || result.cell.server === 'nginx') &&
    firstToken.every(({ failures }) => failures === 0) &&
    (memory?.failures ?? 0) === 0 &&
    records.every((count) => count.calls === count.records)
  );
}

/** One line for each threshold that this run can speak about. */
export function judge({ cells, firstToken, idleBytes, memory }: Findings): Verdict[] {
  const verdicts: Verdict[] = [];
  const same = cells.find(({ cell }) => cell.name === 'sluice-chat');
  const cpu = same === undefined ? null : ratio(cells, same, 'cpuUs');
  if (cpu !== null) {
    const what = `same-protocol CPU per request ${cpu.toFixed(2)} × the bare relay's (at most ${CPU_RATIO_MAX})`;
    verdicts.push({ what, isMet: cpu <= CPU_RATIO_MAX });
  }
  for (const { name, label, addedP50Us } of firstToken) {
    if (name === 'direct' || name === 'relay') continue;
    const addedMs = addedP50Us / 1_000;
    const what = `added time to first token p50 ${addedMs.toFixed(2)} ms, ${label} (under ${ADDED_FIRST_TOKEN_MS_MAX} ms)`;
    verdicts.push({ what, isMet: addedMs < ADDED_FIRST_TOKEN_MS_MAX });
  }
  if (idleBytes !== null) {
    const idleMb = idleBytes / 1_000_000;
    const what = `resident memory when idle ${idleMb.toFixed(0)} MB (under ${IDLE_MB_MAX} MB)`;
    verdicts.push({ what, isMet: idleMb < IDLE_MB_MAX });
  }
  if (memory !== null) {
    const growth = memory.grownBytes / (memory.residentBytes[0] ?? Number.NaN);
    const share = (growth * 100).toFixed(0);
    const what = `memory over 100,000 short streams grows by ${share} % (at most ${GROWTH_MAX * 100} %)`;
    verdicts.push({ what, isMet: growth <= GROWTH_MAX });
  }
  return verdicts;
}
