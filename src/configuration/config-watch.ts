import { type FSWatcher, statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';
import { SetupError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Clock } from '../ports.ts';
import { readConfigText } from './file.ts';

export interface ConfigWatchOptions {
  readonly path: string;
  /** What the start read; null when there was no file. */
  readonly knownText: string | null;
  readonly clock: Clock;
  readonly limits: Limits;
  /** May throw a SetupError to refuse it. */
  readonly onText: (text: string) => void;
  /** It is there, but cannot be read, or was refused. */
  readonly onRefused: (error: SetupError) => void;
}

/**
 * Notices that a file has other content, also when an editor or Kubernetes puts a new file in its place.
 * The folder is watched, for a watched file is gone once it is replaced; a slow poll serves file systems that
 * report nothing (NFS, some container mounts). A file that disappears changes nothing.
 */
export class ConfigWatch {
  readonly #options: ConfigWatchOptions;
  readonly #watcher: FSWatcher | null;
  readonly #stopPolling: () => void;
  #stopSettling: () => void = () => {};
  #knownText: string | null;
  #stamp: string | null;

  constructor(options: ConfigWatchOptions) {
    this.#options = options;
    this.#knownText = options.knownText;
    // Another stamp than any file's: what changed since the start read it is found by the first look.
    this.#stamp = null;
    this.#watcher = this.#watchFolder();
    this.#stopPolling = options.clock.every(options.limits.configPollMs, () => this.#poll());
    this.#settle();
  }

  close(): void {
    this.#watcher?.close();
    this.#stopPolling();
    this.#stopSettling();
  }

  #watchFolder(): FSWatcher | null {
    const { path } = this.#options;
    try {
      const watcher = watch(dirname(path), { persistent: false }, (_event, name) => {
        // Kubernetes swaps the link `..data`; the file itself is never named.
        if (name === null || name === basename(path) || name.startsWith('..')) this.#settle();
      });
      watcher.on('error', () => watcher.close());
      return watcher;
    } catch {
      return null;
    }
  }

  #poll(): void {
    if (stampOf(this.#options.path) !== this.#stamp) this.#settle();
  }

  #settle(): void {
    this.#stopSettling();
    this.#stopSettling = this.#options.clock.after(this.#options.limits.configSettleMs, () => this.#look());
  }

  #look(): void {
    const { path, onText, onRefused } = this.#options;
    this.#stamp = stampOf(path);
    if (this.#stamp === null) return;
    try {
      const text = readConfigText(path);
      if (text === this.#knownText) return;
      this.#knownText = text;
      onText(text);
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      onRefused(error);
    }
  }
}

/** What changes when a file is written or replaced; null when there is none. */
function stampOf(path: string): string | null {
  try {
    const { ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    return `${ino} ${size} ${mtimeNs} ${ctimeNs}`;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    return code === 'ENOENT' ? null : code;
  }
}
