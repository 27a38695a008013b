import type { ConnectionRow } from '../db/queries/configuration-read.ts';
import type { Ids } from '../ports.ts';
import type { CollectedChanges } from './changes.ts';
import { type Cipher, credentialContext } from './credential-cipher.ts';
import type { ConfigConnection } from './file-schema.ts';

export interface RowPorts {
  readonly cipher: Cipher;
  readonly ids: Ids;
}

/**
 * Collects what makes the operator's connection of this name be as wanted: a new row, a changed one, or
 * nothing when it is so already. A credential that can no longer be opened is sealed anew.
 */
export function wantConnection(
  existing: ConnectionRow | undefined,
  wanted: ConfigConnection,
  source: 'file' | 'environment',
  ports: RowPorts,
  changes: CollectedChanges,
): string {
  const id = existing?.id ?? ports.ids.next();
  const owner = { id, tenantId: null, baseUrl: wanted.baseUrl };
  const plain = {
    id,
    tenant_id: null,
    name: wanted.name,
    provider: wanted.provider,
    protocol: wanted.protocol,
    base_url: wanted.baseUrl,
    api_version: wanted.apiVersion,
    models: wanted.models,
    source,
  };
  if (existing !== undefined && isAsWanted(existing, plain, wanted.apiKey, ports.cipher)) return id;
  const row: ConnectionRow = {
    ...plain,
    credential: wanted.apiKey === null ? null : ports.cipher.seal(wanted.apiKey, credentialContext(owner)),
    credential_key_id: wanted.apiKey === null ? null : ports.cipher.keyId,
  };
  changes.connections[existing === undefined ? 'insert' : 'update'].push(row);
  return id;
}

type PlainRow = Omit<ConnectionRow, 'credential' | 'credential_key_id'>;

function isAsWanted(
  existing: ConnectionRow,
  plain: PlainRow,
  apiKey: string | null,
  cipher: Cipher,
): boolean {
  const { credential, credential_key_id, ...stored } = existing;
  const isSame = (Object.keys(plain) as (keyof PlainRow)[]).every((column) =>
    column === 'models' ? isSameList(stored.models, plain.models) : stored[column] === plain[column],
  );
  if (!isSame || credential === null || apiKey === null) return isSame && credential === apiKey;
  if (credential_key_id !== cipher.keyId) return false;
  const owner = { id: existing.id, tenantId: existing.tenant_id, baseUrl: existing.base_url };
  return cipher.open(credential, credentialContext(owner)) === apiKey;
}

function isSameList(a: readonly string[] | null, b: readonly string[] | null): boolean {
  if (a === null || b === null) return a === b;
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
