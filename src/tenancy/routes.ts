import type { SnapshotConnection, SnapshotModel, SnapshotTarget, Strategy } from './snapshot.ts';

/** A target with its connection. */
export interface ResolvedTarget {
  /** `connection/model`: how it is named in records, headers and errors. */
  readonly name: string;
  readonly connection: SnapshotConnection;
  /** The upstream's name of the model. */
  readonly model: string;
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
  return { name: `${connection.name}/${model}`, connection, model, priority, weight };
}
