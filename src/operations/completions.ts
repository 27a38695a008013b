import { isJsonObject, parseJson } from '../protocols/json-parse.ts';
import { readFinish } from '../protocols/openai-chat/finish.ts';
import { openaiChat } from '../protocols/openai-chat/index.ts';
import { readUsage } from '../protocols/openai-chat/usage.ts';
import type { JsonObject, TapFinding, TapSource } from '../protocols/protocol.ts';
import { readErrorObject } from '../protocols/upstream-error.ts';
import { laterUsage } from '../protocols/usage.ts';
import { isFailure, memberOf, readPlain, scanAnswer } from './answers.ts';
import type { JsonSpec } from './spec.ts';
import type { AnswerForm } from './task.ts';

/** OpenAI's legacy text completions, which code models and local servers still speak. */
export const completions: JsonSpec = {
  operation: 'completions',
  path: '/completions',
  defaultModel: null,
  shapeError: () => null,
  pass({ bytes, scan, json }, { model }) {
    // Model and usage in streams are asked for as in chats.
    const { body, addsUsage } = openaiChat.rewriteRequest(bytes, scan, json, model);
    return {
      method: 'POST',
      path: completions.path,
      contentType: 'application/json',
      body,
      receipt: null,
      answer: answerForm(addsUsage),
    };
  },
  writers: {},
};

const NOTHING: TapFinding = { hasContent: false };

const events: TapSource = { tapNeedles: openaiChat.tapNeedles, inspect, joinUsage: laterUsage };

function answerForm(dropsUsage: boolean): AnswerForm {
  return {
    read(body) {
      const answer = scanAnswer(body);
      if (isFailure(answer)) return answer;
      const usage = readUsage(memberOf(answer, 'usage')) ?? null;
      return { ...readPlain(answer, true), usage, finishReason: finishOf(memberOf(answer, 'choices')) };
    },
    events,
    dropsUsage,
    binary: null,
  };
}

function inspect(data: string): TapFinding {
  if (data === '[DONE]') return { hasContent: false, isTerminal: true };
  const chunk = parseJson(data);
  if (!isJsonObject(chunk)) return NOTHING;
  if (isJsonObject(chunk['error'])) return { hasContent: false, failure: readErrorObject(chunk['error']) };
  const choices = choicesOf(chunk['choices']);
  const usage = readUsage(chunk['usage']);
  const model = chunk['model'];
  return {
    hasContent: choices.some(({ text }) => typeof text === 'string' && text !== ''),
    usage,
    isUsageOnly: choices.length === 0 && usage !== undefined,
    finishReason: finishOf(choices) ?? undefined,
    model: typeof model === 'string' ? model : undefined,
  };
}

function choicesOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function finishOf(choices: unknown) {
  const reason = choicesOf(choices)[0]?.['finish_reason'];
  return typeof reason === 'string' ? readFinish(reason, false) : null;
}
