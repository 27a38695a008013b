import { PROVIDERS } from './catalogue.ts';
import type { Provider } from './provider.ts';

/** The catalogue as a Markdown page (docs/providers.md). */
export function printProviders(): string {
  const rows = PROVIDERS.filter(({ name }) => name !== 'demo').map(rowOf);
  return `${HEAD}${rows.join('\n')}\n`;
}

const HEAD = `# Providers

Printed from \`src/providers/entries/\` by \`npm run schema\`. The name is what \`provider\` of a connection in
\`sluice.yaml\` says. An address with \`{VARIABLE}\` differs for everybody: give it as \`baseUrl\`; on a first start it
is made from those variables. The first key variable that is set makes a connection of the provider's name.

| provider | name | protocol | address | key variables | serves | prices |
|---|---|---|---|---|---|---|
`;

function rowOf(provider: Provider): string {
  const { name, title, protocol, docs, keyVariables, endpoints, priceId } = provider;
  const cells = [
    `[${title}](${docs})`,
    `\`${name}\``,
    protocol,
    addressOf(provider),
    keyVariables.map((variable) => `\`${variable}\``).join(', '),
    endpoints.join(', '),
    priceId === null ? '' : 'yes',
  ];
  return `| ${cells.join(' | ')} |`;
}

function addressOf({ baseUrl, baseUrlTemplates }: Provider): string {
  if (baseUrl !== null) return baseUrl;
  const [template] = baseUrlTemplates ?? [];
  return template === undefined ? '' : `\`${template}\``;
}
