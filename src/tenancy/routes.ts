import { LIMITS } from '../limits.ts';
import { type TargetFacts, targetFacts } from '../providers/facts.ts';
import type { SnapshotConnection, SnapshotModel, SnapshotTarget, Strategy } from './snapshot.ts';

/** A target with its connection. */
export interface ResolvedTarget {
  /** `connection/model`: how it is named in records, headers and errors. */
  readonly name: string;
  readonly connection: SnapshotConnection;
  /** The upstream's name of the model. */
  readonly model: string;
  /** What the catalogue knows of it. */
  readonly facts: TargetFacts;
  /** Smaller is tried first. */
  readonly priority: number;
  readonly weight: number;
}

/** A model with its targets' connections. */
export interface ResolvedModel {
  readonly name: string;
  readonly strategy: Strategy;
  readonly targets: readonly ResolvedTarget[];
}

/** Every model's targets with their connections, made once a snapshot; a target without one is left out. */
export function createRoutes(
  models: Iterable<SnapshotModel>,
  connections: ReadonlyMap<string, SnapshotConnection>,
): ReadonlyMap<SnapshotModel, ResolvedModel> {
  const routes = new Map<SnapshotModel, ResolvedModel>();
  for (const model of models) {
    const targets: ResolvedTarget[] = [];
    for (const target of model.targets) {
      const connection = connections.get(target.connectionId);
      if (connection !== undefined) targets.push(targetOf(connection, target));
    }
    routes.set(model, { name: model.name, strategy: model.strategy, targets });
  }
  return routes;
}

export function targetOf(
  connection: SnapshotConnection,
  { model, priority, weight }: Pick<SnapshotTarget, 'model' | 'priority' | 'weight'>,
): ResolvedTarget {
  const facts = targetFacts(connection, model);
  return { name: `${connection.name}/${model}`, connection, model, facts, priority, weight };
}

/**
 * Routes to `connection/model`, which nobody declared. Callers choose these names, so of a snapshot's routes only
 * so many are kept; another is made anew for each call.
 */
export class UndeclaredRoutes {
  readonly #routes = new Map<string, ResolvedModel>();

  /** `name` is the caller's, and says connection and model. */
  route(connection: SnapshotConnection, model: string, name: string): ResolvedModel {
    const key = `${connection.id}/${model}`;
    const known = this.#routes.get(key);
    if (known !== undefined) return known;
    const target = targetOf(connection, { model, priority: 1, weight: 1 });
    const route: ResolvedModel = { name, strategy: 'priority', targets: [target] };
    if (this.#routes.size < LIMITS.undeclaredRoutesMax) this.#routes.set(key, route);
    return route;
  }
}
