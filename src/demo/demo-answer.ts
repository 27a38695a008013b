import { type DemoMessage, type DemoRequest, textOf } from './demo-request.ts';
import { schemaInstance } from './schema-instance.ts';

export const DEMO_MODEL = 'demo-chat';

export interface DemoToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

/** What the demo answers: either text or tool calls. Usage is counted in words, there being no tokenizer. */
export interface DemoAnswer {
  readonly text: string | null;
  readonly toolCalls: readonly DemoToolCall[];
  readonly finishReason: 'stop' | 'length' | 'tool_calls';
  readonly usage: {
    readonly prompt_tokens: number;
    readonly completion_tokens: number;
    readonly total_tokens: number;
  };
}

/** A request that the demo understands and refuses. */
export class DemoRefusal extends Error {}

const LABEL = "This is Sluice's built-in demo, not a language model.";
const ADVICE = 'Give Sluice a provider key, such as OPENAI_API_KEY, to talk to a real model.';
const ECHO_CHARS_MAX = 200;

/** Words, each with the white space after it, so that joined again they are the text. */
export const wordsOf = (text: string): string[] => text.split(/(?<=\s)(?=\S)/);

/** In one pass and without the words: the text of a request may be as large as a body. */
function countWords(text: string): number {
  let count = 0;
  let isInside = false;
  for (let index = 0; index < text.length; index += 1) {
    const isSpace = text.charCodeAt(index) <= 32;
    if (!isSpace && !isInside) count += 1;
    isInside = !isSpace;
  }
  return count;
}

/** The same request always gets the same answer. Throws {@link DemoRefusal}, or UnfillableSchema for a schema. */
export function demoAnswer(request: DemoRequest): DemoAnswer {
  const toolCalls = chooseTools(request).map((tool, index) => ({
    id: `call_demo_${request.messages.length}_${index + 1}`,
    name: tool.name,
    arguments: JSON.stringify(schemaInstance(tool.parameters ?? { type: 'object' })),
  }));
  if (toolCalls.length > 0) {
    const words = toolCalls.map((call) => `${call.name} ${call.arguments}`).join(' ');
    return { text: null, toolCalls, finishReason: 'tool_calls', usage: usageOf(request, words) };
  }
  const { text, isCut } = cut(request, composeText(request));
  return { text, toolCalls, finishReason: isCut ? 'length' : 'stop', usage: usageOf(request, text) };
}

function composeText(request: DemoRequest): string {
  const format = request.response_format;
  if (format?.type === 'json_schema') return JSON.stringify(schemaInstance(format.json_schema?.schema));
  const echo = echoOf(request.messages);
  if (format?.type === 'json_object') return JSON.stringify({ message: LABEL, echo });
  return `${LABEL} ${echo} ${ADVICE}`;
}

/** A bit of what was said last: the tool's result, or the user's words. */
function echoOf(messages: readonly DemoMessage[]): string {
  const last = messages.at(-1);
  if (last?.role === 'tool') {
    const calls = messages.flatMap((message) => message.tool_calls ?? []);
    const name = calls.find((call) => call.id === last.tool_call_id)?.function.name ?? 'that was called';
    return `The tool ${name} returned: "${shortened(textOf(last))}".`;
  }
  const said = messages.findLast((message) => message.role === 'user');
  const text = said === undefined ? '' : shortened(textOf(said));
  const others = Array.isArray(said?.content) ? said.content.filter((part) => part.type !== 'text') : [];
  const attached = others.length === 0 ? '' : ` You attached: ${others.map((part) => part.type).join(', ')}.`;
  return `${text === '' ? 'You wrote nothing.' : `You wrote: "${text}".`}${attached}`;
}

/** By code points, so that no surrogate pair is torn. */
function shortened(text: string): string {
  const characters = [...text.slice(0, ECHO_CHARS_MAX * 2 + 2)];
  if (characters.length <= ECHO_CHARS_MAX) return text;
  return `${characters.slice(0, ECHO_CHARS_MAX).join('')}…`;
}

function cut(request: DemoRequest, whole: string): { text: string; isCut: boolean } {
  const stops = [request.stop ?? []].flat().filter((stop) => stop !== '' && whole.includes(stop));
  const end = Math.min(whole.length, ...stops.map((stop) => whole.indexOf(stop)));
  const words = wordsOf(whole.slice(0, end));
  const wordsMax = request.max_completion_tokens ?? request.max_tokens ?? Number.POSITIVE_INFINITY;
  return { text: words.slice(0, wordsMax).join(''), isCut: words.length > wordsMax };
}

interface Tool {
  readonly name: string;
  readonly parameters?: unknown;
}

/** Those that the caller forces, else those that the user names. After a tool's result it is time for words. */
function chooseTools(request: DemoRequest): readonly Tool[] {
  const tools = (request.tools ?? []).flatMap((tool) => (tool.function === undefined ? [] : [tool.function]));
  const choice = request.tool_choice ?? 'auto';
  const last = request.messages.at(-1);
  if (choice === 'none' || last?.role === 'tool') return [];
  if (typeof choice === 'object' && choice.function !== undefined) {
    const named = tools.find((tool) => tool.name === choice.function?.name);
    if (named === undefined)
      throw new DemoRefusal(`tool_choice names the unknown tool ${choice.function.name}`);
    return [named];
  }
  const said = last?.role === 'user' ? textOf(last).toLowerCase() : '';
  const mentioned = tools.filter((tool) => said.includes(tool.name.toLowerCase()));
  if (choice === 'required' && tools.length === 0)
    throw new DemoRefusal('tool_choice is required, but there are no tools');
  const chosen = mentioned.length === 0 && choice === 'required' ? tools.slice(0, 1) : mentioned;
  return request.parallel_tool_calls === false ? chosen.slice(0, 1) : chosen;
}

function usageOf(request: DemoRequest, answer: string): DemoAnswer['usage'] {
  const calls = request.messages.flatMap((message) => message.tool_calls ?? []);
  const asked = [
    ...request.messages.map(textOf),
    ...calls.map((call) => `${call.function.name} ${call.function.arguments}`),
  ];
  const prompt = asked.reduce((count, text) => count + countWords(text), 0);
  const completion = countWords(answer);
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}
