import type { Kysely, Transaction } from 'kysely';
import type { Database } from '../db/database.ts';
import { readConfigurationIn } from '../db/queries/configuration-read.ts';
import { withConfigurationLock, writeConfiguration } from '../db/queries/configuration-write.ts';
import { SetupError } from '../errors.ts';
import type { Ids, Random } from '../ports.ts';
import { findProvider } from '../providers/catalogue.ts';
import { adminChanges } from './admin-changes.ts';
import { type CollectedChanges, isEmpty } from './changes.ts';
import type { Cipher } from './credential-cipher.ts';
import type { FoundProvider } from './environment.ts';
import { environmentChanges } from './environment-changes.ts';
import { fileChanges } from './file-changes.ts';
import type { ConfigFile } from './file-schema.ts';

export interface ApplyInputs {
  /** Null leaves what an earlier file made as it is. */
  readonly file: { readonly path: string; readonly content: ConfigFile } | null;
  readonly found: readonly FoundProvider[];
  /** SLUICE_ADMIN_KEY. */
  readonly adminKey: string | null;
  readonly cipher: Cipher;
  readonly ids: Ids;
  readonly random: Random;
}

export interface Applied {
  /** The admin key in clear, when one was made now. */
  readonly generatedAdminKey: string | null;
  /** False when everything was as wanted; then nobody is woken. */
  readonly hasChanged: boolean;
}

/**
 * Brings the database to what settings, sluice.yaml and environment want, in one transaction and alone among
 * all processes. Applying the same again changes nothing. Where two processes have different files for one
 * database, the one that applied last wins.
 * Throws a SetupError, and changes nothing, when the file contradicts what is in the database.
 */
export function applyConfiguration(db: Kysely<Database>, inputs: ApplyInputs): Promise<Applied> {
  return withConfigurationLock(db, async (transaction) => {
    const admin = adminChanges(await readConfigurationIn(transaction), inputs.adminKey, inputs);
    if (admin.mistake !== null) throw new SetupError(admin.mistake);
    const steps = [
      await write(transaction, admin.changes),
      await applyFile(transaction, inputs),
      await applyEnvironment(transaction, inputs),
    ];
    return { generatedAdminKey: admin.generatedKey, hasChanged: steps.includes(true) };
  });
}

async function applyFile(transaction: Transaction<Database>, inputs: ApplyInputs): Promise<boolean> {
  if (inputs.file === null) return false;
  const { path, content } = inputs.file;
  const { changes, mistakes } = fileChanges(await readConfigurationIn(transaction), content, inputs);
  if (mistakes.length > 0) throw new SetupError(mistakes.map((mistake) => `${path} ${mistake}`).join('\n'));
  return write(transaction, changes);
}

async function applyEnvironment(transaction: Transaction<Database>, inputs: ApplyInputs): Promise<boolean> {
  const demo = findProvider('demo');
  if (demo === undefined) return false;
  const rows = await readConfigurationIn(transaction);
  return write(transaction, environmentChanges(rows, inputs.found, demo, inputs));
}

async function write(transaction: Transaction<Database>, changes: CollectedChanges): Promise<boolean> {
  if (isEmpty(changes)) return false;
  await writeConfiguration(transaction, changes);
  return true;
}
