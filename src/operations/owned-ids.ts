/**
 * Ids of files and batches as callers see them: `connection~proof~id`. The connection's name finds the way back,
 * and the proof (HMAC-SHA256, RFC 2104, cut to 72 bits) shows that the id was given to this tenant: one account
 * at a provider may serve several tenants, and its ids alone would open each other's files.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { SnapshotConnection } from '../tenancy/snapshot.ts';

const PROOF_BYTES = 9;
const MARK_BYTES = 8;
const SEPARATOR = '~';
const ID_CHARS_MAX = 512;

/** Whose: of which tenant, at which connection. */
export interface Owner {
  readonly tenantId: string;
  readonly connection: SnapshotConnection;
}

export interface OwnedId {
  /** The connection's name. */
  readonly connection: string;
  /** The upstream's own id. */
  readonly id: string;
  readonly proof: string;
}

export class OwnedIds {
  readonly #key: Buffer;

  /** `key`: 32 secret bytes, the same in all processes and after a restart. */
  constructor(key: Buffer) {
    this.#key = key;
  }

  wrap(owner: Owner, id: string): string {
    return [owner.connection.name, this.#proof(owner, id), id].join(SEPARATOR);
  }

  /** Whether the id was given to this owner. */
  proves({ proof, id }: OwnedId, owner: Owner): boolean {
    const wanted = Buffer.from(this.#proof(owner, id));
    const given = Buffer.from(proof);
    return given.length === wanted.length && timingSafeEqual(given, wanted);
  }

  /** A word that marks an owner's things at a provider; 16 hexadecimal digits that tell nobody who it is. */
  mark(owner: Owner): string {
    return this.#hmac('mark', owner, '').subarray(0, MARK_BYTES).toString('hex');
  }

  #proof(owner: Owner, id: string): string {
    return this.#hmac('id', owner, id).subarray(0, PROOF_BYTES).toString('base64url');
  }

  #hmac(purpose: string, { tenantId, connection }: Owner, id: string): Buffer {
    return createHmac('sha256', this.#key).update([purpose, tenantId, connection.id, id].join('\n')).digest();
  }
}

/** The parts of an id that `wrap` made; null for any other text. The proof is not checked here. */
export function unwrapId(text: string): OwnedId | null {
  if (text.length > ID_CHARS_MAX) return null;
  const first = text.indexOf(SEPARATOR);
  const second = text.indexOf(SEPARATOR, first + 1);
  if (first <= 0 || second === -1 || second === text.length - 1) return null;
  return {
    connection: text.slice(0, first),
    proof: text.slice(first + 1, second),
    id: text.slice(second + 1),
  };
}
