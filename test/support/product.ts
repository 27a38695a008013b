import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../src/package-root.ts';

export const ADMIN_KEY = 'sk-test-admin-key-0001';
export const APP_KEY = 'sk-test-application-key-0001';

export interface ProductOptions {
  /** Text of sluice.yaml. */
  readonly config?: string;
  /** Undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** An earlier product's folder, to start on what it left. */
  readonly folder?: string;
  /** Arguments of Node before the script. */
  readonly nodeArguments?: readonly string[];
}

/** The real program as a child process, in a folder of its own. */
export interface Product {
  readonly child: ChildProcess;
  readonly folder: string;
  readonly baseUrl: string;
  readonly port: number;
  /** Standard output and standard error so far. */
  readonly output: () => string;
  readonly logs: () => string[];
  writeConfig(text: string): void;
  /** Resolves with the exit code, or the signal's name. */
  readonly exited: Promise<number | string>;
  kill(signal: NodeJS.Signals): Promise<number | string>;
  /** SIGTERM if it still runs, and removal of the folder. */
  dispose(): Promise<void>;
}

/** A folder for a product; removed by `dispose`. */
export function productFolder(): string {
  return mkdtempSync(join(tmpdir(), 'sluice-product-'));
}

/** Starts the program and resolves when it has printed that it is ready. Rejects with its output when it exits before. */
export async function startProduct(options: ProductOptions = {}): Promise<Product> {
  const folder = options.folder ?? productFolder();
  const configPath = join(folder, 'sluice.yaml');
  if (options.config !== undefined) writeFileSync(configPath, options.config);
  const child = spawn(
    process.execPath,
    [...(options.nodeArguments ?? []), join(packageRoot(), 'bin/sluice.js')],
    {
      cwd: folder,
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: process.env['HOME'] ?? '',
        PORT: '0',
        SLUICE_DATA_DIR: join(folder, 'data'),
        SLUICE_ADMIN_KEY: ADMIN_KEY,
        SLUICE_MASTER_KEY: 'a passphrase for tests only',
        ...options.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let stdout = '';
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const exited = new Promise<number | string>((resolve) => {
    child.on('exit', (code, signal) => resolve(signal ?? code ?? -1));
  });
  const baseUrl = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      const found = /GraphQL\s+(http:\/\/\S+)\/graphql/.exec(stdout);
      if (found?.[1] !== undefined) resolve(found[1]);
    });
    void exited.then((code) => reject(new Error(`the product ended with ${code}\n${stdout}${stderr}`)));
  });
  return {
    child,
    folder,
    baseUrl,
    port: Number(new URL(baseUrl).port),
    output: () => stdout + stderr,
    logs: () => stderr.split('\n').filter((line) => line !== ''),
    writeConfig: (text) => writeFileSync(configPath, text),
    exited,
    kill(signal) {
      child.kill(signal);
      return exited;
    },
    async dispose() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await exited;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
