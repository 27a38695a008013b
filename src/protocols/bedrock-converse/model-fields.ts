import type { ChatRequest, ReasoningEffort } from '../blocks.ts';
import type { JsonObject, TargetContext } from '../protocol.ts';
import type { ReceiptBook } from '../receipt.ts';
import { claudeThinking } from './claude-thinking.ts';
import type { BedrockModel } from './model-family.ts';
import { noteReasoning } from './reasoning-note.ts';
import type { WrittenTools } from './tool-writer.ts';

/** What depends on the model behind the API. */
export interface ModelFields {
  readonly maxTokens: number | undefined;
  /** `additionalModelRequestFields`; undefined for none. */
  readonly fields: JsonObject | undefined;
  /** Why temperature, top_p and top_k are left out; null when they are not. */
  readonly refusesSampling: 'thinking' | 'noSampling' | null;
}

export function modelFields(
  request: ChatRequest,
  target: TargetContext,
  model: BedrockModel,
  tools: WrittenTools,
  book: ReceiptBook,
): ModelFields {
  const limit = maxTokensOf(request, target, book);
  const reasoning = speaksClaude(request, model)
    ? claudeThinking(request, target, model.claude, tools.isForced, limit, book)
    : { maxTokens: limit, isThinking: false, fields: effortFields(request, target, model, book) };
  const refusesSampling = samplingRefusal(request, target, model, reasoning.isThinking);
  const fields: JsonObject = { ...reasoning.fields };
  if (tools.claudeChoice !== undefined) fields['tool_choice'] = tools.claudeChoice;
  if (request.topK !== undefined) {
    if (refusesSampling !== null) book.apply('topK', refusesSampling);
    else Object.assign(fields, topKField(request.topK, model, request, book));
  }
  return {
    maxTokens: reasoning.maxTokens,
    fields: Object.keys(fields).length === 0 ? undefined : fields,
    refusesSampling,
  };
}

/** A caller of the same protocol has found Anthropic's words for a model whose id does not tell what it is. */
function speaksClaude({ protocol, reasoning }: ChatRequest, { family }: BedrockModel): boolean {
  if (family === 'claude') return true;
  const hasLevel = reasoning?.effort !== undefined && reasoning.effort !== 'none';
  return protocol === 'bedrock-converse' && !hasLevel;
}

function maxTokensOf(request: ChatRequest, target: TargetContext, book: ReceiptBook): number | undefined {
  const limit = request.maxOutputTokens;
  if (limit === undefined) return undefined;
  const isOver = target.maxOutputTokens !== null && limit > target.maxOutputTokens;
  book.apply('maxOutputTokens', isOver ? 'overMax' : undefined);
  return isOver ? (target.maxOutputTokens ?? limit) : limit;
}

function samplingRefusal(
  request: ChatRequest,
  target: TargetContext,
  model: BedrockModel,
  isThinking: boolean,
): ModelFields['refusesSampling'] {
  if (request.protocol === 'bedrock-converse') return null;
  if (!model.claude.takesSampling || target.capabilities?.sampling === false) return 'noSampling';
  return isThinking ? 'thinking' : null;
}

function topKField(
  topK: number,
  { family }: BedrockModel,
  request: ChatRequest,
  book: ReceiptBook,
): JsonObject {
  if (family === 'claude' || family === 'mistral' || request.protocol === 'bedrock-converse') {
    book.apply('topK');
    return { top_k: topK };
  }
  book.apply('topK', family === 'nova' ? 'nova' : 'noForm');
  return family === 'nova' ? { inferenceConfig: { topK } } : {};
}

type Level = 'low' | 'medium' | 'high';

const LEVELS: Readonly<Record<Exclude<ReasoningEffort, 'none'>, Level>> = {
  minimal: 'low',
  low: 'low',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
};
/** Budgets of tokens up to these count as low and as medium. */
const LOW_TOKENS_MAX = 2_048;
const MEDIUM_TOKENS_MAX = 8_192;

/** Models that take an effort of three levels; the others decide for themselves. */
function effortFields(
  request: ChatRequest,
  target: TargetContext,
  model: BedrockModel,
  book: ReceiptBook,
): JsonObject {
  const { reasoning } = request;
  if (reasoning === undefined) return {};
  const takesLevel = model.isNova2 || model.family === 'gpt-oss' || request.protocol === 'bedrock-converse';
  const cannot = model.family === 'nova' || target.capabilities?.reasoning === false;
  const isOff = reasoning.effort === 'none';
  if (!takesLevel || (isOff && !model.isNova2)) {
    noteReasoning(request, book, cannot ? 'noReasoning' : 'noSetting');
    return {};
  }
  noteReasoning(request, book, isOff ? 'off' : 'effort');
  if (isOff) return { reasoningConfig: { type: 'disabled' } };
  const level = levelOf(reasoning);
  if (!model.isNova2) return { reasoning_effort: level };
  return { reasoningConfig: { type: 'enabled', maxReasoningEffort: level } };
}

function levelOf({ effort, budgetTokens }: NonNullable<ChatRequest['reasoning']>): Level {
  if (effort !== undefined && effort !== 'none') return LEVELS[effort];
  if (budgetTokens === undefined) return 'medium';
  return budgetTokens <= LOW_TOKENS_MAX ? 'low' : budgetTokens <= MEDIUM_TOKENS_MAX ? 'medium' : 'high';
}
