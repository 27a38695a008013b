import { PROVIDERS } from '../../providers/catalogue.ts';
import { ModelCatalogue } from '../../providers/model-catalogue.ts';
import type { Rate } from '../../providers/price-row.ts';
import { visibleConnections } from '../../tenancy/models.ts';
import type { Builder } from '../builder.ts';
import { type CatalogPrice, catalogPrice, listCatalog } from '../catalog.ts';
import type { Enums } from './enums.ts';

/** What is known of providers and models, before anybody calls one. */
export function defineCatalog(builder: Builder, enums: Enums): void {
  defineProvider(builder);
  definePrice(builder);
  defineModel(builder, enums);
  const catalogue = new ModelCatalogue();
  builder.queryField('catalogModels', (t) =>
    t.withAuth({ caller: true }).connection(
      {
        type: 'CatalogModel',
        description:
          'Models that the catalogue or a connection lists, by id. Any other name can be called too.',
        args: {
          search: t.arg.string({ description: 'Part of the id or title, in any case.' }),
          provider: t.arg.string({ description: 'Name of a provider.' }),
          capability: t.arg({ type: enums.CatalogCapability, description: 'What it is known to do.' }),
        },
        resolve: (_root, { search, provider, capability, ...page }, { snapshot, identity, limits }) => {
          const scope = { snapshot, tenantId: identity.tenantId };
          const { entries, totalCount, hasNextPage, hasPreviousPage } = listCatalog(
            catalogue,
            scope,
            { search, provider, capability },
            page,
            limits,
          );
          return {
            edges: entries.map((entry) => ({ cursor: entry.model.key, node: entry })),
            totalCount,
            pageInfo: {
              hasNextPage,
              hasPreviousPage,
              startCursor: entries[0]?.model.key ?? null,
              endCursor: entries.at(-1)?.model.key ?? null,
            },
          };
        },
      },
      {
        name: 'CatalogModelConnection',
        fields: (f) => ({
          totalCount: f.int({
            description: 'Models that fit, on all pages.',
            resolve: (page) => ('totalCount' in page ? Number(page.totalCount) : 0),
          }),
        }),
      },
      { name: 'CatalogModelEdge' },
    ),
  );
}

function defineProvider(builder: Builder): void {
  builder.objectType('Provider', {
    fields: (t) => ({
      name: t.exposeString('name', { description: 'As `provider` of a connection.' }),
      title: t.exposeString('title'),
      protocol: t.exposeString('protocol'),
      baseUrl: t.exposeString('baseUrl', {
        nullable: true,
        description: 'Null where every connection has its own.',
      }),
      endpoints: t.exposeStringList('endpoints', { description: 'What it serves: chat, embeddings, …' }),
      keyVariables: t.exposeStringList('keyVariables', {
        description: 'Environment variables that usually hold its key.',
      }),
      docs: t.exposeString('docs', { description: 'Where address and authentication are documented.' }),
      isConfigured: t.boolean({
        description: 'A connection to it that this key can use has a key, or needs none.',
        resolve: ({ name, auth }, _args, { snapshot, identity }) =>
          identity !== null &&
          visibleConnections(snapshot, identity.tenantId).some(
            (connection) => connection.provider === name && (connection.secret !== null || auth === 'none'),
          ),
      }),
    }),
  });
  builder.queryField('providers', (t) =>
    t.withAuth({ caller: true }).field({
      type: ['Provider'],
      description: 'Providers that connections can be made to.',
      resolve: () => PROVIDERS,
    }),
  );
}

