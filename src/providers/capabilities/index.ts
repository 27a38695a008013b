import type { ModelCapabilities } from '../../protocols/capabilities.ts';
import { ANTHROPIC } from './anthropic.ts';
import { GOOGLE } from './google.ts';
import { familyName } from './names.ts';
import { OPEN_MODELS } from './open-models.ts';
import { OPENAI } from './openai.ts';
import { OTHERS } from './others.ts';
import type { CapabilityRule } from './rule.ts';

const RULES: readonly CapabilityRule[] = [...OPENAI, ...ANTHROPIC, ...GOOGLE, ...OTHERS, ...OPEN_MODELS];

/** What is known of a model by its name, whoever serves it; null for nothing. */
export function capabilitiesByName(model: string): ModelCapabilities | null {
  const name = familyName(model);
  return RULES.find((rule) => rule.name.test(name))?.can ?? null;
}
