// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax of sluice.yaml
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { awsSecret, readAwsSecret } from '../../../src/configuration/aws-credential.ts';
import { collectChanges } from '../../../src/configuration/changes.ts';
import { wantConnection } from '../../../src/configuration/connection-row.ts';
import { createCipher } from '../../../src/configuration/credential-cipher.ts';
import { findProviderKeys } from '../../../src/configuration/environment.ts';
import { parseConfigFile } from '../../../src/configuration/file.ts';
import type { ConfigConnection } from '../../../src/configuration/file-schema.ts';
import { buildSnapshot } from '../../../src/configuration/snapshot-build.ts';
import { SetupError } from '../../../src/errors.ts';
import { LIMITS } from '../../../src/limits.ts';
import { createAddressGuard } from '../../../src/upstream/address-guard.ts';
import { UpstreamPools } from '../../../src/upstream/pools.ts';

const ID = 'AKIAIOSFODNN7EXAMPLE';
const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const env = { AWS_ID: ID, AWS_SECRET: SECRET, AWS_TOKEN: 'session/token==' };
const AWS = 'aws: { region: eu-central-1, accessKeyId: "${AWS_ID}", secretAccessKey: "${AWS_SECRET}" }';

const parse = (connection: string): ConfigConnection => {
  const { connections } = parseConfigFile('sluice.yaml', `connections: [{ name: aws, ${connection} }]`, env);
  const [only] = connections;
  if (only === undefined) throw new Error('no connection');
  return only;
};
const mistake = (connection: string): string => {
  try {
    parse(connection);
  } catch (error) {
    if (error instanceof SetupError) return error.message;
  }
  throw new Error('expected the file to be refused');
};
const cipher = createCipher(randomBytes(32), 'credentials');

/** The connection as the data plane sees it, through the row that is stored. */
function snapshotOf(wanted: ConfigConnection) {
  const changes = collectChanges();
  const ports = { cipher, ids: { next: () => 'id-1' } };
  wantConnection(undefined, wanted, 'file', ports, changes);
  const rows = {
    version: 1,
    tenants: [],
    applications: [],
    keys: [],
    connections: changes.connections.insert,
    models: [],
    prices: [],
    allowPrivate: [],
    keepsBodies: false,
    environmentTaken: [],
  };
  const { snapshot } = buildSnapshot(rows, { cipher, runtimeBaseUrls: {}, knownModels: () => [] });
  const connection = snapshot.connections.get('id-1');
  if (connection === undefined) throw new Error('the connection was left out');
  return { connection, row: changes.connections.insert[0] };
}

describe('an AWS credential in sluice.yaml', () => {
  it('makes the address of its region, and is kept as one secret', () => {
    const connection = parse(`provider: bedrock, ${AWS}`);
    expect(connection).toMatchObject({
      protocol: 'bedrock-converse',
      baseUrl: 'https://bedrock-runtime.eu-central-1.amazonaws.com',
    });
    expect(readAwsSecret(connection.apiKey)).toEqual({
      region: 'eu-central-1',
      accessKeyId: ID,
      secretAccessKey: SECRET,
      sessionToken: null,
    });
  });

  it('takes an address of its own and the token of a session', () => {
    const aws = AWS.replace(' }', ', sessionToken: "${AWS_TOKEN}" }');
    const connection = parse(
      `provider: custom, protocol: bedrock-converse, baseUrl: "http://127.0.0.1:1", ${aws}`,
    );
    expect(connection.baseUrl).toBe('http://127.0.0.1:1');
    expect(readAwsSecret(connection.apiKey)).toMatchObject({ sessionToken: 'session/token==' });
  });

  it('a Bedrock API key is a key like others, with the address beside it', () => {
    const connection = parse(
      'provider: bedrock, apiKey: "bedrock-key-1", baseUrl: "https://bedrock-runtime.us-east-1.amazonaws.com"',
    );
    expect(connection.apiKey).toBe('bedrock-key-1');
    expect(snapshotOf(connection).connection).toMatchObject({
      auth: 'bearer',
      secret: 'bedrock-key-1',
      aws: null,
    });
  });

  it.each([
    ['provider: bedrock, apiKey: "k"', 'baseUrl'],
    ['provider: bedrock', 'baseUrl'],
    [`provider: bedrock, apiKey: "k", ${AWS}`, 'aws'],
    [`provider: openai, ${AWS}`, 'aws'],
    ['provider: bedrock, aws: { region: eu-central-1 }', 'aws.accessKeyId'],
    [`provider: bedrock, ${AWS.replace('eu-central-1', 'Frankfurt')}`, 'aws.region'],
    [`provider: bedrock, ${AWS.replace('region', 'place')}`, 'aws.place'],
  ])('%s is a mistake, told by its place', (connection, place) => {
    expect(mistake(connection)).toContain(`connections[0].${place}:`);
  });

  it('mistakes repeat nothing of it', () => {
    const text = mistake(
      `provider: bedrock, aws: { region: "${SECRET}", accessKeyId: "my id", secretAccessKey: "my secret" }`,
    );
    for (const secret of [SECRET, 'my id', 'my secret']) expect(text).not.toContain(secret);
  });
});

