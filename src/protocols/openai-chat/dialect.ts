import type { ReasoningEffort } from '../blocks.ts';
import type { ModelCapabilities } from '../capabilities.ts';
import type { TargetContext } from '../protocol.ts';
import { MISTRAL_TOOL_IDS, OPENAI_TOOL_IDS, type ToolIdRule } from '../tool-ids.ts';
import type { RefusedMember } from './quirks.ts';

/** What the target's server and model take, with what most servers take where nothing is known. */
export interface Dialect {
  readonly maxTokensField: 'max_completion_tokens' | 'max_tokens';
  readonly hasDeveloperRole: boolean;
  readonly toolIds: ToolIdRule;
  readonly seedField: 'seed' | 'random_seed';
  readonly takesTopK: boolean;
  readonly temperatureMax: number;
  readonly stopsMax: number;
  /** False: the model is known not to reason. */
  readonly takesReasoning: boolean;
  /** Values of `reasoning_effort`, rising; null for any. */
  readonly efforts: readonly ReasoningEffort[] | null;
  /** Whether temperature, top_p and penalties are taken: `idle` says only while the model does not reason. */
  readonly sampling: 'always' | 'idle' | 'never';
  readonly hasStreamOptions: boolean;
  readonly takesTextParts: boolean;
  readonly takesJsonSchema: boolean;
  readonly refuses: readonly RefusedMember[];
}

/** OpenAI's range, which most have (https://platform.openai.com/docs/api-reference/chat/create). */
const TEMPERATURE_MAX = 2;
const STOPS_MAX = 4;
const NOTHING: readonly RefusedMember[] = [];

function samplingOf(capabilities: ModelCapabilities | null | undefined): Dialect['sampling'] {
  if (capabilities?.sampling !== false) return 'always';
  return capabilities.samplingWithoutReasoning === true ? 'idle' : 'never';
}

export function dialectOf({ quirks, capabilities }: TargetContext): Dialect {
  return {
    maxTokensField: quirks?.maxTokensField ?? 'max_tokens',
    hasDeveloperRole: quirks?.developerRole === true,
    toolIds: quirks?.toolIds === 'mistral' ? MISTRAL_TOOL_IDS : OPENAI_TOOL_IDS,
    seedField: quirks?.seedField ?? 'seed',
    takesTopK: quirks?.topK === true,
    temperatureMax: quirks?.temperatureMax ?? TEMPERATURE_MAX,
    stopsMax: quirks?.stopsMax ?? STOPS_MAX,
    takesReasoning: capabilities?.reasoning !== false,
    efforts: quirks?.efforts ?? null,
    sampling: samplingOf(capabilities),
    hasStreamOptions: quirks?.streamOptions !== false,
    takesTextParts: quirks?.textContent !== true,
    takesJsonSchema: quirks?.jsonSchema !== false,
    refuses: quirks?.refuses ?? NOTHING,
  };
}
