import type { ToolChoice } from '../../../../src/protocols/blocks.ts';
import type { Call, Json, Part, Turn, Wish } from './wishes.ts';
import { chatMessages } from './words-openai.ts';

const inputOf = (call: Call): unknown => JSON.parse(call.arguments);
const ANTHROPIC_CHOICE = { auto: 'auto', none: 'none', required: 'any', tool: 'tool' } as const;

/** https://docs.anthropic.com/en/api/messages */
export function anthropicWords(wish: Wish): Json {
  return {
    model: 'm',
    max_tokens: wish.outputMax ?? 1_000,
    system: wish.system,
    messages: wish.turns.map(anthropicMessage),
    tools: wish.tools?.map(({ name, description, parameters }) => ({
      name,
      description,
      input_schema: parameters,
    })),
    tool_choice: wish.choice && {
      type: ANTHROPIC_CHOICE[wish.choice.mode],
      ...(wish.choice.mode === 'tool' && { name: wish.choice.name }),
      ...(wish.oneCallAtATime && { disable_parallel_tool_use: true }),
    },
    output_config: wish.schema && { format: { type: 'json_schema', schema: wish.schema } },
    thinking: wish.budget && { type: 'enabled', budget_tokens: wish.budget },
    temperature: wish.temperature,
    top_p: wish.topP,
    top_k: wish.topK,
    stop_sequences: wish.stop,
    metadata: wish.user && { user_id: wish.user },
    stream: wish.stream,
  };
}

function anthropicMessage(turn: Turn): Json {
  if ('results' in turn) {
    const content = turn.results.map(({ id, text }) => ({
      type: 'tool_result',
      tool_use_id: id,
      content: text,
    }));
    return { role: 'user', content };
  }
  if ('user' in turn) return { role: 'user', content: turn.user.map(anthropicPart) };
  const said = turn.model === null ? [] : [{ type: 'text', text: turn.model }];
  const calls = turn.calls?.map((call) => ({
    type: 'tool_use',
    id: call.id,
    name: call.name,
    input: inputOf(call),
  }));
  return { role: 'assistant', content: [...said, ...(calls ?? [])] };
}

const anthropicPart = (part: Part): Json =>
  'text' in part
    ? { type: 'text', text: part.text }
    : { type: 'image', source: { type: 'base64', media_type: 'image/png', data: part.png } };

const GEMINI_MODE = { auto: 'AUTO', none: 'NONE', required: 'ANY', tool: 'ANY' } as const;

/** https://ai.google.dev/api/generate-content */
export function geminiWords(wish: Wish): Json {
  return {
    systemInstruction: wish.system && { parts: [{ text: wish.system }] },
    contents: wish.turns.map(geminiContent),
    tools: wish.tools && [
      {
        functionDeclarations: wish.tools.map(({ name, description, parameters }) => ({
          name,
          description,
          parametersJsonSchema: parameters,
        })),
      },
    ],
    toolConfig: wish.choice && {
      functionCallingConfig: {
        mode: GEMINI_MODE[wish.choice.mode],
        ...(wish.choice.mode === 'tool' && { allowedFunctionNames: [wish.choice.name] }),
      },
    },
    generationConfig: {
      ...(wish.schema && { responseMimeType: 'application/json', responseJsonSchema: wish.schema }),
      thinkingConfig: wish.budget && { thinkingBudget: wish.budget },
      maxOutputTokens: wish.outputMax,
      temperature: wish.temperature,
      topP: wish.topP,
      topK: wish.topK,
      seed: wish.seed,
      stopSequences: wish.stop,
      presencePenalty: wish.presence,
      frequencyPenalty: wish.frequency,
    },
  };
}

