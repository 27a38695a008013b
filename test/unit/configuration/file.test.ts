// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax of sluice.yaml
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseConfigFile, readConfigFile } from '../../../src/configuration/file.ts';
import { SetupError } from '../../../src/errors.ts';
import { LIMITS } from '../../../src/limits.ts';

const KEY = 'sk-app-0123456789abcdef';
const env = { OPENAI_API_KEY: 'sk-open', LAB_KEY: 'sk-lab', ACME_WEB_KEY: KEY, EMPTY: '' };

const parse = (text: string) => parseConfigFile('sluice.yaml', text, env);

function mistakes(text: string): string[] {
  try {
    parse(text);
  } catch (error) {
    expect(error).toBeInstanceOf(SetupError);
    return (error as SetupError).message.split('\n');
  }
  throw new Error('expected the file to be refused');
}

const EXAMPLE = `
network: { allowPrivate: ["127.0.0.0/8"] }
connections:
  - { name: openai, provider: openai, apiKey: "\${OPENAI_API_KEY}" }
  - { name: lab, provider: anthropic, baseUrl: "http://127.0.0.1:9002/", apiKey: "\${LAB_KEY}" }
  - { name: own, provider: custom, protocol: openai-chat, baseUrl: "http://127.0.0.1:8000/v1" }
models:
  - name: fast-chat
    strategy: priority            # priority | weighted | latency | cost | least-busy
    targets:
      - { connection: openai, model: gpt-5-mini, priority: 1 }
      - { connection: lab, model: claude-haiku-4-5, priority: 2, weight: 1 }
tenants:
  - name: acme
    applications:
      - { name: web, keys: ["\${ACME_WEB_KEY}"], models: ["fast-chat"] }
`;

