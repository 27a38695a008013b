import { anthropicMessages } from './anthropic-messages/index.ts';
import type { ProtocolName } from './blocks.ts';
import { openaiChat } from './openai-chat/index.ts';
import type { Protocol } from './protocol.ts';

const PROTOCOLS: Partial<Record<ProtocolName, Protocol>> = {
  'openai-chat': openaiChat,
  'anthropic-messages': anthropicMessages,
};

/** The implementation of a protocol; undefined for a name that this program does not speak. */
export function protocolOf(name: ProtocolName): Protocol | undefined {
  return PROTOCOLS[name];
}
