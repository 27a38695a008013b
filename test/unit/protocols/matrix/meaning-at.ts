import { expect } from 'vitest';
import type { ChatRequest, ProtocolName, Receipt } from '../../../../src/protocols/blocks.ts';
import { joined, type Meaning, meaningOf } from './meaning.ts';
import type { Json } from './wishes.ts';

/** The tool that stands for an answer by a schema where a model takes none. */
const JSON_TOOL = 'json_response';

/**
 * What must be read back from the target's body: the same, but for what the receipt says in words. What is said of
 * tools and of their choice differs most between protocols; each exception is here.
 */
export function meaningAt(target: ProtocolName, request: ChatRequest, receipt: Receipt): Meaning {
  const meaning = meaningOf(request);
  const reasonOf = (field: keyof ChatRequest) =>
    receipt.find((entry) => entry.field === request.fields[field])?.reason ?? '';
  const { toolChoice, schema, tools } = meaning;
  if (target === 'cohere-chat' && /"auto" is the default/.test(reasonOf('toolChoice'))) {
    return { ...meaning, toolChoice: undefined };
  }
  if (target === 'cohere-chat' && /one tool/.test(reasonOf('toolChoice')) && toolChoice?.mode === 'tool') {
    const only = tools.filter(({ name }) => name === toolChoice.name);
    return { ...meaning, tools: only, toolChoice: { mode: 'required' } };
  }
  if (target !== 'bedrock-converse') return meaning;
  if (/"none"/.test(reasonOf('toolChoice'))) {
    return { ...meaning, tools: [], toolChoice: undefined, talk: joined(meaning.talk.map(asText)) };
  }
  // Anthropic's own words for it stand among the fields that only the model reads.
  if (reasonOf('parallelToolCalls') === 'the other way round') return { ...meaning, toolChoice: undefined };
  if (/as a tool/.test(reasonOf('responseFormat')) && schema !== undefined) {
    const description = expect.any(String) as string;
    return {
      ...meaning,
      schema: undefined,
      tools: [{ name: JSON_TOOL, description, parameters: schema }],
      toolChoice: { mode: 'tool', name: JSON_TOOL },
    };
  }
  return meaning;
}

/** A call or a result where there are no tools. */
function asText({ call, arguments: args, resultOf, text, ...rest }: Json): Json {
  if (call !== undefined) {
    return { by: 'assistant', text: `<tool_call name="${call}">\n${JSON.stringify(args)}\n</tool_call>` };
  }
  if (resultOf !== undefined) return { by: 'user', text: `<tool_result>\n${text}\n</tool_result>` };
  return text === undefined ? rest : { ...rest, text };
}
