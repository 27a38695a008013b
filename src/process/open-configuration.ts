import { createPricing } from '../calls/pricing.ts';
import { type Configuration, openConfiguration } from '../configuration/configuration.ts';
import type { Log } from '../ports.ts';
import type { ProcessPlan } from './plan.ts';

/** Opens the configuration as the plan says. Only the primary process writes what the operator wants. */
export function openProcessConfiguration(
  plan: ProcessPlan,
  log: Log,
  isPrimary: boolean,
): Promise<Configuration> {
  const { settings, address, masterKey, runtimeBaseUrls } = plan;
  const pricing = createPricing();
  return openConfiguration({
    address,
    settings,
    env: process.env,
    masterKey: Buffer.from(masterKey, 'hex'),
    runtimeBaseUrls,
    knownModels: (priceId) => pricing.knownModels(priceId),
    isPrimary,
    log,
  });
}
