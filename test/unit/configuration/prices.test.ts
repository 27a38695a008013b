import { describe, expect, it } from 'vitest';
import { parseConfigFile } from '../../../src/configuration/file.ts';
import { picoOf } from '../../../src/configuration/price-amounts.ts';
import { SetupError } from '../../../src/errors.ts';

const OWN =
  'connections: [{ name: own, provider: custom, protocol: openai-chat, baseUrl: "http://a.test/v1" }]';

function mistakes(text: string): string[] {
  try {
    parseConfigFile('sluice.yaml', text, {});
  } catch (error) {
    if (error instanceof SetupError) return error.message.split('\n');
    throw error;
  }
  return [];
}

describe('amounts', () => {
  it.each([
    [0, '0'],
    [0.075, '75000000000'],
    ['0.075', '75000000000'],
    [1.25, '1250000000000'],
    [15, '15000000000000'],
    [1e-7, '100000'],
    [0.1 + 0.2, null],
    ['0.000000000001', '1'],
    ['0.0000000000001', null],
    [-1, null],
    [Number.NaN, null],
    [Number.POSITIVE_INFINITY, null],
    ['', null],
    ['1,5', null],
    ['0x10', null],
    [1e10, null],
  ])('%s dollars are %s pico-dollars', (dollars, pico) => {
    expect(picoOf(dollars)).toBe(pico);
  });
});

describe('prices in sluice.yaml', () => {
  it('are read as pico-dollars', () => {
    const { prices } = parseConfigFile(
      'sluice.yaml',
      `${OWN}
prices:
  - { connection: own, model: "llama-*", input: 0.2, output: "0.60", from: 2026-01-31 }
  - { provider: openai, model: gpt-5, cachedInput: 0.1, perRequest: 0.002 }`,
      {},
    );
    expect(prices).toEqual([
      {
        connection: 'own',
        model: 'llama-*',
        input: '200000000000',
        output: '600000000000',
        from: '2026-01-31',
      },
      { provider: 'openai', model: 'gpt-5', cachedInput: '100000000000', perRequest: '2000000000' },
    ]);
  });

  it('are refused with the path of every mistake', () => {
    const text = `${OWN}
prices:
  - { connection: nobody, model: a, input: 1 }
  - { connection: own, provider: openai, model: a, input: 1 }
  - { model: a, input: 1 }
  - { connection: own, model: a }
  - { connection: own, model: b, input: -1 }
  - { connection: own, model: c, input: 1, from: 2026-02-30 }
  - { provider: opena, model: d, input: 1 }
  - { connection: own, model: e, input: 1, outputs: 2 }
  - { connection: own, model: f, input: 1 }
  - { connection: own, model: f, output: 1 }
`;
    expect(mistakes(text)).toEqual([
      'sluice.yaml:3:19 prices[0].connection: expected the name of a connection, got "nobody"',
      'sluice.yaml:4:19 prices[1].connection: expected either a connection or a provider, got "own"',
      'sluice.yaml:5:5 prices[2].connection: expected either a connection or a provider, got nothing',
      expect.stringMatching(
        /^sluice\.yaml:6:5 prices\[3\]\.input: expected at least one of input, output, cachedInput, .*, got nothing$/,
      ),
      expect.stringMatching(
        /^sluice\.yaml:7:41 prices\[4\]\.input: expected a number of dollars from 0 .*, got -1$/,
      ),
      'sluice.yaml:8:50 prices[5].from: expected a day such as "2026-01-31", got "2026-02-30"',
      expect.stringMatching(
        /^sluice\.yaml:9:17 prices\[6\]\.provider: expected one of openai, .*, got "opena"$/,
      ),
      expect.stringMatching(/^sluice\.yaml:10:44 prices\[7\]\.outputs: expected only the keys connection, /),
      'sluice.yaml:12:31 prices[9].model: expected a model that has no price from the same day on, got "f"',
    ]);
  });
});

describe('connections in sluice.yaml', () => {
  it('take a version of the API and a list of models', () => {
    const text = `connections:
  - name: azure
    provider: azure
    baseUrl: https://r.openai.azure.com
    apiKey: k
    apiVersion: "2024-10-21"
    models: [gpt-4o, my-deployment]`;
    expect(parseConfigFile('sluice.yaml', text, {}).connections).toMatchObject([
      { apiVersion: '2024-10-21', models: ['gpt-4o', 'my-deployment'], protocol: 'openai-chat' },
    ]);
  });

  it('take a version only for Azure, in its form, and need an address where there is no common one', () => {
    const text = `connections:
  - { name: a, provider: openai, apiKey: k, apiVersion: "2024-10-21" }
  - { name: b, provider: azure, apiKey: k, apiVersion: newest, baseUrl: "https://b.test" }
  - { name: c, provider: azure, apiKey: k }
  - { name: d, provider: databricks, apiKey: k }
  - { name: e, provider: openai, apiKey: k, models: gpt-5 }`;
    expect(mistakes(text)).toEqual([
      'sluice.yaml:2:57 connections[0].apiVersion: expected only for a connection to Azure\'s services, got "2024-10-21"',
      'sluice.yaml:3:56 connections[1].apiVersion: expected a version such as "2024-10-21", got "newest"',
      'sluice.yaml:4:5 connections[2].baseUrl: expected a URL, as Azure OpenAI has a different one for everybody, got nothing',
      'sluice.yaml:5:5 connections[3].baseUrl: expected a URL, as Databricks has a different one for everybody, got nothing',
      'sluice.yaml:6:53 connections[4].models: expected a list of at most 2000 names of models, got "gpt-5"',
    ]);
  });
});
