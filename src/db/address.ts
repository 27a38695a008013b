import { readFileSync } from 'node:fs';
import { SetupError } from '../errors.ts';

/** Where a Postgres is and how to log in: plain data that can be sent to worker threads, and a `pg` ClientConfig. */
export interface DatabaseAddress {
  /** A host name or address, or the folder of a unix socket (starts with `/`). */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password?: string;
  readonly database: string;
  /** Absent: no TLS. */
  readonly ssl?: DatabaseTls;
}

export interface DatabaseTls {
  /** False: encrypted, but anybody may be at the other end. */
  readonly rejectUnauthorized: boolean;
  /** PEM. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Parameters that are taken; the last three change nothing here (the gateway sets its own). */
const PARAMETERS = [
  'host',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'application_name',
  'connect_timeout',
  'channel_binding',
];

const NO_HOST = 'no-host.invalid';
const EXPECTED = 'expected postgres://user:password@host:5432/database';

/**
 * Reads DATABASE_URL, a connection URI as libpq takes it
 * (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING-URIS), with one host.
 * Throws a {@link SetupError} that never repeats the password.
 */
export function parseDatabaseUrl(url: string): DatabaseAddress {
  // libpq takes `user@/database?host=…`, a URL must have a host after its user.
  const whole = url.replace(/^(\w+:\/\/[^/?#]*@)(?=\/)/, `$1${NO_HOST}`);
  const parsed = URL.canParse(whole) ? new URL(whole) : null;
  if (parsed === null || !/^postgres(ql)?:$/.test(parsed.protocol)) {
    throw new SetupError(`DATABASE_URL is not the address of a Postgres; ${EXPECTED}`);
  }
  const unknown = [...parsed.searchParams.keys()].find((name) => !PARAMETERS.includes(name));
  if (unknown !== undefined) {
    throw new SetupError(
      `DATABASE_URL has the unknown parameter ${unknown}; known are ${PARAMETERS.join(', ')}`,
    );
  }
  const inPlace = parsed.hostname === NO_HOST ? '' : parsed.hostname.replace(/^\[(.*)\]$/, '$1');
  const host = parsed.searchParams.get('host') ?? decoded(inPlace, 'host');
  const user = decoded(parsed.username, 'user');
  const password = decoded(parsed.password, 'password');
  const database = decoded(parsed.pathname.slice(1), 'database');
  for (const [name, value] of Object.entries({ host, user, database })) {
    if (value === '') throw new SetupError(`DATABASE_URL names no ${name}; ${EXPECTED}`);
  }
  if (host.includes(',')) throw new SetupError('DATABASE_URL names several hosts; expected one');
  const ssl = parseTls(parsed.searchParams);
  return {
    host,
    port: parsed.port === '' ? 5432 : Number(parsed.port),
    user,
    ...(password === '' ? {} : { password }),
    database,
    ...(ssl === null ? {} : { ssl }),
  };
}

function decoded(part: string, name: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new SetupError(`DATABASE_URL has a broken percent encoding in its ${name}`);
  }
}

/** `prefer` and `allow` promise nothing in libpq either; here they mean no TLS. `require` does not verify. */
function parseTls(parameters: URLSearchParams): DatabaseTls | null {
  const mode = parameters.get('sslmode') ?? 'prefer';
  if (mode === 'disable' || mode === 'allow' || mode === 'prefer') return null;
  if (mode !== 'require' && mode !== 'verify-ca' && mode !== 'verify-full') {
    throw new SetupError(
      `DATABASE_URL has sslmode=${mode}; expected disable, allow, prefer, require, verify-ca or verify-full`,
    );
  }
  const ca = pemOf(parameters, 'sslrootcert');
  const cert = pemOf(parameters, 'sslcert');
  const key = pemOf(parameters, 'sslkey');
  return {
    rejectUnauthorized: mode !== 'require',
    ...(ca === null ? {} : { ca }),
    ...(cert === null ? {} : { cert }),
    ...(key === null ? {} : { key }),
  };
}

function pemOf(parameters: URLSearchParams, name: string): string | null {
  const file = parameters.get(name);
  // libpq's word for the authorities that the system trusts, which is what Node does by itself.
  if (file === null || file === 'system') return null;
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new SetupError(`DATABASE_URL has ${name}=${file}, which cannot be read`, { cause: error });
  }
}
