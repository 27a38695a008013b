import type { ProtocolName } from '../protocols/blocks.ts';
import type { ModelCapabilities } from '../protocols/capabilities.ts';
import type { ChatQuirks } from '../protocols/openai-chat/quirks.ts';
import type { Repair } from '../protocols/repair.ts';
import { capabilitiesByName } from './capabilities/index.ts';
import { findProvider } from './catalogue.ts';
import { pricedModel } from './price-catalogue.ts';

/** What is known of a target beforehand. */
export interface TargetFacts {
  /** Null for nothing. */
  readonly capabilities: ModelCapabilities | null;
  /** Where it differs from most of OpenAI's style; null for nowhere, and for other protocols. */
  readonly quirks: ChatQuirks | null;
  /** Top-level members that it refuses, for requests that pass as they came; null for none. */
  readonly repairs: readonly Repair[] | null;
}

export interface FactsQuestion {
  readonly provider: string;
  readonly protocol: ProtocolName;
  readonly apiVersion?: string | null | undefined;
}

/** Takes up to 50 µs: for a snapshot's making, not for every call. */
export function targetFacts(connection: FactsQuestion, model: string): TargetFacts {
  const { protocol } = connection;
  const isOpenai = protocol === 'openai-chat' || protocol === 'openai-responses';
  const quirks = isOpenai ? quirksOf(connection, model) : null;
  return {
    capabilities: capabilitiesOf(findProvider(connection.provider)?.priceId ?? null, model),
    quirks,
    repairs: quirks === null || protocol !== 'openai-chat' ? null : repairsOf(quirks),
  };
}

/** Of a provider's model: what is known by its name, and how much it reads from the list of prices. Null for nothing. */
export function capabilitiesOf(priceId: string | null, model: string): ModelCapabilities | null {
  const known = capabilitiesByName(model);
  if (known?.contextTokens !== undefined || priceId === null) return known;
  const contextTokens = pricedModel(priceId, model)?.context_window;
  return contextTokens === undefined ? known : { ...known, contextTokens };
}

/** The provider's quirks and those of its rules that fit, the later over the earlier; null for none. */
function quirksOf({ provider, apiVersion }: FactsQuestion, model: string): ChatQuirks | null {
  const entry = findProvider(provider);
  const rules = (entry?.quirkRules ?? []).filter(
    (rule) =>
      (rule.model?.test(model) ?? true) &&
      (rule.before === undefined || (typeof apiVersion === 'string' && apiVersion < rule.before)),
  );
  if (entry?.quirks === undefined && rules.length === 0) return null;
  return Object.assign({}, entry?.quirks, ...rules.map((rule) => rule.quirks)) as ChatQuirks; // all are of it
}

/** The other name of a member that goes by two. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  max_tokens: 'max_completion_tokens',
  max_completion_tokens: 'max_tokens',
};

function repairsOf({ refuses, seedField, streamOptions }: ChatQuirks): readonly Repair[] | null {
  const repairs = (refuses ?? [])
    .filter((member) => !member.includes('.'))
    .map((member) => repair(member, OTHER_NAMES[member] ?? null));
  if (seedField !== undefined && seedField !== 'seed') repairs.push(repair('seed', seedField));
  if (streamOptions === false) repairs.push(repair('stream_options', null));
  return repairs.length === 0 ? null : repairs;
}

function repair(member: string, to: string | null): Repair {
  return { member, to, value: null, taken: [], beside: null };
}
