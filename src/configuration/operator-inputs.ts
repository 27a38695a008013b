import { existsSync } from 'node:fs';
import type { SetupError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Clock, Ids, Log, Random } from '../ports.ts';
import { findProvider } from '../providers/catalogue.ts';
import type { Settings } from '../settings.ts';
import type { ApplyInputs } from './apply.ts';
import { ConfigWatch } from './config-watch.ts';
import type { Cipher } from './credential-cipher.ts';
import { findProviderKeys, probeOllama } from './environment.ts';
import { parseConfigFile, readConfigText } from './file.ts';
import type { Environment } from './interpolate.ts';

export interface OperatorInputsOptions {
  readonly settings: Pick<Settings, 'config' | 'adminKey'>;
  readonly env: Environment;
  readonly cipher: Cipher;
  readonly ids: Ids;
  readonly random: Random;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly log: Log;
}

/** What the operator wants, from settings, environment and sluice.yaml, and the file's later versions. */
export class OperatorInputs {
  readonly #options: OperatorInputsOptions;
  readonly #text: string | null;
  #current: ApplyInputs;
  #watch: ConfigWatch | null = null;
  #rejectedTotal = 0;

  private constructor(options: OperatorInputsOptions, text: string | null, current: ApplyInputs) {
    this.#options = options;
    this.#text = text;
    this.#current = current;
  }

  /** Reads everything once. Throws a SetupError when sluice.yaml has mistakes or is missing though asked for. */
  static async open(options: OperatorInputsOptions): Promise<OperatorInputs> {
    const { settings, env, cipher, ids, random, limits } = options;
    const { path, isRequired } = settings.config;
    const text = isRequired || existsSync(path) ? readConfigText(path) : null;
    const file = text === null ? null : { path, content: parseConfigFile(path, text, env) };
    const ollama = findProvider('ollama');
    const hasOllama = ollama !== undefined && (await probeOllama(limits.ollamaProbeTimeoutMs));
    const found = [
      ...findProviderKeys(env),
      ...(hasOllama ? [{ provider: ollama, apiKey: null, baseUrl: ollama.baseUrl }] : []),
    ];
    const current = { file, found, adminKey: settings.adminKey, cipher, ids, random };
    return new OperatorInputs(options, text, current);
  }

  get current(): ApplyInputs {
    return this.#current;
  }

  /** Versions of the file that were refused since the start. */
  get rejectedTotal(): number {
    return this.#rejectedTotal;
  }

  /** Calls back with each valid new version of the file; an invalid one is rejected whole. */
  watch(onChange: (inputs: ApplyInputs) => void): void {
    const { settings, env, clock, limits } = this.#options;
    const { path } = settings.config;
    this.#watch = new ConfigWatch({
      path,
      knownText: this.#text,
      clock,
      limits,
      onText: (text) => {
        const content = parseConfigFile(path, text, env);
        this.#current = { ...this.#current, file: { path, content } };
        onChange(this.#current);
      },
      onRefused: (error) => this.reject(error),
    });
  }

  reject(error: SetupError): void {
    this.#rejectedTotal += 1;
    this.#options.log.error(
      { mistakes: error.message.split('\n') },
      'the configuration was rejected; the previous one stays in force',
    );
  }

  close(): void {
    this.#watch?.close();
  }
}
