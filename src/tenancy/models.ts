import { CallError } from '../errors.ts';
import { LIMITS } from '../limits.ts';
import type { ResolvedModel } from './routes.ts';
import {
  connectionKey,
  type Identity,
  type Snapshot,
  type SnapshotConnection,
  type SnapshotModel,
} from './snapshot.ts';

export interface ListedModel {
  readonly name: string;
  /** Of the target that is tried first; null for a model without targets. */
  readonly provider: string | null;
  /** False for `connection/model`, which nobody declared. */
  readonly isDeclared: boolean;
}

/**
 * What a caller's model name stands for: a model of its tenant, else one of the operator, else
 * `connection/model` of a connection that the tenant can see.
 * Errors: `model_not_found`, `model_not_allowed`.
 */
export function resolveModel(
  snapshot: Snapshot,
  identity: Identity,
  name: string,
): ResolvedModel | CallError {
  const declared = declaredModel(snapshot, identity.tenantId, name);
  const model =
    declared === undefined
      ? modelOfConnection(snapshot, identity.tenantId, name)
      : (snapshot.routes.get(declared) ?? null);
  if (model === null) return new CallError('model_not_found', { param: 'model', message: notFound(name) });
  if (!allows(allowList(snapshot, identity), name)) {
    return new CallError('model_not_allowed', {
      param: 'model',
      message: `This key may not use the model ${quoted(name)}.`,
    });
  }
  return model;
}

/** What the key may use, sorted by name: declared models, and of each connection the models the catalogue knows. */
export function listModels(snapshot: Snapshot, identity: Identity): readonly ListedModel[] {
  const allowed = allowList(snapshot, identity);
  const found = new Map<string, ListedModel>();
  const add = (model: ListedModel) => {
    if (!found.has(model.name) && allows(allowed, model.name)) found.set(model.name, model);
  };
  const own = snapshot.tenantModels.get(identity.tenantId);
  for (const models of [own, snapshot.models]) {
    for (const model of models?.values() ?? []) {
      add({ name: model.name, provider: firstProvider(snapshot, model), isDeclared: true });
    }
  }
  for (const connection of visibleConnections(snapshot, identity.tenantId)) {
    for (const model of connection.knownModels.slice(0, LIMITS.modelsPerConnectionMax)) {
      add({ name: `${connection.name}/${model}`, provider: connection.provider, isDeclared: false });
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function declaredModel(snapshot: Snapshot, tenantId: string, name: string): SnapshotModel | undefined {
  return snapshot.tenantModels.get(tenantId)?.get(name) ?? snapshot.models.get(name);
}

function modelOfConnection(snapshot: Snapshot, tenantId: string, name: string): ResolvedModel | null {
  const slash = name.indexOf('/');
  const model = name.slice(slash + 1);
  if (slash <= 0 || model === '') return null;
  const connection = visibleConnection(snapshot, tenantId, name.slice(0, slash));
  if (connection === undefined) return null;
  return snapshot.undeclared.route(connection, model, name);
}

/** Connections that the tenant can use: its own, and those of the operator that it does not hide. */
export function visibleConnections(snapshot: Snapshot, tenantId: string): readonly SnapshotConnection[] {
  return [...snapshot.connections.values()].filter(
    (connection) => visibleConnection(snapshot, tenantId, connection.name) === connection,
  );
}

/** The tenant's own connection of that name, which hides the operator's. */
export function visibleConnection(snapshot: Snapshot, tenantId: string, name: string) {
  const byName = snapshot.connectionsByName;
  return byName.get(connectionKey(tenantId, name)) ?? byName.get(connectionKey(null, name));
}

/** Null allows every model; a key whose application is gone may use none. */
export function allowList(snapshot: Snapshot, identity: Identity): readonly string[] | null {
  if (identity.isAdmin) return null;
  const application =
    identity.applicationId === null ? undefined : snapshot.applications.get(identity.applicationId);
  return application === undefined ? [] : application.models;
}

function allows(allowed: readonly string[] | null, name: string): boolean {
  if (allowed === null) return true;
  return allowed.some((entry) =>
    entry.endsWith('*') ? name.startsWith(entry.slice(0, -1)) : entry === name,
  );
}

function firstProvider(snapshot: Snapshot, model: SnapshotModel): string | null {
  const [first] = [...model.targets].sort((a, b) => a.priority - b.priority);
  if (first === undefined) return null;
  return snapshot.connections.get(first.connectionId)?.provider ?? null;
}

function notFound(name: string): string {
  return `There is no model ${quoted(name)}. GET /v1/models lists those that this key may use.`;
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 200));
}
