import type { Limits } from '../limits.ts';
import type { Clock, Ids, Log } from '../ports.ts';
import type { Snapshot } from '../tenancy/snapshot.ts';
import type { GraphqlServices } from './context.ts';
import type { Engine } from './engine.ts';

/** What the transports need. */
export interface GraphqlPorts {
  readonly engine: Engine;
  readonly services: GraphqlServices;
  readonly snapshot: () => Snapshot;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly isDevelopment: boolean;
  /** In production the schema is shown to identified callers only. */
  readonly isSchemaPublic: boolean;
}
