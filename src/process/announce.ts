import type { Configuration } from '../configuration/configuration.ts';
import type { ProcessPlan } from './plan.ts';

/**
 * Shows the admin key on standard output if it was just made. Comes before everything that may still fail: the
 * key is stored by now, as its hash, and no later start can show it.
 */
export function announceAdminKey({ newAdminKey }: Configuration): void {
  if (newAdminKey === null) return;
  process.stdout.write(`\n  Admin key        ${newAdminKey}\n  It is shown only this once. Keep it.\n\n`);
}

/** Tells the operator, on standard output, where to go. */
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
  process.stdout.write(`${lines.join('\n')}\n`);
}