describe('sluice.yaml', () => {
  it('is read with variables put in and providers filled in', () => {
    expect(parse(EXAMPLE)).toEqual({
      network: { allowPrivate: ['127.0.0.0/8'] },
      records: { bodies: false },
      connections: [
        {
          name: 'openai',
          provider: 'openai',
          protocol: 'openai-chat',
          baseUrl: 'https://api.openai.com/v1',
          apiKey: 'sk-open',
          apiVersion: null,
          models: null,
        },
        {
          name: 'lab',
          provider: 'anthropic',
          protocol: 'anthropic-messages',
          baseUrl: 'http://127.0.0.1:9002',
          apiKey: 'sk-lab',
          apiVersion: null,
          models: null,
        },
        {
          name: 'own',
          provider: 'custom',
          protocol: 'openai-chat',
          baseUrl: 'http://127.0.0.1:8000/v1',
          apiKey: null,
          apiVersion: null,
          models: null,
        },
      ],
      models: [
        {
          name: 'fast-chat',
          strategy: 'priority',
          targets: [
            { connection: 'openai', model: 'gpt-5-mini', priority: 1, weight: 1 },
            { connection: 'lab', model: 'claude-haiku-4-5', priority: 2, weight: 1 },
          ],
        },
      ],
      prices: [],
      tenants: [{ name: 'acme', applications: [{ name: 'web', keys: [KEY], models: ['fast-chat'] }] }],
    });
  });

  it('may be empty only on purpose', () => {
    expect(parse('{}')).toEqual({
      network: { allowPrivate: [] },
      records: { bodies: false },
      connections: [],
      models: [],
      prices: [],
      tenants: [],
    });
    for (const text of ['', '\n', '# nothing\n', 'null']) {
      expect(mistakes(text)).toEqual([
        'sluice.yaml: expected a mapping, got nothing; write {} to configure nothing',
      ]);
    }
  });

  it('is refused with every mistake at once, each with its place, its path and what was expected', () => {
    const text = `connections:
  - { name: openai, provider: opena, apiKey: "\${OPENAI_API_KEY}" }
  - { name: openai, provider: openai, apiKey: "\${MISSING}" }
  - { name: own, provider: custom, key: "sk" }
models:
  - name: fast
    strategy: fastest
    targets:
      - { connection: opena, model: gpt-5-mini, priority: 1.5 }
tenants:
  - name: acme
    applications:
      - { name: web, keys: ["short"], models: ["slow", "own/x", "gpt-*"] }
`;
    expect(mistakes(text)).toEqual([
      expect.stringMatching(
        /^sluice\.yaml:2:31 connections\[0\]\.provider: expected one of openai, .*, got "opena"$/,
      ),
      'sluice.yaml:3:13 connections[1].name: expected a name that no other has, got "openai"',
      'sluice.yaml:3:47 connections[1].apiKey: expected the environment variable MISSING to hold a value, but it is not set',
      'sluice.yaml:4:5 connections[2].protocol: expected a protocol, as the provider is custom, got nothing',
      'sluice.yaml:4:5 connections[2].baseUrl: expected a URL, as the provider is custom, got nothing',
      expect.stringMatching(
        /^sluice\.yaml:4:36 connections\[2\]\.key: expected only the keys name, provider, protocol, baseUrl, apiKey, /,
      ),
      expect.stringMatching(
        /^sluice\.yaml:7:15 models\[0\]\.strategy: expected one of priority, .*, got "fastest"$/,
      ),
      'sluice.yaml:9:23 models[0].targets[0].connection: expected the name of a connection, got "opena"',
      'sluice.yaml:9:59 models[0].targets[0].priority: expected a whole number from 0 to 1000, got 1.5',
      'sluice.yaml:13:29 tenants[0].applications[0].keys[0]: expected a key of 16 to 4096 printable ASCII characters',
      'sluice.yaml:13:48 tenants[0].applications[0].models[0]: expected the name of a model, "connection/model" or a name that ends in "*", got "slow"',
    ]);
  });

  it('P12 an empty variable is a mistake, not an empty secret', () => {
    expect(mistakes('connections: [{ name: a, provider: openai, apiKey: "${EMPTY}" }]')).toEqual([
      'sluice.yaml:1:52 connections[0].apiKey: expected the environment variable EMPTY to hold a value, but it is empty',
    ]);
    expect(mistakes('connections: [{ name: a, provider: openai, apiKey: "" }]')).toHaveLength(1);
  });

  it('takes $${ as a literal and looks at no variable twice', () => {
    const nested = parseConfigFile(
      'sluice.yaml',
      'connections: [{ name: a, provider: openai, apiKey: "$${X}-${A}" }]',
      { A: '${B}', B: 'never' },
    );
    expect(nested.connections[0]?.apiKey).toBe('${X}-${B}');
  });

  it.each(['${', '${}', '${A B}', '${A', '${__proto__}', '${toString}'])(
    'refuses the variable %s',
    (text) => {
      expect(mistakes(`connections: [{ name: a, provider: openai, apiKey: "${text}" }]`)).toHaveLength(1);
    },
  );

  it('repeats no secret, wherever it stands', () => {
    const secrets = { A: 'canary value', B: 'canaryname!' };
    const text = `connections:
  - { name: "\${B}", provider: openai, apiKey: "\${A}", baseUrl: "http://canary:pw@host" }
  - { name: lab, provider: openai, apiKey: ["canary"], apikey: canary }
tenants:
  - { name: acme, applications: [{ name: web, keys: ["canary", { canary: canary }] }] }
`;
    let message = '';
    try {
      parseConfigFile('sluice.yaml', text, secrets);
    } catch (error) {
      message = String(error);
    }
    expect(message).toContain('got what B holds');
    expect(message.match(/canary/g) ?? []).toEqual([]);
  });

  it('names line and column of what is not YAML, without quoting the line', () => {
    const [line] = mistakes('connections:\n  - { name: a, apiKey: canary\nmodels: []\n');
    expect(line).toMatch(/^sluice\.yaml:3:1: /);
    expect(line).not.toContain('canary');
  });

  it.each([
    ['two equal keys', 'models: []\nmodels: []\n'],
    ['an unknown tag', 'models: !!js/function "x"\n'],
    ['two documents', 'models: []\n---\nmodels: []\n'],
    ['a list', '- a\n'],
    ['a text', 'hello\n'],
    ['deep nesting', '['.repeat(20_000)],
    [
      'an alias bomb',
      `a: &a [x, x]\n${[...'bcdefghijk'].map((c, i) => `${c}: &${c} [${`*${'abcdefghij'[i]}, `.repeat(9)}]`).join('\n')}`,
    ],
    ['an alias of itself', 'connections: &a [*a]\n'],
  ])('refuses %s', (_what, text) => {
    expect(mistakes(text).length).toBeGreaterThan(0);
  });

  it('follows aliases to the place of a mistake', () => {
    const text =
      'connections: []\nmodels:\n  - name: a\n    targets: &t [{ connection: nope, model: x }]\n  - { name: b, targets: *t }\n';
    expect(mistakes(text)).toEqual([
      'sluice.yaml:4:32 models[0].targets[0].connection: expected the name of a connection, got "nope"',
      'sluice.yaml:4:32 models[1].targets[0].connection: expected the name of a connection, got "nope"',
    ]);
  });

  it('leaves Object.prototype alone', () => {
    const text = '__proto__: { polluted: 1 }\nconstructor: { prototype: { polluted: 1 } }\n';
    expect(mistakes(text)).toHaveLength(2);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it.each([
    '10.0.0.0',
    '10.0.0.0/33',
    'fd00::/129',
    '10.0.0/8',
    '/8',
    'host/8',
    '10.0.0.0/8/8',
    '10.0.0.0/-1',
  ])('refuses %s as a CIDR block', (block) => {
    expect(mistakes(`network: { allowPrivate: ["${block}"] }`)).toHaveLength(1);
  });

  it('takes blocks of both families', () => {
    expect(
      parse('network: { allowPrivate: ["10.0.0.0/32", "fd00::/128"] }').network.allowPrivate,
    ).toHaveLength(2);
  });

  it('refuses one key for two applications without repeating it', () => {
    const text = `tenants:
  - { name: a, applications: [{ name: web, keys: ["${KEY}"] }] }
  - { name: b, applications: [{ name: app, keys: ["${KEY}"] }] }
`;
    expect(mistakes(text)).toEqual([
      'sluice.yaml:3:51 tenants[1].applications[0].keys[0]: expected a key of its own, but a/web has the same',
    ]);
  });

  it('takes a key of 16 characters and refuses one of 15', () => {
    const withKey = (length: number) =>
      `tenants: [{ name: a, applications: [{ name: web, keys: [${'x'.repeat(length)}] }] }]`;
    expect(parse(withKey(16)).tenants).toHaveLength(1);
    expect(mistakes(withKey(15))).toHaveLength(1);
  });

  it('needs a key for a provider that needs one, unless another server stands in for it', () => {
    expect(mistakes('connections: [{ name: a, provider: groq }]')).toEqual([
      'sluice.yaml:1:15 connections[0].apiKey: expected a key, as Groq takes no calls without, got nothing',
    ]);
    expect(parse('connections: [{ name: a, provider: groq, baseUrl: "http://localhost:1" }]')).toBeDefined();
    expect(parse('connections: [{ name: a, provider: ollama }, { name: b, provider: demo }]')).toBeDefined();
  });

  it.each(['a\\nb', 'a b', 'kéy', 'a\\u0000'])('refuses the API key %j, which no header can carry', (key) => {
    expect(mistakes(`connections: [{ name: a, provider: openai, apiKey: "${key}" }]`)).toHaveLength(1);
  });

  it('lists a bounded number of mistakes', () => {
    const lines = mistakes(`models: [${'1, '.repeat(200)}]`);
    expect(lines).toHaveLength(LIMITS.mistakesMax + 1);
    expect(lines.at(-1)).toBe('sluice.yaml: and 150 more');
  });
});

describe('the file on disk', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-file-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const read = (content: string | Buffer) => {
    const path = join(folder, 'sluice.yaml');
    writeFileSync(path, content);
    return () => readConfigFile(path, env);
  };

  it('is read up to its limit and refused one byte over', () => {
    const filled = (bytes: number) => `{}\n#${'x'.repeat(bytes - 4)}`;
    expect(read(filled(LIMITS.configBytesMax))().models).toEqual([]);
    expect(read(filled(LIMITS.configBytesMax + 1))).toThrow(/expected at most 4194304 bytes/);
  });

  it('is refused when it is no UTF-8, a folder, or not there', () => {
    expect(read(Buffer.from([0x61, 0xff]))).toThrow(/expected UTF-8 text/);
    expect(() => readConfigFile(folder, env)).toThrow(/expected a readable file \(EISDIR\)/);
    expect(() => readConfigFile(join(folder, 'none.yaml'), env)).toThrow(
      /expected a readable file \(ENOENT\)/,
    );
  });

  it('may begin with a byte order mark', () => {
    expect(read('\uFEFFmodels: []')().models).toEqual([]);
  });
});
