import { describe, expect, it } from 'vitest';
import { LatencyHistogram } from '../../src/latency-histogram.ts';

describe('a latency histogram', () => {
  it('counts each duration in its bucket and in all wider ones, bounds included', () => {
    const histogram = new LatencyHistogram('waits_ms', 'Waits.');
    for (const ms of [0.4, 1, 1.1, 300_000, 300_001]) histogram.observe(ms);
    const text = histogram.text();
    expect(text).toContain('# TYPE waits_ms histogram');
    expect(text).toContain('waits_ms_bucket{le="1"} 2\n');
    expect(text).toContain('waits_ms_bucket{le="2"} 3\n');
    expect(text).toContain('waits_ms_bucket{le="300000"} 4\n');
    expect(text).toContain('waits_ms_bucket{le="+Inf"} 5\n');
    expect(text).toContain('waits_ms_sum 600003.5\n');
    expect(text).toMatch(/waits_ms_count 5\n$/);
  });

  it('has every bucket before anything was observed', () => {
    expect(new LatencyHistogram('waits_ms', 'Waits.').text()).toContain('waits_ms_bucket{le="+Inf"} 0\n');
  });
});
