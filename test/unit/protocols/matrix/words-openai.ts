import type { Json, Part, Turn, Wish } from './wishes.ts';

export const dataUrl = (png: string): string => `data:image/png;base64,${png}`;

/** https://platform.openai.com/docs/api-reference/chat/create */
export function chatWords(wish: Wish): Json {
  const system = wish.system === undefined ? [] : [{ role: 'system', content: wish.system }];
  return {
    model: 'm',
    messages: [...system, ...wish.turns.flatMap(chatMessages)],
    tools: wish.tools?.map((tool) => ({ type: 'function', function: tool })),
    tool_choice:
      wish.choice?.mode === 'tool'
        ? { type: 'function', function: { name: wish.choice.name } }
        : wish.choice?.mode,
    parallel_tool_calls: wish.oneCallAtATime === undefined ? undefined : !wish.oneCallAtATime,
    response_format: wish.schema && {
      type: 'json_schema',
      json_schema: { name: 'answer', schema: wish.schema, strict: true },
    },
    reasoning_effort: wish.effort,
    max_completion_tokens: wish.outputMax,
    temperature: wish.temperature,
    top_p: wish.topP,
    seed: wish.seed,
    stop: wish.stop,
    presence_penalty: wish.presence,
    frequency_penalty: wish.frequency,
    user: wish.user,
    metadata: wish.metadata,
    stream: wish.stream,
    stream_options: wish.stream && { include_usage: true },
  };
}

export function chatMessages(turn: Turn): readonly Json[] {
  if ('results' in turn) {
    return turn.results.map(({ id, text }) => ({ role: 'tool', tool_call_id: id, content: text }));
  }
  if ('user' in turn) return [{ role: 'user', content: turn.user.map(chatPart) }];
  const calls = turn.calls?.map(({ id, ...called }) => ({ id, type: 'function', function: called }));
  return [{ role: 'assistant', content: turn.model, tool_calls: calls }];
}

const chatPart = (part: Part): Json =>
  'text' in part
    ? { type: 'text', text: part.text }
    : { type: 'image_url', image_url: { url: dataUrl(part.png) } };

/** https://platform.openai.com/docs/api-reference/responses/create */
export function responsesWords(wish: Wish): Json {
  return {
    model: 'm',
    instructions: wish.system,
    input: wish.turns.flatMap(responsesItems),
    tools: wish.tools?.map((tool) => ({ type: 'function', ...tool, strict: false })),
    tool_choice:
      wish.choice?.mode === 'tool' ? { type: 'function', name: wish.choice.name } : wish.choice?.mode,
    parallel_tool_calls: wish.oneCallAtATime === undefined ? undefined : !wish.oneCallAtATime,
    text: wish.schema && {
      format: { type: 'json_schema', name: 'answer', schema: wish.schema, strict: true },
    },
    reasoning: wish.effort && { effort: wish.effort },
    max_output_tokens: wish.outputMax,
    temperature: wish.temperature,
    top_p: wish.topP,
    user: wish.user,
    metadata: wish.metadata,
    stream: wish.stream,
  };
}

function responsesItems(turn: Turn): readonly Json[] {
  if ('results' in turn) {
    return turn.results.map(({ id, text }) => ({ type: 'function_call_output', call_id: id, output: text }));
  }
  if ('user' in turn) return [{ role: 'user', content: turn.user.map(responsesPart) }];
  const said = turn.model === null ? [] : [{ role: 'assistant', content: turn.model }];
  const calls = turn.calls?.map(({ id, ...called }) => ({ type: 'function_call', call_id: id, ...called }));
  return [...said, ...(calls ?? [])];
}

const responsesPart = (part: Part): Json =>
  'text' in part
    ? { type: 'input_text', text: part.text }
    : { type: 'input_image', image_url: dataUrl(part.png), detail: 'auto' };
