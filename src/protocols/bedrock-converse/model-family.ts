import { type ModelTraits, traitsOf } from '../anthropic-messages/model-traits.ts';

export type Family = 'claude' | 'nova' | 'gpt-oss' | 'mistral' | 'other';

/** What a model of Bedrock accepts, by its id. */
export interface BedrockModel {
  readonly family: Family;
  /** Of Anthropic's models; for others what is usual there. */
  readonly claude: ModelTraits;
  /** Nova 2 reasons, its predecessor does not. */
  readonly isNova2: boolean;
  /** toolChoice `any` and `tool`. */
  readonly takesForcedTool: boolean;
  /** `outputConfig.textFormat`, also where a tool cannot be forced. */
  readonly takesTextFormat: boolean;
  readonly takesCachePoints: boolean;
  /** The `status` of a tool result. */
  readonly takesResultStatus: boolean;
}

/** Ids stand behind a region (`us.`) or inside of an ARN; one that names no vendor says nothing of the model. */
const FAMILIES: readonly (readonly [family: Family, pattern: RegExp])[] = [
  ['claude', /claude/i],
  ['nova', /amazon\.nova/i],
  ['gpt-oss', /openai\./i],
  ['mistral', /mistral\./i],
];
/** From Claude 4.5 on (AWS, user guide, "Structured outputs"). */
const TEXT_FORMAT = /claude-(?:(?:opus|sonnet|haiku)-4-(?:[5-9]|\d\d)(?!\d)|[a-z]+-[5-9](?!\d))/i;
/** AWS, API reference, "ToolChoice": what is not among its models. */
const NO_FORCED_TOOL = /meta\.llama|cohere\.command|ai21\./i;

/** @param isOwn the caller speaks this protocol, and knows what the model takes */
export function bedrockModel(id: string, isOwn: boolean): BedrockModel {
  const family = FAMILIES.find(([, pattern]) => pattern.test(id))?.[0] ?? 'other';
  const claude = traitsOf(id);
  return {
    family,
    claude,
    isNova2: /amazon\.nova-2/i.test(id),
    takesForcedTool: isOwn || (family === 'claude' ? claude.takesForcedTool : !NO_FORCED_TOOL.test(id)),
    takesTextFormat: TEXT_FORMAT.test(id),
    takesCachePoints: isOwn || family === 'claude' || family === 'nova',
    takesResultStatus: isOwn || family === 'claude' || family === 'nova',
  };
}
