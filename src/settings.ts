import { isAbsolute, resolve } from 'node:path';
import { z } from 'zod';
import { SetupError } from './errors.ts';

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface Settings {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Absolute. */
  readonly dataDir: string;
  /** Null: the embedded Postgres. Holds a password. */
  readonly databaseUrl: string | null;
  /** May hold a password. */
  readonly redisUrl: string | null;
  /** sluice.yaml, absolute; only a path that was asked for must exist. */
  readonly config: { readonly path: string; readonly isRequired: boolean };
  /** Null: one is generated on the first start. */
  readonly adminKey: string | null;
  /** As written; `loadMasterKey` makes a key of it. Null: generated into the data dir. */
  readonly masterKey: string | null;
  readonly workers: number;
  readonly logLevel: LogLevel;
  readonly isDevelopment: boolean;
}

const SECRET_CHARS_MIN = 16;
const WORKERS_MAX = 64;

/** Unset and empty are the same: what compose files make of `${NAME:-}`. Not for secrets, where empty is a mistake. */
const optional = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema);

const wholeNumber = (min: number, max: number, fallback: number) => {
  const expected = `expected a whole number from ${min} to ${max}`;
  return optional(
    z
      .string()
      .regex(/^\d{1,9}$/, expected)
      .transform(Number)
      .refine((value) => value >= min && value <= max, expected)
      .default(fallback),
  );
};

const secret = z
  .string()
  .regex(
    new RegExp(`^[\\x21-\\x7e]{${SECRET_CHARS_MIN},4096}$`),
    `expected ${SECRET_CHARS_MIN} to 4096 printable ASCII characters without spaces; unset it to have one generated`,
  )
  .optional();

const passphrase = z
  .string()
  .refine(
    (value) => value.trim().length >= SECRET_CHARS_MIN,
    `expected 32 bytes in hex or base64, or a passphrase of at least ${SECRET_CHARS_MIN} characters; unset it to have one generated`,
  )
  .optional();

const url = (protocols: readonly string[]) =>
  z
    .string()
    .refine(
      (value) => URL.canParse(value) && protocols.includes(new URL(value).protocol),
      `expected a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}; unset it for none`,
    )
    .optional();

const schema = z.object({
  HOST: optional(
    z
      .string()
      .regex(/^[A-Za-z0-9.:_-]{1,253}$/, 'expected a host name or an IP address')
      .default('127.0.0.1'),
  ),
  PORT: wholeNumber(0, 65_535, 4000),
  SLUICE_DATA_DIR: optional(z.string().default('.sluice')),
  DATABASE_URL: url(['postgres:', 'postgresql:']),
  REDIS_URL: url(['redis:', 'rediss:']),
  SLUICE_CONFIG: optional(z.string().optional()),
  SLUICE_ADMIN_KEY: secret,
  SLUICE_MASTER_KEY: passphrase,
  SLUICE_WORKERS: wholeNumber(1, WORKERS_MAX, 1),
  LOG_LEVEL: optional(z.enum(LOG_LEVELS, `expected one of ${LOG_LEVELS.join(', ')}`).default('info')),
});

/**
 * The program's settings from its environment; relative paths are below `cwd`.
 * Throws a SetupError that lists every mistake, one line each, and repeats no value.
 */
export function readSettings(env: Readonly<Record<string, string | undefined>>, cwd: string): Settings {
  const parsed = schema.safeParse(env);
  if (!parsed.success) {
    const mistakes = parsed.error.issues.map((issue) => `${String(issue.path[0])}: ${issue.message}`);
    throw new SetupError(mistakes.join('\n'));
  }
  const values = parsed.data;
  const path = (name: string) => (isAbsolute(name) ? name : resolve(cwd, name));
  return {
    host: values.HOST,
    port: values.PORT,
    dataDir: path(values.SLUICE_DATA_DIR),
    databaseUrl: values.DATABASE_URL ?? null,
    redisUrl: values.REDIS_URL ?? null,
    config: {
      path: path(values.SLUICE_CONFIG ?? 'sluice.yaml'),
      isRequired: values.SLUICE_CONFIG !== undefined,
    },
    adminKey: values.SLUICE_ADMIN_KEY ?? null,
    masterKey: values.SLUICE_MASTER_KEY ?? null,
    workers: values.SLUICE_WORKERS,
    logLevel: values.LOG_LEVEL,
    isDevelopment: isDevelopment(env['NODE_ENV'], values.HOST),
  };
}

/** Without NODE_ENV only a gateway that no other machine reaches is taken for a developer's. */
function isDevelopment(nodeEnv: string | undefined, host: string): boolean {
  if (nodeEnv !== undefined && nodeEnv !== '') return nodeEnv === 'development' || nodeEnv === 'test';
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
