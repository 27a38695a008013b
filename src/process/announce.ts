import type { Configuration } from '../configuration/configuration.ts';
import type { ProcessPlan } from './plan.ts';

/** Tells the operator, on standard output, where to go; the admin key only when it was just made. */
export function announce(
  bound: { readonly host: string; readonly port: number },
  configuration: Configuration,
  plan: ProcessPlan,
): void {
  const host = bound.host.includes(':') ? `[${bound.host}]` : bound.host;
  const base = `http://${host}:${bound.port}`;
  const { connections, models } = configuration.snapshot;
  const names = [...connections.values()].map((connection) => connection.name);
  const lines = [
    `Sluice is ready after ${Math.round(performance.now())} ms.`,
    '',
    `  OpenAI style     ${base}/v1`,
    `  Anthropic style  ${base}`,
    `  GraphQL          ${base}/graphql${plan.settings.isDevelopment ? '   (GraphiQL in a browser)' : ''}`,
    `  Health           ${base}/healthz  ${base}/readyz  ${base}/metrics`,
    '',
    `  Connections      ${names.join(', ') || 'none'}`,
    `  Models           ${[...models.keys()].join(', ') || 'none declared'}`,
  ];
  if (names.length === 1 && names[0] === 'demo') {
    lines.push(
      '',
      '  No provider key was found, so the built-in demo answers. Set OPENAI_API_KEY or write a sluice.yaml.',
    );
  }
  if (configuration.newAdminKey !== null) {
    lines.push(
      '',
      `  Admin key        ${configuration.newAdminKey}`,
      '  It is shown only this once. Keep it.',
    );
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}
