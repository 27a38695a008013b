import { z } from 'zod';
import { findProvider } from '../providers/catalogue.ts';
import { hashKey } from '../tenancy/identify.ts';
import { PRICE_MEMBERS } from './price-amounts.ts';
import type { Path } from './yaml-source.ts';

/** Reports a mistake at a path of the file. */
export type Report = (path: Path, message: string) => void;

const text = z.string().catch('');
const anyText = z.string().optional().catch('');
const listOf = <T extends z.ZodType>(item: T) => z.array(item).catch([]);

const connection = z.object({
  name: text,
  provider: text,
  protocol: anyText,
  baseUrl: anyText,
  apiKey: anyText,
  apiVersion: anyText,
  aws: z.unknown().optional(),
});
const NO_CONNECTION = { name: '', provider: '', protocol: '', baseUrl: '', apiKey: '' };
const price = z.record(z.string(), z.unknown()).catch({});
const application = z.object({ name: text, keys: listOf(text), models: listOf(text) });
const target = z.object({ connection: text });

/** Reads of a file, however wrong, what references need; what cannot be read is an empty text. */
const looseFile = z.object({
  connections: listOf(connection.catch(NO_CONNECTION)),
  prices: listOf(price),
  models: listOf(z.object({ name: text, targets: listOf(target.catch({ connection: '' })) })),
  tenants: listOf(
    z.object({ name: text, applications: listOf(application.catch({ name: '', keys: [], models: [] })) }),
  ),
});
type LooseFile = z.infer<typeof looseFile>;

/** Reports where one part of the file contradicts another. Works on files that have other mistakes too. */
export function checkReferences(value: unknown, report: Report): void {
  const parsed = looseFile.safeParse(value);
  if (!parsed.success) return;
  const file = parsed.data;
  unique(file.connections, 'connections', report);
  unique(file.models, 'models', report);
  unique(file.tenants, 'tenants', report);
  checkConnections(file, report);
  checkAws(file, report);
  checkVersion(file, report);
  checkTargets(file, report);
  checkPrices(file, report);
  checkAllowedModels(file, report);
  checkKeys(file, report);
}

function unique(items: readonly { readonly name: string }[], at: string, report: Report, parent: Path = []) {
  const seen = new Set<string>();
  items.forEach(({ name }, index) => {
    if (name !== '' && seen.has(name))
      report([...parent, at, index, 'name'], 'expected a name that no other has');
    seen.add(name);
  });
}

function checkConnections(file: LooseFile, report: Report): void {
  file.connections.forEach((written, index) => {
    const provider = findProvider(written.provider);
    const field = (name: string): Path => ['connections', index, name];
    if (provider === undefined) return;
    if (provider.name === 'custom') {
      if (written.protocol === undefined)
        report(field('protocol'), 'expected a protocol, as the provider is custom');
      if (written.baseUrl === undefined)
        report(field('baseUrl'), 'expected a URL, as the provider is custom');
    } else if (written.baseUrl !== undefined || written.aws !== undefined) {
      return;
    } else if (provider.baseUrlTemplates !== undefined) {
      report(field('baseUrl'), `expected a URL, as ${provider.title} has a different one for everybody`);
    } else if (provider.auth !== 'none' && written.apiKey === undefined) {
      report(field('apiKey'), `expected a key, as ${provider.title} takes no calls without`);
    }
  });
}

function checkAws(file: LooseFile, report: Report): void {
  file.connections.forEach(({ provider, protocol, apiKey, aws }, index) => {
    if (aws === undefined) return;
    const at: Path = ['connections', index, 'aws'];
    const spoken = protocol ?? findProvider(provider)?.protocol;
    if (spoken !== 'bedrock-converse')
      report(at, 'expected only for a connection that speaks bedrock-converse');
    else if (apiKey !== undefined) report(at, 'expected either aws or an apiKey');
  });
}

function checkVersion(file: LooseFile, report: Report): void {
  file.connections.forEach((written, index) => {
    if (written.apiVersion === undefined) return;
    const addressing = findProvider(written.provider)?.addressing;
    if (addressing?.startsWith('azure') === true) return;
    report(['connections', index, 'apiVersion'], "expected only for a connection to Azure's services");
  });
}

/** A price is for a connection or a provider, says an amount, and no other is for the same from the same day on. */
function checkPrices(file: LooseFile, report: Report): void {
  const names = new Set(file.connections.map((written) => written.name));
  const seen = new Set<string>();
  file.prices.forEach((written, index) => {
    const { connection: ofConnection, provider, model, from } = written;
    const at: Path = ['prices', index];
    if ((ofConnection === undefined) === (provider === undefined)) {
      report([...at, 'connection'], 'expected either a connection or a provider');
    } else if (typeof ofConnection === 'string' && !names.has(ofConnection)) {
      report([...at, 'connection'], 'expected the name of a connection');
    }
    if (PRICE_MEMBERS.every((member) => written[member] === undefined)) {
      report([...at, 'input'], `expected at least one of ${PRICE_MEMBERS.join(', ')}`);
    }
    const key = JSON.stringify([ofConnection, provider, model, from]);
    if (seen.has(key)) report([...at, 'model'], 'expected a model that has no price from the same day on');
    seen.add(key);
  });
}

function checkTargets(file: LooseFile, report: Report): void {
  const names = new Set(file.connections.map((written) => written.name));
  file.models.forEach((model, m) => {
    model.targets.forEach((written, t) => {
      if (written.connection === '' || names.has(written.connection)) return;
      report(['models', m, 'targets', t, 'connection'], 'expected the name of a connection');
    });
  });
}

function checkAllowedModels(file: LooseFile, report: Report): void {
  const names = new Set(file.models.map((model) => model.name));
  forEachApplication(file, (written, path) => {
    written.models.forEach((name, index) => {
      if (name === '' || names.has(name) || name.endsWith('*') || /^[^/]+\/./.test(name)) return;
      report(
        [...path, 'models', index],
        'expected the name of a model, "connection/model" or a name that ends in "*"',
      );
    });
  });
}

function checkKeys(file: LooseFile, report: Report): void {
  const owners = new Map<string, string>();
  file.tenants.forEach((tenant, t) => {
    unique(tenant.applications, 'applications', report, ['tenants', t]);
  });
  forEachApplication(file, (written, path, owner) => {
    written.keys.forEach((key, index) => {
      const other = owners.get(hashKey(key));
      if (key !== '' && other !== undefined) {
        report([...path, 'keys', index], `expected a key of its own, but ${other} has the same`);
      }
      owners.set(hashKey(key), owner);
    });
  });
}

type LooseApplication = z.infer<typeof application>;

function forEachApplication(
  file: LooseFile,
  visit: (application: LooseApplication, path: Path, owner: string) => void,
): void {
  file.tenants.forEach((tenant, t) => {
    tenant.applications.forEach((written, a) => {
      visit(written, ['tenants', t, 'applications', a], `${tenant.name}/${written.name}`);
    });
  });
}
