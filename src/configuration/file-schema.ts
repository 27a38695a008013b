import { BlockList, isIP } from 'node:net';
import { z } from 'zod';
import { LIMITS } from '../limits.ts';
import type { ProtocolName } from '../protocols/blocks.ts';
import { PROVIDERS, UPSTREAM_PROTOCOLS } from '../providers/catalogue.ts';
import { STRATEGIES } from '../tenancy/snapshot.ts';
import { normaliseBaseUrl } from './base-url.ts';
import { picoOf } from './price-amounts.ts';

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const MODEL_NAME = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/;
const UPSTREAM_MODEL = /^[\x21-\x7e]{1,256}$/;
/** What goes into a header (RFC 9110 field-value) without any need of quoting. */
const API_KEY = /^[\x21-\x7e]{1,4096}$/;
/** Azure's (https://learn.microsoft.com/en-us/azure/ai-foundry/openai/api-version-lifecycle). */
const API_VERSION = /^\d{4}-\d{2}-\d{2}(-preview)?$/;
const CALLER_KEY = /^[\x21-\x7e]{16,4096}$/;

const expected = (what: string) => `expected ${what}`;

const text = (pattern: RegExp, what: string) => z.string(expected(what)).regex(pattern, expected(what));

const oneOf = <const T extends readonly [string, ...string[]]>(values: T) =>
  z.enum(values, expected(`one of ${values.join(', ')}`));

const name = text(NAME, 'a name of letters, digits, ".", "_" and "-", at most 63');

const list = <T extends z.ZodType>(item: T, what: string) => z.array(item, expected(`a list of ${what}`));

function mapping<T extends z.ZodRawShape>(shape: T) {
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === 'unrecognized_keys'
        ? expected(`only the keys ${Object.keys(shape).join(', ')}`)
        : expected('a mapping'),
  });
}

const cidr = z
  .string(expected('a CIDR block such as "10.0.0.0/8"'))
  .refine(isCidr, expected('a CIDR block such as "10.0.0.0/8"'));

const baseUrl = z.string(expected('a URL')).transform((value, context) => {
  const url = normaliseBaseUrl(value);
  if (url !== null) return url;
  context.addIssue({
    code: 'custom',
    message: expected('an http or https URL without user name, password, query and fragment'),
  });
  return z.NEVER;
});

const [firstProvider, ...otherProviders] = PROVIDERS.map((provider) => provider.name);
const providerName = oneOf([firstProvider ?? '', ...otherProviders]);
const modelCount = expected(`a list of at most ${LIMITS.modelsPerConnectionMax} names of models`);
const AMOUNT = 'a number of dollars from 0 to 999999999, with at most 12 decimals';

const secret = text(API_KEY, 'printable ASCII characters without spaces');
const aws = mapping({
  region: text(/^[a-z]{2}(?:-[a-z]+)+-\d$/, 'a region such as "us-east-1"'),
  accessKeyId: text(/^\w{16,128}$/, 'an access key id of 16 to 128 letters and digits'),
  secretAccessKey: secret,
  sessionToken: secret.optional(),
});

const connection = mapping({
  name,
  provider: providerName,
  protocol: oneOf(UPSTREAM_PROTOCOLS).optional(),
  baseUrl: baseUrl.optional(),
  apiKey: text(API_KEY, 'a key of printable ASCII characters without spaces').optional(),
  aws: aws.optional(),
  apiVersion: text(API_VERSION, 'a version such as "2024-10-21"').optional(),
  models: z
    .array(text(UPSTREAM_MODEL, "the upstream's name of a model"), modelCount)
    .max(LIMITS.modelsPerConnectionMax, modelCount)
    .optional(),
});

const amount = z
  .union([z.number(), z.string()], expected(AMOUNT))
  .transform((value, context) => {
    const pico = picoOf(value);
    if (pico !== null) return pico;
    context.addIssue({ code: 'custom', message: expected(AMOUNT) });
    return z.NEVER;
  })
  .optional();

