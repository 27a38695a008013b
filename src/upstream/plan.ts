/**
 * Chooses: puts a model's targets in the order in which they are tried, and says why any is left out.
 *
 * - `priority`: smaller priority first; equal priorities share by weight.
 * - `weighted`: all share by weight; the others follow as fallbacks.
 * - `latency`: the fastest to the first content first.
 * - `cost`: the cheapest first; unknown prices last.
 * - `least-busy`: the fewest calls in flight first, in proportion to weight.
 *
 * A target of weight 0 gets no traffic of its own and is only a fallback.
 */
import type { Limits } from '../limits.ts';
import type { Random } from '../ports.ts';
import type { ResolvedModel, ResolvedTarget } from '../tenancy/routes.ts';
import type { TargetLoads } from './load.ts';

export interface Exclusion {
  readonly target: string;
  readonly reason: string;
}

export interface Plan {
  readonly targets: readonly ResolvedTarget[];
  readonly excluded: readonly Exclusion[];
}

export interface PlanPorts {
  readonly random: Random;
  readonly limits: Limits;
  readonly loads: TargetLoads;
  /** Why a target cannot be used now, or null. */
  readonly refusal: (target: ResolvedTarget) => string | null;
  /** Sum of input and output price, for comparison only; null when unknown. */
  readonly price: (target: ResolvedTarget) => number | null;
}

export function choose(model: ResolvedModel, ports: PlanPorts): Plan {
  const [only] = model.targets;
  if (only !== undefined && model.targets.length === 1) {
    const reason = ports.refusal(only);
    if (reason === null) return { targets: model.targets, excluded: [] };
    return { targets: [], excluded: [{ target: only.name, reason }] };
  }
  const usable: ResolvedTarget[] = [];
  const excluded: Exclusion[] = [];
  for (const target of model.targets) {
    const reason = ports.refusal(target);
    if (reason === null) usable.push(target);
    else excluded.push({ target: target.name, reason });
  }
  return { targets: order(model, usable, ports).slice(0, ports.limits.attemptsMax), excluded };
}

function order(model: ResolvedModel, targets: ResolvedTarget[], ports: PlanPorts): ResolvedTarget[] {
  const shared = byWeight(targets, ports.random);
  const { loads } = ports;
  switch (model.strategy) {
    case 'weighted':
      return shared;
    case 'priority':
      return sortBy(shared, (target) => target.priority);
    case 'latency':
      return sortBy(shared, (target) => loads.firstContentMs(target.name));
    case 'least-busy':
      return sortBy(shared, (target) => (loads.inFlight(target.name) + 1) / (target.weight || 1e-9));
    case 'cost':
      return sortBy(shared, (target) => ports.price(target) ?? Number.POSITIVE_INFINITY);
  }
}

function sortBy(targets: ResolvedTarget[], rank: (target: ResolvedTarget) => number): ResolvedTarget[] {
  const ranked = targets.map((target) => ({ target, rank: rank(target) }));
  return ranked.sort((a, b) => (a.rank === b.rank ? 0 : a.rank - b.rank)).map((entry) => entry.target);
}

/**
 * A random order in which each place is drawn in proportion to weight (Efraimidis and Spirakis, "Weighted
 * random sampling with a reservoir", 2006: sort by u^(1/w)).
 */
function byWeight(targets: ResolvedTarget[], random: Random): ResolvedTarget[] {
  return sortBy(targets, (target) => (target.weight > 0 ? -(random.fraction() ** (1 / target.weight)) : 1));
}
