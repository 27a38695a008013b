import { anthropicMessages } from './anthropic-messages/index.ts';
import { bedrockConverse } from './bedrock-converse/index.ts';
import type { ProtocolName } from './blocks.ts';
import { cohereChat } from './cohere-chat/index.ts';
import { gemini } from './gemini/index.ts';
import { openaiChat } from './openai-chat/index.ts';
import { openaiResponses } from './openai-responses/index.ts';
import type { Protocol } from './protocol.ts';

const PROTOCOLS: Partial<Record<ProtocolName, Protocol>> = {
  'openai-chat': openaiChat,
  'openai-responses': openaiResponses,
  'anthropic-messages': anthropicMessages,
  gemini,
  'bedrock-converse': bedrockConverse,
  'cohere-chat': cohereChat,
};

/** The implementation of a protocol; undefined for a name that this program does not speak. */
export function protocolOf(name: ProtocolName): Protocol | undefined {
  return PROTOCOLS[name];
}
