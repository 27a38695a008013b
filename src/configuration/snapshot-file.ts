import { randomBytes } from 'node:crypto';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ConfigurationRows } from '../db/queries/configuration-read.ts';
import type { Cipher } from './credential-cipher.ts';

const FILE_NAME = 'configuration.snapshot';

/** Part of what is authenticated: a file of another format does not open. Raise it when the rows change shape. */
const FORMAT = 'configuration rows 1';

const source = z.enum(['file', 'environment', 'graph']);
const rowsSchema = z.object({
  version: z.number(),
  tenants: z.array(z.object({ id: z.string(), name: z.string(), source })),
  applications: z.array(
    z.object({
      tenant_id: z.string(),
      id: z.string(),
      name: z.string(),
      models: z.array(z.string()).nullable(),
      source,
    }),
  ),
  keys: z.array(
    z.object({
      tenant_id: z.string(),
      id: z.string(),
      application_id: z.string().nullable(),
      is_admin: z.boolean(),
      hash: z.string(),
      prefix: z.string(),
      source,
      is_revoked: z.boolean(),
    }),
  ),
  connections: z.array(
    z.object({
      id: z.string(),
      tenant_id: z.string().nullable(),
      name: z.string(),
      provider: z.string(),
      protocol: z.string(),
      base_url: z.string().nullable(),
      credential: z.string().nullable(),
      credential_key_id: z.string().nullable(),
      api_version: z.string().nullable().default(null),
      models: z.array(z.string()).nullable().default(null),
      source,
    }),
  ),
  models: z.array(
    z.object({
      id: z.string(),
      tenant_id: z.string().nullable(),
      name: z.string(),
      strategy: z.string(),
      source,
      targets: z.array(
        z.object({
          connection_id: z.string(),
          model: z.string(),
          priority: z.number(),
          weight: z.number(),
        }),
      ),
    }),
  ),
  prices: z
    .array(
      z.object({
        id: z.string(),
        connection_id: z.string().nullable(),
        provider: z.string().nullable(),
        model: z.string(),
        holds_from: z.string().nullable(),
        input_pico: z.string().nullable(),
        output_pico: z.string().nullable(),
        cached_input_pico: z.string().nullable(),
        cache_write_pico: z.string().nullable(),
        cache_write_1h_pico: z.string().nullable(),
        reasoning_pico: z.string().nullable(),
        audio_input_pico: z.string().nullable(),
        audio_output_pico: z.string().nullable(),
        request_pico: z.string().nullable(),
        source,
      }),
    )
    .default([]),
  allowPrivate: z.array(z.string()),
  keepsBodies: z.boolean().default(false),
  environmentTaken: z.array(z.string()),
}) satisfies z.ZodType<ConfigurationRows>;

/**
 * Keeps the rows of the last good snapshot in the data dir, encrypted, mode 0600. Replaced by rename, so that
 * a crash leaves the old file or the new one.
 */
export async function writeSnapshotFile(
  dataDir: string,
  cipher: Cipher,
  rows: ConfigurationRows,
): Promise<void> {
  const path = join(dataDir, FILE_NAME);
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(cipher.seal(JSON.stringify(rows), FORMAT));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** The rows that `writeSnapshotFile` kept, or why there are none. */
export async function readSnapshotFile(dataDir: string, cipher: Cipher): Promise<ConfigurationRows | string> {
  const path = join(dataDir, FILE_NAME);
  let sealed: string;
  try {
    sealed = await readFile(path, 'utf8');
  } catch {
    return `there is no readable ${path}`;
  }
  const text = cipher.open(sealed, FORMAT);
  if (text === null) return `${path} is damaged, or of another version or master key`;
  const parsed = rowsSchema.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : `${path} has another form`;
}
