import { CallError } from '../errors.ts';
import { usableConnections } from '../tenancy/connections.ts';
import { resolveModel } from '../tenancy/models.ts';
import { type ResolvedModel, targetOf } from '../tenancy/routes.ts';
import type { Identity, Snapshot, SnapshotConnection } from '../tenancy/snapshot.ts';
import { hasEndpoint } from './endpoints.ts';
import type { Operation } from './operation.ts';

/** How a caller says which connection is meant; null for what it did not say. */
export interface ConnectionHint {
  readonly connection: string | null;
  /** A model: the connection of its first target that has the endpoint. */
  readonly model: string | null;
}

/** Finds the connection of a task that belongs to one. */
export type Choose = (snapshot: Snapshot, identity: Identity) => SnapshotConnection | CallError;

/** `chooseConnection` for this operation and hint. */
export function byHint(operation: Operation, hint: ConnectionHint): Choose {
  return (snapshot, identity) => chooseConnection(snapshot, identity, operation, hint);
}

/**
 * The connection that a caller's files or batches are at: the one it names, or that of the model it names, or
 * the only one there is.
 * Errors: `not_found` for one that the key may not use as a whole, those of `resolveModel`, `endpoint_unsupported`,
 * `invalid_request` where several would do.
 */
function chooseConnection(
  snapshot: Snapshot,
  identity: Identity,
  operation: Operation,
  hint: ConnectionHint,
): SnapshotConnection | CallError {
  const usable = usableConnections(snapshot, identity);
  if (hint.connection !== null) {
    const named = usable.find(({ name }) => name === hint.connection);
    if (named === undefined) return noConnection(hint.connection);
    return hasEndpoint(named, operation)
      ? named
      : unsupported(`The connection "${named.name}" does not have`, operation);
  }
  if (hint.model !== null) return connectionOfModel(snapshot, identity, operation, hint.model, usable);
  const able = usable.filter((connection) => hasEndpoint(connection, operation));
  const [only, ...others] = able;
  if (only === undefined) return unsupported('No connection that this key may use as a whole has', operation);
  if (others.length === 0) return only;
  return new CallError('invalid_request', {
    param: 'connection',
    message: `Several connections have this endpoint: say which with the header "x-sluice-connection" or the query parameter "connection". There are ${able.map(({ name }) => name).join(', ')}.`,
  });
}

function connectionOfModel(
  snapshot: Snapshot,
  identity: Identity,
  operation: Operation,
  name: string,
  usable: readonly SnapshotConnection[],
): SnapshotConnection | CallError {
  const model = resolveModel(snapshot, identity, name);
  if (model instanceof CallError) return model;
  const targets = [...model.targets].sort((a, b) => a.priority - b.priority);
  const found = targets.find(
    ({ connection }) => hasEndpoint(connection, operation) && usable.includes(connection),
  );
  return (
    found?.connection ?? unsupported(`No connection of the model ${JSON.stringify(name)} has`, operation)
  );
}

/** A connection as what a call goes to; its name alone is the target's. */
export function routeTo(connection: SnapshotConnection): ResolvedModel {
  const target = targetOf(connection, { model: '', priority: 1, weight: 1 });
  return { name: connection.name, strategy: 'priority', targets: [{ ...target, name: connection.name }] };
}

function noConnection(name: string): CallError {
  return new CallError('not_found', {
    param: 'connection',
    message: `There is no connection ${JSON.stringify(name.slice(0, 200))} of which this key may use every model.`,
  });
}

function unsupported(what: string, operation: Operation): CallError {
  return new CallError('endpoint_unsupported', { message: `${what} the endpoint for ${operation}.` });
}
