import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const src = join(root, 'src');

interface SourceFile {
  /** Below src/, with slashes. */
  readonly path: string;
  readonly text: string;
  /** What it imports at run time: paths below src/ for its own files, package names for the rest. */
  readonly imports: readonly string[];
}

const files: SourceFile[] = readdirSync(src, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => {
    const file = join(entry.parentPath, entry.name);
    const text = readFileSync(file, 'utf8');
    return { path: relative(src, file), text, imports: runtimeImports(file, text) };
  });

function runtimeImports(file: string, text: string): string[] {
  const found: string[] = [];
  for (const [, clause = '', specifier = ''] of text.matchAll(
    /^(?:import|export)\s+([^;'"]*?)\s*(?:from\s+)?['"]([^'"]+)['"]/gm,
  )) {
    const isTypeOnly = clause.startsWith('type ') || /^\{(\s*type\s[^,}]+,?)+\s*\}$/.test(clause);
    if (isTypeOnly) continue;
    found.push(specifier.startsWith('.') ? relative(src, join(dirname(file), specifier)) : specifier);
  }
  return found;
}

/** Which folder (or file) may use which others at run time; itself always. Follow the arrows in ARCHITECTURE.md. */
const BASE = ['bag.ts', 'errors.ts', 'limits.ts', 'ports.ts', 'package-root.ts'];
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'bag.ts': [],
  'errors.ts': [],
  'limits.ts': [],
  'ports.ts': [],
  'package-root.ts': ['errors.ts'],
  'settings.ts': BASE,
  'log.ts': BASE,
  'shutdown.ts': [],
  protocols: BASE,
  providers: [...BASE, 'protocols'],
  db: [...BASE],
  demo: BASE,
  tenancy: [...BASE, 'protocols', 'providers'],
  operations: [...BASE, 'protocols', 'providers', 'tenancy'],
  policies: BASE,
  calls: [...BASE, 'db', 'protocols', 'providers'],
  upstream: [...BASE, 'protocols', 'tenancy'],
  configuration: [...BASE, 'db', 'protocols', 'providers', 'tenancy', 'upstream', 'shutdown.ts'],
  relay: [...BASE, 'protocols', 'operations', 'upstream'],
  tokens: [...BASE, 'protocols'],
  'call.ts': [...BASE, 'call', 'policies', 'relay', 'tenancy', 'upstream'],
  call: [...BASE, 'call.ts', 'calls', 'protocols', 'relay', 'tokens', 'upstream'],
  http: [...BASE, 'call.ts', 'calls', 'operations', 'protocols', 'tenancy', 'upstream'],
  graphql: [...BASE, 'calls', 'db', 'http', 'operations', 'protocols', 'providers', 'tenancy'],
  'metrics.ts': ['latency-histogram.ts'],
  'latency-histogram.ts': [],
  'idle-collection.ts': [],
  'drain.ts': [...BASE, 'shutdown.ts'],
};

function unitOf(path: string): string {
  return path.includes('/') ? (path.split('/')[0] ?? path) : path;
}

describe('architecture', () => {
  it('imports follow the arrows', () => {
    const wrong: string[] = [];
    for (const file of files) {
      const unit = unitOf(file.path);
      const allowed = ALLOWED[unit];
      if (allowed === undefined) continue;
      for (const target of file.imports.filter((each) => each.endsWith('.ts')).map(unitOf)) {
        if (target !== unit && !allowed.includes(target)) wrong.push(`${file.path} → ${target}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('every folder of src has its row', () => {
    const composition = ['main.ts', 'gateway.ts', 'process'];
    const known = new Set([...Object.keys(ALLOWED), ...composition]);
    expect([...new Set(files.map((file) => unitOf(file.path)))].filter((unit) => !known.has(unit))).toEqual(
      [],
    );
  });

  it('protocols, operations, providers and policies do no input or output and never wait', () => {
    const pure = files.filter((file) =>
      ['protocols', 'operations', 'providers', 'policies'].includes(unitOf(file.path)),
    );
    const io =
      /^(?:node:(?:fs|net|http|https|tls|dns|child_process|worker_threads|timers).*|undici|pg|kysely|ws)$/;
    expect(
      pure.filter((file) => file.imports.some((name) => io.test(name))).map((file) => file.path),
    ).toEqual([]);
    expect(
      pure.filter((file) => /\basync\b|\bawait\b|new Promise/.test(file.text)).map((file) => file.path),
    ).toEqual([]);
  });

  it('A02 SQL text stands only below db, and in the writer of records', () => {
    const mayHoldSql = (path: string) => path.startsWith('db/') || /^calls\/drain/.test(path);
    const users = files.filter((file) =>
      file.imports.some((name) => name === 'pg' || name === 'pg-copy-streams'),
    );
    expect(
      users
        .filter((file) => !mayHoldSql(file.path) && !/^configuration\//.test(file.path))
        .map((f) => f.path),
    ).toEqual([]);
    const raw = files.filter(
      (file) => /\bsql\.(?:raw|lit)\b|\bsql`/.test(file.text) && !file.path.startsWith('db/'),
    );
    expect(raw.map((file) => file.path)).toEqual([]);
    const unsafe = files.filter((file) => /\bsql\.raw\b|\bsql\.lit\b/.test(file.text));
    expect(unsafe.map((file) => file.path)).toEqual([]);
  });

  it('S09 processes are started only for the embedded Postgres and the workers', () => {
    const starters = files.filter((file) =>
      file.imports.some((name) => /child_process|node:cluster/.test(name)),
    );
    const allowed = (path: string) => /^(?:db\/|process\/|main\.ts)/.test(path);
    expect(starters.filter((file) => !allowed(file.path)).map((file) => file.path)).toEqual([]);
  });

  it('modules hold no mutable state', () => {
    const stateful = files.filter((file) => /^(?:export )?(?:let|var) /m.test(file.text));
    expect(stateful.map((file) => file.path)).toEqual([]);
  });

  it('files stay small', () => {
    const lines = files.map((file) => file.text.split('\n').length).sort((a, b) => a - b);
    // A table is read by the row.
    const code = files.filter((file) => file.path !== 'protocols/fields.ts');
    expect(code.filter((file) => file.text.split('\n').length > 310).map((file) => file.path)).toEqual([]);
    expect(lines[Math.floor(lines.length / 2)]).toBeLessThan(100);
  });

  it('every runtime dependency has its reason in ARCHITECTURE.md, and an exact version', () => {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
      string,
      Record<string, string>
    >;
    const reasons = readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8');
    const names = Object.keys({ ...manifest['dependencies'] });
    expect(names.filter((name) => !reasons.includes(`\`${name}\``))).toEqual([]);
    const versions = Object.entries({
      ...manifest['dependencies'],
      ...manifest['devDependencies'],
      ...manifest['optionalDependencies'],
    });
    expect(
      versions.filter(([, version]) => !/^(?:npm:[\w@/-]+@)?\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version)),
    ).toEqual([]);
  });
});
