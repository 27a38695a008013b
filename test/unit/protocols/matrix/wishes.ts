import type { ReasoningEffort, ToolChoice } from '../../../../src/protocols/blocks.ts';

/** What somebody wants of a model, in no protocol's words. Every caller says of it what its protocol can say. */
export interface Wish {
  readonly system?: string;
  readonly turns: readonly Turn[];
  readonly tools?: readonly Tool[];
  readonly choice?: ToolChoice;
  readonly oneCallAtATime?: boolean;
  readonly schema?: Json;
  readonly effort?: Extract<ReasoningEffort, 'low' | 'medium' | 'high'>;
  readonly budget?: number;
  readonly outputMax?: number;
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly seed?: number;
  readonly stop?: readonly string[];
  readonly presence?: number;
  readonly frequency?: number;
  readonly user?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly stream?: boolean;
}
export type Json = Readonly<Record<string, unknown>>;
export type Part = { readonly text: string } | { readonly png: string };
export interface Call {
  readonly id: string;
  readonly name: string;
  /** JSON text, as the model wrote it. */
  readonly arguments: string;
}
export interface Result {
  readonly id: string;
  readonly name: string;
  readonly text: string;
}
export type Turn =
  | { readonly user: readonly Part[] }
  | { readonly model: string | null; readonly calls?: readonly Call[] }
  | { readonly results: readonly Result[] };
export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly parameters: Json;
}

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=';
const object = (properties: Json): Json => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});
const WEATHER: Tool = {
  name: 'get_weather',
  description: 'The weather of a city',
  parameters: object({ city: { type: 'string', description: 'Its name' }, days: { type: 'integer' } }),
};
const CLOCK: Tool = {
  name: 'clock',
  description: 'The time in a zone',
  parameters: object({ zone: { type: 'string', enum: ['utc', 'local'] } }),
};
const asks = (text: string): Turn => ({ user: [{ text }] });
const calls = (...names: readonly (readonly [id: string, name: string, args: string])[]): readonly Call[] =>
  names.map(([id, name, args]) => ({ id, name, arguments: args }));
const ids = ['call_one00001', 'call_two00002', 'call_three003', 'call_four0004'] as const;
/** Two calls at once, and their results. */
const BOTH: readonly Turn[] = [
  asks('The weather in Paris and the time?'),
  {
    model: 'I look.',
    calls: calls([ids[0], WEATHER.name, '{"city":"Paris","days":2}'], [ids[1], CLOCK.name, '{"zone":"utc"}']),
  },
  {
    results: [
      { id: ids[0], name: WEATHER.name, text: 'Sunny, 21 degrees.' },
      { id: ids[1], name: CLOCK.name, text: 'Noon.' },
    ],
  },
];

export const WISHES: Readonly<Record<string, Wish>> = {
  'settings of sampling': {
    system: 'Be brief.',
    turns: [asks('Hello')],
    outputMax: 777,
    temperature: 0.25,
    stop: ['END', 'STOP'],
  },
  'a talk of many turns': {
    system: 'You are a poet.\nYou rhyme.',
    turns: [
      asks('A line, please.'),
      { model: 'Roses are red,' },
      asks('Another.'),
      { model: 'violets are blue.' },
      asks('“Ça va?” 東京 🌸\n\ttabbed "quoted" \\ slashed'),
    ],
    topP: 0.5,
  },
  'images between texts': {
    turns: [{ user: [{ text: 'This' }, { png: PNG }, { text: 'or this' }, { png: PNG }, { text: '?' }] }],
    outputMax: 300,
  },
  'a tool that may be called': {
    system: 'Use tools.',
    turns: [asks('Weather in Paris?')],
    tools: [WEATHER, CLOCK],
    choice: { mode: 'auto' },
  },
  'a call without a word, and its result': {
    turns: [
      asks('Time?'),
      { model: null, calls: calls([ids[0], CLOCK.name, '{"zone":"local"}']) },
      { results: [{ id: ids[0], name: CLOCK.name, text: 'It is five.' }] },
    ],
    tools: [CLOCK],
  },
  'parallel calls with their results': { turns: BOTH, tools: [WEATHER, CLOCK], outputMax: 500 },
  'the same tool twice at once, and once more': {
    turns: [
      asks('Weather in Rome and Oslo?'),
      {
        model: null,
        calls: calls(
          [ids[0], WEATHER.name, '{"city":"Rome","days":1}'],
          [ids[1], WEATHER.name, '{"city":"Oslo","days":1}'],
        ),
      },
      {
        results: [
          { id: ids[0], name: WEATHER.name, text: 'Hot.' },
          { id: ids[1], name: WEATHER.name, text: 'Cold.' },
        ],
      },
      { model: 'Rome is hot, Oslo cold.' },
      asks('And Bern?'),
      { model: null, calls: calls([ids[2], WEATHER.name, '{"city":"Bern","days":1}']) },
      { results: [{ id: ids[2], name: WEATHER.name, text: 'Mild.' }] },
    ],
    tools: [WEATHER],
  },
  'a tool that must be called, one at a time': {
    turns: [asks('Weather in Paris?')],
    tools: [WEATHER, CLOCK],
    choice: { mode: 'tool', name: WEATHER.name },
    oneCallAtATime: true,
  },
  'any tool, but one': { turns: [asks('Go.')], tools: [WEATHER, CLOCK], choice: { mode: 'required' } },
  'no tool after all': {
    turns: [...BOTH, { model: 'Sunny, and noon.' }, asks('Thanks.')],
    tools: [WEATHER, CLOCK],
    choice: { mode: 'none' },
  },
  'an answer by a schema': {
    system: 'Extract as JSON.',
    turns: [asks('Ann is 7.')],
    schema: object({ name: { type: 'string' }, age: { type: 'integer' } }),
    outputMax: 400,
  },
  'thinking hard': {
    turns: [asks('Prove it.')],
    effort: 'high',
    budget: 4_096,
    outputMax: 9_000,
  },
  'penalties and a seed': {
    turns: [asks('Hello')],
    presence: 0.5,
    frequency: 0.25,
    seed: 424_242,
    topK: 40,
    outputMax: 200,
  },
  'who asks, and what for': {
    turns: [asks('Hello')],
    user: 'user-17',
    metadata: { order: 'A-1', place: 'Bern' },
  },
  'all at once, streamed': {
    system: 'Be brief.',
    turns: [{ user: [{ text: 'See' }, { png: PNG }] }, { model: 'A dot.' }, ...BOTH],
    tools: [WEATHER, CLOCK],
    choice: { mode: 'auto' },
    outputMax: 9_000,
    temperature: 0.75,
    stop: ['END'],
    seed: 7,
    presence: 0.125,
    frequency: 0.375,
    user: 'user-18',
    metadata: { key: 'value' },
    stream: true,
  },
};