function definePrice(builder: Builder): void {
  builder.objectType('ModelPriceTier', {
    description: 'Dollars for a million tokens of a request that is larger than this; null: as below.',
    fields: (t) => ({
      aboveInputTokens: t.exposeInt('start'),
      input: t.expose('input', { type: 'Decimal', nullable: true }),
      output: t.expose('output', { type: 'Decimal', nullable: true }),
      cachedInput: t.expose('cachedInput', { type: 'Decimal', nullable: true }),
    }),
  });
  builder.objectType('ModelPrice', {
    description: 'Dollars for a million tokens; null: as plain input or output.',
    fields: (t) => {
      const usd = (rate: (price: CatalogPrice) => Rate | null) =>
        t.field({ type: 'Decimal', nullable: true, resolve: (price) => rate(price)?.base ?? null });
      return {
        input: t.field({ type: 'Decimal', resolve: ({ row }) => row.input.base }),
        output: t.field({ type: 'Decimal', resolve: ({ row }) => row.output.base }),
        cachedInput: usd(({ row }) => row.cacheRead),
        cacheWrite: usd(({ row }) => row.cacheWrite),
        cacheWrite1h: usd(({ row }) => row.cacheWrite1h),
        reasoning: usd(({ row }) => row.reasoning),
        audioInput: usd(({ row }) => row.audioInput),
        audioOutput: usd(({ row }) => row.audioOutput),
        perRequest: t.field({
          type: 'Decimal',
          description: 'Dollars for a call, whatever its tokens.',
          resolve: ({ row }) => row.request.base / ATTO_PER_PICO,
        }),
        tiers: t.field({ type: ['ModelPriceTier'], resolve: tiersOf }),
        from: t.field({
          type: 'DateTime',
          nullable: true,
          description: 'The day from which it holds; null where it has none.',
          resolve: ({ fromMs }) => fromMs,
        }),
        source: t.exposeString('source', { description: '`operator`, or a catalogue with its version.' }),
      };
    },
  });
}

/** Rates are atto-dollars a token, and thus pico-dollars for a million; a call's are atto-dollars. */
const ATTO_PER_PICO = 1_000_000n;

function tiersOf({ row }: CatalogPrice) {
  const starts = new Set(
    [row.input, row.output, row.cacheRead].flatMap((rate) => rate?.tiers ?? []).map(({ start }) => start),
  );
  const at = (rate: Rate | null, start: number) =>
    rate?.tiers.find((tier) => tier.start === start)?.rate ?? null;
  return [...starts]
    .sort((a, b) => a - b)
    .map((start) => ({
      start,
      input: at(row.input, start),
      output: at(row.output, start),
      cachedInput: at(row.cacheRead, start),
    }));
}

function defineModel(builder: Builder, enums: Enums): void {
  builder.objectType('ModelCapabilities', {
    description: 'Null: not known.',
    fields: (t) => ({
      contextTokens: t.exposeInt('contextTokens', {
        nullable: true,
        description: 'Input and output together.',
      }),
      outputTokensMax: t.exposeInt('outputTokensMax', { nullable: true }),
      inputs: t.expose('inputs', { type: [enums.Modality], nullable: true }),
      outputs: t.expose('outputs', { type: [enums.Modality], nullable: true }),
      tools: t.exposeBoolean('tools', { nullable: true }),
      structuredOutput: t.exposeBoolean('structuredOutput', {
        nullable: true,
        description: 'Answers that follow a JSON Schema.',
      }),
      reasoning: t.exposeBoolean('reasoning', { nullable: true }),
      sampling: t.exposeBoolean('sampling', {
        nullable: true,
        description: 'False: temperature, top_p and penalties are refused.',
      }),
    }),
  });
  builder.objectType('CatalogModel', {
    fields: (t) => ({
      id: t.id({ description: '`provider/model`', resolve: ({ model }) => model.key }),
      provider: t.string({ resolve: ({ model }) => model.provider }),
      name: t.string({ description: "The provider's name of it.", resolve: ({ model }) => model.model }),
      title: t.string({ nullable: true, resolve: ({ model }) => model.title }),
      isDeprecated: t.boolean({ resolve: ({ model }) => model.isDeprecated }),
      connections: t.stringList({
        description: 'Connections through which this key can reach it, as `connection/model`.',
        resolve: ({ connections }) => connections.map(({ name }) => name),
      }),
      capabilities: t.field({
        type: 'ModelCapabilities',
        nullable: true,
        resolve: ({ model }) => model.capabilities,
      }),
      price: t.field({
        type: 'ModelPrice',
        nullable: true,
        description: 'Now; null where none is known.',
        resolve: (entry) => catalogPrice(entry, Date.now()),
      }),
    }),
  });
}