function geminiContent(turn: Turn): Json {
  if ('results' in turn) {
    const parts = turn.results.map(({ id, name, text }) => ({
      functionResponse: { id, name, response: { output: text } },
    }));
    return { role: 'user', parts };
  }
  if ('user' in turn) return { role: 'user', parts: turn.user.map(geminiPart) };
  const said = turn.model === null ? [] : [{ text: turn.model }];
  const calls = turn.calls?.map((call) => ({
    functionCall: { id: call.id, name: call.name, args: inputOf(call) },
  }));
  return { role: 'model', parts: [...said, ...(calls ?? [])] };
}

const geminiPart = (part: Part): Json =>
  'text' in part ? part : { inlineData: { mimeType: 'image/png', data: part.png } };

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html */
export function bedrockWords(wish: Wish): Json {
  // It has no word for "no tool": who wants none leaves them out, unless the talk has calls in it.
  return {
    system: wish.system && [{ text: wish.system }],
    messages: wish.turns.map(bedrockMessage),
    toolConfig: wish.tools && {
      tools: wish.tools.map(({ name, description, parameters }) => ({
        toolSpec: { name, description, inputSchema: { json: parameters } },
      })),
      toolChoice: bedrockChoice(wish.choice),
    },
    outputConfig: wish.schema && {
      textFormat: {
        type: 'json_schema',
        structure: { jsonSchema: { name: 'answer', schema: JSON.stringify(wish.schema) } },
      },
    },
    inferenceConfig: {
      maxTokens: wish.outputMax,
      temperature: wish.temperature,
      topP: wish.topP,
      stopSequences: wish.stop,
    },
    additionalModelRequestFields: {
      top_k: wish.topK,
      thinking: wish.budget && { type: 'enabled', budget_tokens: wish.budget },
    },
    requestMetadata: wish.metadata,
  };
}

function bedrockChoice(choice: ToolChoice | undefined): Json | undefined {
  if (choice === undefined || choice.mode === 'none') return undefined;
  if (choice.mode === 'tool') return { tool: { name: choice.name } };
  return choice.mode === 'required' ? { any: {} } : { auto: {} };
}

function bedrockMessage(turn: Turn): Json {
  if ('results' in turn) {
    const content = turn.results.map(({ id, text }) => ({
      toolResult: { toolUseId: id, content: [{ text }], status: 'success' },
    }));
    return { role: 'user', content };
  }
  if ('user' in turn) return { role: 'user', content: turn.user.map(bedrockPart) };
  const said = turn.model === null ? [] : [{ text: turn.model }];
  const calls = turn.calls?.map((call) => ({
    toolUse: { toolUseId: call.id, name: call.name, input: inputOf(call) },
  }));
  return { role: 'assistant', content: [...said, ...(calls ?? [])] };
}

const bedrockPart = (part: Part): Json =>
  'text' in part ? part : { image: { format: 'png', source: { bytes: part.png } } };

/** https://docs.cohere.com/reference/chat: its messages are OpenAI's. */
export function cohereWords(wish: Wish): Json {
  const system = wish.system === undefined ? [] : [{ role: 'system', content: wish.system }];
  const tools = wish.tools?.filter(({ name }) => wish.choice?.mode !== 'tool' || wish.choice.name === name);
  const mode = wish.choice?.mode;
  return {
    model: 'm',
    messages: [...system, ...wish.turns.flatMap(chatMessages)],
    tools: tools?.map((tool) => ({ type: 'function', function: tool })),
    // One tool alone is the way to force one.
    tool_choice: mode === 'none' ? 'NONE' : mode === 'required' || mode === 'tool' ? 'REQUIRED' : undefined,
    response_format: wish.schema && { type: 'json_object', json_schema: wish.schema },
    thinking: wish.budget && { type: 'enabled', token_budget: wish.budget },
    max_tokens: wish.outputMax,
    temperature: wish.temperature,
    p: wish.topP,
    k: wish.topK,
    seed: wish.seed,
    stop_sequences: wish.stop,
    presence_penalty: wish.presence,
    frequency_penalty: wish.frequency,
    stream: wish.stream,
  };
}
