import { ADMIN_KEY, APP_KEY } from './product.ts';

export interface ConfigConnection {
  readonly name: string;
  readonly protocol: 'openai-chat' | 'openai-responses' | 'anthropic-messages' | 'gemini' | 'cohere-chat';
  /** Of the server; the protocol's prefix is added. */
  readonly port: number;
  readonly secret?: string;
  readonly scheme?: 'http' | 'https';
}

export interface ConfigModel {
  readonly name: string;
  readonly strategy?: string;
  /** `connection/model`, in the order of priority; `@n` behind it sets the priority. */
  readonly targets: readonly string[];
}

/** Text of a sluice.yaml with one tenant, one application and these connections and models. */
export function configText(connections: readonly ConfigConnection[], models: readonly ConfigModel[]): string {
  const document = {
    connections: connections.map(({ name, protocol, port, secret, scheme = 'http' }) => ({
      name,
      provider: 'custom',
      protocol,
      baseUrl: `${scheme}://127.0.0.1:${port}${protocol.startsWith('openai-') ? '/v1' : ''}`,
      apiKey: secret ?? `secret-of-${name}-0001`,
    })),
    models: models.map(({ name, strategy = 'priority', targets }) => ({
      name,
      strategy,
      targets: targets.map((target, at) => {
        const [path = '', priority] = target.split('@');
        const slash = path.indexOf('/');
        return {
          connection: path.slice(0, slash),
          model: path.slice(slash + 1),
          priority: priority === undefined ? at + 1 : Number(priority),
        };
      }),
    })),
    tenants: [{ name: 'acme', applications: [{ name: 'web', keys: [APP_KEY] }] }],
  };
  return JSON.stringify(document, null, 2);
}

export { ADMIN_KEY, APP_KEY };
