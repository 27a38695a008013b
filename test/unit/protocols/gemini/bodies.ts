import { CallError } from '../../../../src/errors.ts';
import { anthropicMessages } from '../../../../src/protocols/anthropic-messages/index.ts';
import type { ChatRequest } from '../../../../src/protocols/blocks.ts';
import { gemini } from '../../../../src/protocols/gemini/index.ts';
import { openaiChat } from '../../../../src/protocols/openai-chat/index.ts';
import type { JsonObject, TargetContext } from '../../../../src/protocols/protocol.ts';
import { type Translated, translate } from '../translate.ts';

const TARGET: TargetContext = { provider: 'gemini', model: 'gemini-2.5-flash', maxOutputTokens: null };
const HELLO = { role: 'user', content: 'Hello' };

export const openaiToGemini = (body: object, target: Partial<TargetContext> = {}): Translated =>
  translate(openaiChat, gemini, { model: 'm', messages: [HELLO], ...body }, { ...TARGET, ...target });

export const anthropicToGemini = (body: object, target: Partial<TargetContext> = {}): Translated =>
  translate(
    anthropicMessages,
    gemini,
    { model: 'm', max_tokens: 100, messages: [HELLO], ...body },
    { ...TARGET, ...target },
  );

export const SAID = [{ role: 'user', parts: [{ text: 'Hello' }] }];

export const geminiToOpenai = (body: object, target: Partial<TargetContext> = {}): Translated =>
  translate(
    gemini,
    openaiChat,
    { contents: SAID, ...body },
    {
      provider: 'openai',
      model: 'gpt-4.1',
      maxOutputTokens: null,
      ...target,
    },
  );

export const geminiToAnthropic = (body: object, target: Partial<TargetContext> = {}): Translated =>
  translate(
    gemini,
    anthropicMessages,
    { contents: SAID, ...body },
    {
      provider: 'anthropic',
      model: 'claude-sonnet-4-5',
      maxOutputTokens: null,
      ...target,
    },
  );

/** What the reader makes of a body; throws what it refuses. */
export function read(body: object): ChatRequest {
  const json = JSON.parse(JSON.stringify({ contents: SAID, ...body })) as JsonObject;
  const request = gemini.readRequest(json, { model: 'm', stream: false });
  if (request instanceof CallError) throw request;
  return request;
}
