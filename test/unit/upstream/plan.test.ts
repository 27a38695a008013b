import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/limits.ts';
import { type ResolvedModel, type ResolvedTarget, targetOf } from '../../../src/tenancy/routes.ts';
import type { SnapshotConnection, Strategy } from '../../../src/tenancy/snapshot.ts';
import { TargetLoads } from '../../../src/upstream/load.ts';
import { choose, type PlanPorts } from '../../../src/upstream/plan.ts';

const connection = (name: string): SnapshotConnection => ({
  id: name,
  name,
  tenantId: null,
  provider: 'custom',
  protocol: 'openai-chat',
  baseUrl: 'http://127.0.0.1:1/v1',
  auth: 'none',
  secret: null,
  headers: {},
  isTrusted: true,
  priceId: null,
  knownModels: [],
});

const target = (name: string, priority = 1, weight = 1): ResolvedTarget =>
  targetOf(connection(name), { model: 'm', priority, weight });

const model = (strategy: Strategy, ...targets: ResolvedTarget[]): ResolvedModel => ({
  name: 'route',
  strategy,
  targets,
});

function ports(overrides: Partial<PlanPorts> = {}): PlanPorts {
  let state = 12_345;
  const fraction = (): number => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
  return {
    random: { fraction, bytes: (count) => Buffer.alloc(count) },
    limits: LIMITS,
    loads: new TargetLoads(),
    refusal: () => null,
    price: () => null,
    ...overrides,
  };
}

const order = (route: ResolvedModel, given: PlanPorts): string =>
  choose(route, given)
    .targets.map((each) => each.connection.name)
    .join(' ');

describe('choosing targets', () => {
  it('priority tries the smaller number first, whatever the order of the list', () => {
    expect(order(model('priority', target('c', 3), target('a', 1), target('b', 2)), ports())).toBe('a b c');
  });

  it('priority shares equal numbers by weight', () => {
    const given = ports();
    const route = model('priority', target('heavy', 1, 3), target('light', 1, 1), target('last', 2, 9));
    const orders = Array.from({ length: 4_000 }, () => order(route, given));
    expect(orders.every((each) => each.endsWith('last'))).toBe(true);
    const share = orders.filter((each) => each.startsWith('heavy')).length / orders.length;
    expect(share).toBeGreaterThan(0.71);
    expect(share).toBeLessThan(0.79);
  });

  it('weighted gives each its share, and a weight of 0 none', () => {
    const given = ports();
    const route = model('weighted', target('a', 1, 8), target('b', 1, 2), target('spare', 1, 0));
    const orders = Array.from({ length: 4_000 }, () => order(route, given));
    const share = orders.filter((each) => each.startsWith('b')).length / orders.length;
    expect(share).toBeGreaterThan(0.17);
    expect(share).toBeLessThan(0.23);
    expect(orders.every((each) => each.endsWith('spare'))).toBe(true);
  });

  it('latency tries the fastest measured first, and unmeasured ones before it', () => {
    const loads = new TargetLoads();
    const [fast, slow, fresh] = [target('fast'), target('slow'), target('fresh')];
    loads.begin(fast.name);
    loads.end(fast.name, 20);
    loads.begin(slow.name);
    loads.end(slow.name, 200);
    expect(order(model('latency', slow, fast, fresh), ports({ loads }))).toBe('fresh fast slow');
  });

  it('least-busy tries the fewest calls in flight first', () => {
    const loads = new TargetLoads();
    loads.begin('a/m');
    loads.begin('a/m');
    loads.begin('b/m');
    expect(order(model('least-busy', target('a'), target('b')), ports({ loads }))).toBe('b a');
    loads.end('a/m', null);
    loads.end('a/m', null);
    expect(order(model('least-busy', target('a'), target('b')), ports({ loads }))).toBe('a b');
  });

  it('cost tries the cheapest first and unknown prices last', () => {
    const prices: Record<string, number | null> = { dear: 9, cheap: 1, unknown: null };
    const price = (each: ResolvedTarget) => prices[each.connection.name] ?? null;
    expect(order(model('cost', target('unknown'), target('dear'), target('cheap')), ports({ price }))).toBe(
      'cheap dear unknown',
    );
  });

  it('keeps the reason for every target that is left out', () => {
    const refusal = (each: ResolvedTarget) =>
      each.connection.name === 'bad' ? 'points to a private address' : null;
    const plan = choose(model('priority', target('bad'), target('good')), ports({ refusal }));
    expect(plan.targets.map(({ name }) => name)).toEqual(['good/m']);
    expect(plan.excluded).toEqual([{ target: 'bad/m', reason: 'points to a private address' }]);
  });

  it('never plans more tries than the bound', () => {
    const many = Array.from({ length: LIMITS.attemptsMax + 5 }, (_, at) => target(`t${at}`));
    expect(choose(model('priority', ...many), ports()).targets).toHaveLength(LIMITS.attemptsMax);
  });
});
