import { Counter, Gauge, Registry } from 'prom-client';
import type { CallRecord } from './calls/record.ts';
import { LatencyHistogram } from './latency-histogram.ts';

/** What the metrics read when they are scraped. */
export interface MetricSources {
  readonly inFlight: () => number;
  readonly spoolBytes: () => number;
  readonly recordsBacklogBytes: () => number;
  readonly recordsDrained: () => number;
  readonly recordsCorrupt: () => number;
  readonly recordsQuarantined: () => number;
  readonly configRejected: () => number;
  readonly configVersion: () => number;
  readonly pools: () => number;
  readonly tokensCounted: () => number;
  readonly tokensWaiting: () => number;
}

export interface Metrics {
  ended(record: CallRecord): void;
  text(): Promise<string>;
}

/** Calls of one label set; counted here because prom-client hashes the labels at every increment. */
interface EndedCalls {
  readonly labels: {
    readonly outcome: string;
    readonly code: string;
    readonly caller_protocol: string;
    readonly target_protocol: string;
  };
  count: number;
}

function countEnded(ended: Map<string, EndedCalls>, record: CallRecord): void {
  const { outcome, callerProtocol } = record;
  const code = record.errorCode ?? 'none';
  const targetProtocol = record.targetProtocol ?? 'none';
  const key = `${outcome} ${code} ${callerProtocol} ${targetProtocol}`;
  const known = ended.get(key);
  if (known !== undefined) known.count++;
  else {
    const labels = { outcome, code, caller_protocol: callerProtocol, target_protocol: targetProtocol };
    ended.set(key, { labels, count: 1 });
  }
}

/** Prometheus metrics. Labels come from closed sets only: a caller cannot make new series. */
export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const ended = new Map<string, EndedCalls>();
  new Counter({
    name: 'sluice_calls_total',
    help: 'Calls ended, by outcome, error code and protocols.',
    labelNames: ['outcome', 'code', 'caller_protocol', 'target_protocol'],
    registers,
    collect() {
      this.reset();
      for (const { labels, count } of ended.values()) this.inc(labels, count);
    },
  });
  const duration = new LatencyHistogram('sluice_call_duration_ms', 'From arrival to the last byte.');
  const firstToken = new LatencyHistogram('sluice_call_first_token_ms', 'From arrival to the first content.');
  let attempts = 0;
  new Counter({
    name: 'sluice_attempts_total',
    help: 'Tries at upstreams.',
    registers,
    collect() {
      this.reset();
      this.inc(attempts);
    },
  });
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read());
      },
    });
  };
  gauge('sluice_calls_in_flight', 'Calls running now.', sources.inFlight);
  gauge('sluice_spool_bytes', 'Bytes of records on disk.', sources.spoolBytes);
  gauge('sluice_records_backlog_bytes', 'Bytes of records not yet in Postgres.', sources.recordsBacklogBytes);
  gauge('sluice_records_drained', 'Records written to Postgres by this process.', sources.recordsDrained);
  gauge('sluice_records_corrupt', 'Spool records whose checksum did not match.', sources.recordsCorrupt);
  gauge('sluice_records_quarantined', 'Records that Postgres refused.', sources.recordsQuarantined);
  gauge('sluice_config_rejected_total', 'Configurations refused as invalid.', sources.configRejected);
  gauge('sluice_config_version', 'Version of the snapshot in use.', sources.configVersion);
  gauge('sluice_upstream_pools', 'Upstream origins with open pools.', sources.pools);
  gauge('sluice_tokens_counted', 'Texts whose tokens no provider told, counted here.', sources.tokensCounted);
  gauge('sluice_tokens_waiting', 'Texts that wait to be counted.', sources.tokensWaiting);
  gauge('sluice_process_resident_bytes', 'Resident memory.', () => process.memoryUsage.rss());

  return {
    ended(record) {
      countEnded(ended, record);
      duration.observe(record.totalMs);
      if (record.firstTokenMs !== null) firstToken.observe(record.firstTokenMs);
      attempts += record.attempts.length;
    },
    text: async () => `${await registry.metrics()}\n${duration.text()}\n${firstToken.text()}`,
  };
}