/** Dollars for a million tokens, `perRequest` for a call; read as pico-dollars. */
const price = mapping({
  connection: name.optional(),
  provider: providerName.optional(),
  model: text(UPSTREAM_MODEL, 'the upstream\'s name of a model, in which "*" stands for any characters'),
  from: z.iso.date(expected('a day such as "2026-01-31"')).optional(),
  input: amount,
  output: amount,
  cachedInput: amount,
  cacheWrite: amount,
  cacheWrite1h: amount,
  reasoning: amount,
  audioInput: amount,
  audioOutput: amount,
  perRequest: amount,
});

const target = mapping({
  connection: name,
  model: text(UPSTREAM_MODEL, "the upstream's name of a model"),
  priority: z
    .int(expected('a whole number from 0 to 1000'))
    .min(0, expected('a whole number from 0 to 1000'))
    .max(1_000, expected('a whole number from 0 to 1000'))
    .default(1),
  weight: z
    .number(expected('a number from 0 to 1000000'))
    .min(0, expected('a number from 0 to 1000000'))
    .max(1_000_000, expected('a number from 0 to 1000000'))
    .default(1),
});

const targetCount = expected(`a list of 1 to ${LIMITS.targetsPerModelMax} targets`);
const model = mapping({
  name: text(MODEL_NAME, 'a name of letters, digits, ".", "_", ":", "/" and "-", at most 128'),
  strategy: oneOf(STRATEGIES).default('priority'),
  targets: z.array(target, targetCount).min(1, targetCount).max(LIMITS.targetsPerModelMax, targetCount),
});

const application = mapping({
  name,
  keys: list(text(CALLER_KEY, 'a key of 16 to 4096 printable ASCII characters'), 'keys').default([]),
  models: list(text(UPSTREAM_MODEL, 'the name of a model'), 'names of models').optional(),
});

const tenant = mapping({ name, applications: list(application, 'applications').default([]) });

const priceCount = expected(`a list of at most ${LIMITS.ownPricesMax} prices`);

/** sluice.yaml as it is written (DESIGN: "Contract with the outside"), after interpolation. */
export const fileSchema = mapping({
  network: mapping({ allowPrivate: list(cidr, 'CIDR blocks').default([]) }).default({ allowPrivate: [] }),
  records: mapping({ bodies: z.boolean(expected('true or false')).default(false) }).default({
    bodies: false,
  }),
  connections: list(connection, 'connections').default([]),
  models: list(model, 'models').default([]),
  prices: z.array(price, priceCount).max(LIMITS.ownPricesMax, priceCount).default([]),
  tenants: list(tenant, 'tenants').default([]),
});

export type WrittenFile = z.infer<typeof fileSchema>;
export type WrittenConnection = WrittenFile['connections'][number];

/** A connection with its provider's protocol and base URL filled in. Holds the credential in clear. */
export interface ConfigConnection {
  readonly name: string;
  readonly provider: string;
  readonly protocol: ProtocolName;
  /** Null where the address is known only at run time (demo). */
  readonly baseUrl: string | null;
  readonly apiKey: string | null;
  /** In addresses of Azure's. */
  readonly apiVersion: string | null;
  /** Upstream models that it lists; null for those that the catalogue knows. */
  readonly models: readonly string[] | null;
}

/** sluice.yaml, checked. Holds secrets in clear: never log it. */
export interface ConfigFile {
  readonly network: { readonly allowPrivate: readonly string[] };
  readonly records: { readonly bodies: boolean };
  readonly connections: readonly ConfigConnection[];
  readonly models: WrittenFile['models'];
  readonly prices: WrittenFile['prices'];
  readonly tenants: WrittenFile['tenants'];
}

function isCidr(block: string): boolean {
  const [address = '', bits = '', ...rest] = block.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0 || !/^\d{1,3}$/.test(bits)) return false;
  if (Number(bits) > (family === 4 ? 32 : 128)) return false;
  try {
    new BlockList().addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
    return true;
  } catch {
    return false;
  }
}