describe('the connection that it makes', () => {
  const wanted = parse(`provider: bedrock, ${AWS.replace(' }', ', sessionToken: "${AWS_TOKEN}" }')}`);

  it('signs its requests, and sends no key', () => {
    const { connection } = snapshotOf(wanted);
    expect(connection).toMatchObject({
      auth: 'sigv4',
      aws: {
        region: 'eu-central-1',
        accessKeyId: ID,
        secretAccessKey: SECRET,
        sessionToken: 'session/token==',
      },
    });
    const { headers } = new UpstreamPools(LIMITS, () => createAddressGuard([])).endpoint(connection);
    expect(headers.join(' ')).not.toContain('session/token==');
    expect(headers).not.toContain('authorization');
  });

  it('takes the part for its secret that an upstream sees, so that it can be kept out of what is shown', () => {
    expect(snapshotOf(wanted).connection.secret).toBe('session/token==');
    expect(snapshotOf(parse(`provider: bedrock, ${AWS}`)).connection.secret).toBe(SECRET);
  });

  it('is stored encrypted', () => {
    const { row } = snapshotOf(wanted);
    expect(JSON.stringify(row)).not.toContain(SECRET);
    expect(JSON.stringify(row)).not.toContain(ID);
  });

  it('is the same row when nothing has changed, and another when the session has', () => {
    const { row } = snapshotOf(wanted);
    const again = (connection: ConfigConnection) => {
      const changes = collectChanges();
      wantConnection(row, connection, 'file', { cipher, ids: { next: () => 'id-2' } }, changes);
      return changes.connections.update.length;
    };
    expect(again(wanted)).toBe(0);
    const { apiKey } = wanted;
    expect(again({ ...wanted, apiKey: (apiKey ?? '').replace('session', 'another') })).toBe(1);
  });
});

describe('an AWS credential in the environment', () => {
  const KEYS = { AWS_ACCESS_KEY_ID: ID, AWS_SECRET_ACCESS_KEY: SECRET };
  const found = (variables: Record<string, string>) =>
    findProviderKeys(variables).map(({ provider, apiKey, baseUrl }) => ({
      name: provider.name,
      apiKey,
      baseUrl,
    }));

  it('is found with its region', () => {
    expect(found({ ...KEYS, AWS_REGION: 'us-west-2', AWS_SESSION_TOKEN: 't' })).toEqual([
      {
        name: 'bedrock',
        apiKey: awsSecret({
          region: 'us-west-2',
          accessKeyId: ID,
          secretAccessKey: SECRET,
          sessionToken: 't',
        }),
        baseUrl: 'https://bedrock-runtime.us-west-2.amazonaws.com',
      },
    ]);
    expect(found({ ...KEYS, AWS_DEFAULT_REGION: 'us-west-2' })).toMatchObject([
      { baseUrl: 'https://bedrock-runtime.us-west-2.amazonaws.com' },
    ]);
  });

  it('a Bedrock API key comes first', () => {
    expect(found({ ...KEYS, AWS_REGION: 'us-west-2', AWS_BEARER_TOKEN_BEDROCK: 'key-1' })).toMatchObject([
      { name: 'bedrock', apiKey: 'key-1' },
    ]);
  });

  it('without a region, or half of it, there is none', () => {
    expect(found(KEYS)).toEqual([]);
    expect(found({ AWS_ACCESS_KEY_ID: ID, AWS_REGION: 'us-west-2' })).toEqual([]);
    expect(found({ AWS_BEARER_TOKEN_BEDROCK: 'key-1' })).toEqual([]);
  });
});

describe('what is kept of it', () => {
  it('is the same text for the same credential, and no key is taken for one', () => {
    const credential = { region: 'r', accessKeyId: 'a', secretAccessKey: 's', sessionToken: null };
    expect(readAwsSecret(awsSecret(credential))).toEqual(credential);
    for (const other of [null, 'sk-1', '{"aws":', '{"aws":{"region":1}}', '{}']) {
      expect(readAwsSecret(other)).toBeNull();
    }
  });
});

describe('docs/bedrock.md', () => {
  const text = readFileSync('docs/bedrock.md', 'utf8');
  const examples = [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml = '']) => yaml);
  const set = Object.fromEntries([...text.matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => [name, ID]));

  it('has examples that are taken', () => {
    const connections = examples.map((yaml) => parseConfigFile('sluice.yaml', yaml, set).connections);
    const value = { accessKeyId: ID, secretAccessKey: ID, sessionToken: ID };
    expect(connections).toMatchObject([
      [{ name: 'bedrock', apiKey: ID, baseUrl: 'https://bedrock-runtime.eu-central-1.amazonaws.com' }],
      [{ name: 'bedrock', apiKey: awsSecret({ region: 'eu-central-1', ...value }) }],
    ]);
  });
});
