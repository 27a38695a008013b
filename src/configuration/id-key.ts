import { hkdfSync } from 'node:crypto';

/** The key that proves ids of files and batches (`operations/owned-ids.ts`), derived from the master key (RFC 5869). */
export function idKeyOf(masterKey: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', masterKey, '', 'sluice ids', 32));
}
